"""The Checklist screen: what is sensed shows its evidence, what is ticked is somebody's word and survives."""

from __future__ import annotations

import threading
from typing import Any

import pytest

import console.session as session_module
from console.app import ConsoleApp
from console.screens.modals import AskText
from console.session import ConsoleSession
from console.stores import open_store
from core.checklist.model import ChecklistResult, ItemResult, readiness


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A short preflight whose manual item is ticked in the real store."""

    def preflight(workspace: Any, store: Any, now: Any, **_options: Any) -> ChecklistResult:
        ticks = store.ticks()
        items = (
            _item(
                "preflight.disk", "Disk space available", "pass", value=81.2, limit=50, group="Infrastructure"
            ),
            _item("preflight.ram", "RAM available", "fail", value=8.0, limit=16, group="Infrastructure"),
            _item("preflight.ready", "System ready for training", "pending", kind="manual", group="Set-up"),
        )
        shown = []
        for item in items:
            tick = ticks.get(item.id)
            state = {"ticked": "pass", "overridden": "overridden"}.get(tick.state if tick else "", item.state)
            who = {"ticked_by": tick.operator, "message": tick.note} if tick and state != item.state else {}
            import msgspec

            shown.append(msgspec.structs.replace(item, state=state, **who))
        result = tuple(shown)
        return ChecklistResult(
            name="preflight", title="Pre-training checklist", status=readiness(result), items=result
        )

    monkeypatch.setattr("core.checklist.preflight.run_preflight", preflight)


def _item(item_id: str, text: str, state: Any, **changes: Any) -> ItemResult:
    fields: dict[str, Any] = {"kind": "sensed", "on_fail": "fix", "source": "df", "age_seconds": 3.0}
    return ItemResult(id=item_id, text=text, state=state, **{**fields, **changes})


async def settle(pilot: Any) -> None:
    await pilot.pause(0.25)


async def test_the_first_line_counts_and_names_the_first_failure(given: Any, make: Any, listed: None) -> None:
    async with given.app.run_test(size=(120, 30)) as pilot:
        given.give(make.snapshot())
        await pilot.press("3")
        await settle(pilot)
        text = given.text()
        assert "FIX: 1 of 3   1 failing, 1 to do   first: RAM available" in text
        assert "● pass" in text and "■ FAIL" in text and "□ to do" in text
        assert "81.2" in text and "50" in text and "3 s" in text


async def test_a_tick_is_stored_with_its_operator_and_is_there_after_reopening(
    given: Any, make: Any, listed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with given.app.run_test(size=(120, 30)) as pilot:
        given.give(make.snapshot())
        await pilot.press("3")
        await settle(pilot)
        await pilot.press("G", "space")
        await settle(pilot)
        assert "FIX: 2 of 3" in given.text()
    with open_store(given.workspace) as store:
        assert store.ticks()["preflight.ready"].state == "ticked"
        assert [entry.kind for entry in store.entries()] == ["tick"]

    again = ConsoleSession(given.workspace, None)
    app = ConsoleApp(again)
    async with app.run_test(size=(120, 30)) as pilot:
        again._follower.give(make.snapshot())  # type: ignore[attr-defined]
        await pilot.press("3", "G")
        await settle(pilot)
        given.app = app
        assert "FIX: 2 of 3" in given.text() and "ticked by" in given.text()
    assert session_module.Follower.__name__ == "GivenFollower"


async def test_a_sensed_item_takes_no_tick_and_says_what_to_do(given: Any, make: Any, listed: None) -> None:
    async with given.app.run_test(size=(120, 30)) as pilot:
        given.give(make.snapshot())
        await pilot.press("3")
        await settle(pilot)
        await pilot.press("j", "space")
        await settle(pilot)
        assert "it judges itself; O overrides it with a reason" in given.text()
    with open_store(given.workspace) as store:
        assert store.ticks() == {}


async def test_an_override_needs_a_reason_and_stays_visible_as_one(
    given: Any, make: Any, listed: None
) -> None:
    async with given.app.run_test(size=(120, 30)) as pilot:
        given.give(make.snapshot())
        await pilot.press("3")
        await settle(pilot)
        await pilot.press("n", "O")
        await pilot.pause()
        assert isinstance(given.app.screen, AskText)
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(given.app.screen, AskText), "an empty reason was taken"
        await pilot.press(*"swap is enough", "enter")
        await settle(pilot)
        text = given.text()
        assert "▲ override" in text and "1 overridden" in text and "swap is enough" in text
    with open_store(given.workspace) as store:
        assert store.ticks()["preflight.ram"].note == "swap is enough"


async def test_a_passing_item_cannot_be_overridden(given: Any, make: Any, listed: None) -> None:
    async with given.app.run_test(size=(120, 30)) as pilot:
        given.give(make.snapshot())
        await pilot.press("3")
        await settle(pilot)
        await pilot.press("g", "O")
        await pilot.pause()
        assert given.app.screen is given.app.open_screen
        assert "nothing to override" in given.text()


async def test_a_tick_is_taken_back_only_with_a_reason(given: Any, make: Any, listed: None) -> None:
    async with given.app.run_test(size=(120, 30)) as pilot:
        given.give(make.snapshot())
        await pilot.press("3")
        await settle(pilot)
        await pilot.press("G", "space")
        await settle(pilot)
        await pilot.press("space")
        await pilot.pause()
        assert isinstance(given.app.screen, AskText)
        await pilot.press(*"too early", "enter")
        await settle(pilot)
        assert "FIX: 1 of 3" in given.text()
    with open_store(given.workspace) as store:
        assert store.ticks()["preflight.ready"].state == "unticked"


async def test_tab_and_arrows_switch_between_preflight_and_today_and_keep_the_cursor(
    given: Any, make: Any, listed: None
) -> None:
    async with given.app.run_test(size=(120, 30)) as pilot:
        given.give(make.snapshot())
        await pilot.press("3")
        await settle(pilot)
        await pilot.press("j", "tab")
        await pilot.pause()
        assert "Daily checks" in given.text()
        await pilot.press("left")
        await pilot.pause()
        assert given.app.open_screen.list.selected.id == "preflight.ram"
        await pilot.press("right")
        await pilot.pause()
        assert "Daily checks" in given.text()


async def test_without_a_workspace_the_screen_says_what_it_needs(
    given: Any, make: Any, tmp_path: Any
) -> None:
    session = ConsoleSession(None, tmp_path)
    given.app = ConsoleApp(session)
    async with given.app.run_test(size=(120, 30)) as pilot:
        await pilot.press("3")
        await settle(pilot)
        assert "a workspace is needed" in given.text()


async def test_the_days_list_comes_with_the_first_picture_of_the_run(
    given: Any, make: Any, listed: None
) -> None:
    async with given.app.run_test(size=(120, 30)) as pilot:
        await pilot.press("3", "right")
        await settle(pilot)
        assert "the run has not been read yet" in given.text()
        given.give(make.snapshot())
        await settle(pilot)
        assert "Morning standup" in given.text()


async def test_a_tick_does_not_wait_for_the_slow_sensors(
    given: Any, make: Any, listed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with given.app.run_test(size=(120, 30)) as pilot:
        given.give(make.snapshot())
        await pilot.press("3")
        await settle(pilot)
        going = threading.Event()
        monkeypatch.setattr("core.checklist.probe.run_probe", lambda *_: going.wait(5))
        await pilot.press("f5", "G", "space")
        await settle(pilot)
        assert "FIX: 2 of 3" in given.text()
        going.set()
