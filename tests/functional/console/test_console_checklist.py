"""The Checklist screen: what is sensed shows its evidence, what is ticked is somebody's word and survives."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import msgspec
import pytest

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
            shown.append(msgspec.structs.replace(item, state=state, **who))
        result = tuple(shown)
        return ChecklistResult(
            name="preflight", title="Pre-training checklist", status=readiness(result), items=result
        )

    monkeypatch.setattr("core.checklist.preflight.run_preflight", preflight)


def _item(item_id: str, text: str, state: Any, **changes: Any) -> ItemResult:
    fields: dict[str, Any] = {"kind": "sensed", "on_fail": "fix", "source": "df", "age_seconds": 3.0}
    return ItemResult(id=item_id, text=text, state=state, **{**fields, **changes})


@asynccontextmanager
async def opened(given: Any, make: Any) -> AsyncIterator[Any]:
    """The preflight's list, with a run in sight."""
    async with given.app.run_test(size=(120, 30)) as pilot:
        given.give(make.snapshot())
        await pilot.press("3")
        await pilot.pause()
        yield pilot


async def test_the_first_line_counts_and_names_the_first_failure(given: Any, make: Any, listed: None) -> None:
    async with opened(given, make):
        text = given.text()
        assert "FIX: 1 of 3   1 failing, 1 to do   first: RAM available" in text
        assert "● pass" in text and "■ FAIL" in text and "□ to do" in text
        assert "81.2" in text and "50" in text and "3 s" in text


async def test_a_tick_is_stored_with_its_operator_and_is_there_after_reopening(
    given: Any, make: Any, listed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(given, make) as pilot:
        await pilot.press("G", "space")
        await pilot.pause()
        assert "FIX: 2 of 3" in given.text()
    with open_store(given.workspace) as store:
        assert store.ticks()["preflight.ready"].state == "ticked"
        assert [entry.kind for entry in store.entries()] == ["tick"]

    again = ConsoleSession(given.workspace, None)
    app = ConsoleApp(again)
    async with app.run_test(size=(120, 30)) as pilot:
        again._follower.give(make.snapshot())  # type: ignore[attr-defined]
        await pilot.press("3", "G")
        await pilot.pause()
        given.app = app
        assert "FIX: 2 of 3" in given.text() and "ticked by" in given.text()


async def test_a_sensed_item_takes_no_tick_and_says_what_to_do(given: Any, make: Any, listed: None) -> None:
    async with opened(given, make) as pilot:
        await pilot.press("j", "space")
        await pilot.pause()
        assert "it judges itself; O overrides it with a reason" in given.text()
    with open_store(given.workspace) as store:
        assert store.ticks() == {}


async def test_an_override_needs_a_reason_and_stays_visible_as_one(
    given: Any, make: Any, listed: None
) -> None:
    async with opened(given, make) as pilot:
        await pilot.press("n", "O")
        await pilot.pause()
        assert isinstance(given.app.screen, AskText)
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(given.app.screen, AskText), "an empty reason was taken"
        await pilot.press(*"swap is enough", "enter")
        await pilot.pause()
        text = given.text()
        assert "▲ override" in text and "1 overridden" in text and "swap is enough" in text
    with open_store(given.workspace) as store:
        assert store.ticks()["preflight.ram"].note == "swap is enough"


async def test_a_passing_item_cannot_be_overridden(given: Any, make: Any, listed: None) -> None:
    async with opened(given, make) as pilot:
        await pilot.press("g", "O")
        await pilot.pause()
        assert given.app.screen is given.app.open_screen
        assert "nothing to override" in given.text()


async def test_a_tick_is_taken_back_only_with_a_reason(given: Any, make: Any, listed: None) -> None:
    async with opened(given, make) as pilot:
        await pilot.press("G", "space")
        await pilot.pause()
        await pilot.press("space")
        await pilot.pause()
        assert isinstance(given.app.screen, AskText)
        await pilot.press(*"too early", "enter")
        await pilot.pause()
        assert "FIX: 1 of 3" in given.text()
    with open_store(given.workspace) as store:
        assert store.ticks()["preflight.ready"].state == "unticked"


async def test_tab_and_arrows_switch_between_preflight_and_today_and_keep_the_cursor(
    given: Any, make: Any, listed: None
) -> None:
    async with opened(given, make) as pilot:
        await pilot.press("j", "tab")
        await pilot.pause()
        assert "Daily checks" in given.text()
        await pilot.press("tab")
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
        await pilot.pause()
        assert "There is no list to show" in given.text()
        for key in ("3", "7"):
            await pilot.press(key)
            await given.until(pilot, lambda: "a workspace is needed: W saves this run as one" in given.text())
            assert given.text().count("a workspace is needed") == 1, f"screen {key} says it once"


async def test_words_that_stand_for_an_empty_list_are_not_cut_off(given: Any, tmp_path: Any) -> None:
    given.app = ConsoleApp(ConsoleSession(None, tmp_path))
    async with given.app.run_test(size=(80, 24)) as pilot:
        await pilot.press("3")
        await pilot.pause()
        frame = [line.strip("│ ") for line in given.text().splitlines() if line.startswith("│")]
        assert "ppo-console init DIR makes an empty one" in " ".join(frame)


async def test_the_days_list_comes_with_the_first_picture_of_the_run(
    given: Any, make: Any, listed: None
) -> None:
    async with given.app.run_test(size=(120, 30)) as pilot:
        await pilot.press("3", "right")
        await pilot.pause()
        assert "the run has not been read yet" in given.text()
        given.give(make.snapshot())
        await pilot.pause()
        assert "Morning standup" in given.text()


async def test_a_tick_does_not_wait_for_the_slow_sensors(
    given: Any, make: Any, listed: None, quiet: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with given.app.run_test(size=(120, 30)) as pilot:
        given.give(make.snapshot())
        await pilot.press("3")
        going, looking = threading.Event(), threading.Event()

        def slow(*_given: Any, **_named: Any) -> None:
            looking.set()
            going.wait(60)

        monkeypatch.setattr("core.checklist.probe.run_probe", slow)
        del quiet.busy["(_probe)"]
        await pilot.press("f5", "G", "space")
        await until(given, pilot, "FIX: 2 of 3")
        assert looking.is_set() and not going.is_set()
        going.set()


@pytest.fixture
def mid_week(monkeypatch: pytest.MonkeyPatch, make: Any) -> Any:
    """It is 14:10 of launch day."""
    now = make.now + timedelta(hours=4, minutes=10)
    for module in ("console.app", "console.desk", "console.session", "console.screens.checklist"):
        monkeypatch.setattr(f"{module}.utc_now", lambda: now)
    return now


async def until(given: Any, pilot: Any, words: str) -> str:
    await given.until(pilot, lambda: words in given.text())
    return str(given.text())


async def test_every_list_of_both_documents_is_reached_by_arrows_and_says_when_it_comes(
    given: Any, make: Any, mid_week: Any
) -> None:
    async with given.app.run_test(size=(120, 40)) as pilot:
        given.give(make.snapshot())
        await pilot.press("3")
        text = await until(given, pilot, "1 of 10")
        for label in ("preflight", "today 24 Feb", "Wed 25 Feb", "Fri 27 Feb", "Sat 28 Feb"):
            assert label in text
        seen = set()
        for title in (
            "Daily checks 2026-02-24",
            "Daily checks 2026-02-25",
            "Daily checks 2026-02-26",
            "Daily checks 2026-02-27",
            "Preparation on revalidation day 2026-02-28",
            "Timetable of revalidation day 2026-02-28",
            "Expected outputs of the revalidation 2026-02-28",
            "Escalation to the CTO 2026-02-28",
            "Sign-off 2026-02-28",
        ):
            await pilot.press("right")
            await until(given, pilot, title)
            seen |= {item.key for item in given.app.open_screen.list.items}
        from core.checklist.catalogue import LINE_IDS

        given.app.open_screen.do_pane_next()
        missing = {line for line in LINE_IDS if not line.startswith("preflight.")} - seen
        assert not missing
        await until(given, pilot, "later")


async def test_what_has_not_come_reads_later_and_a_past_day_is_reached(
    given: Any, make: Any, mid_week: Any
) -> None:
    async with given.app.run_test(size=(80, 24)) as pilot:
        given.give(make.snapshot())
        await pilot.press("3", "tab")
        text = await until(given, pilot, "Daily checks 2026-02-24")
        assert "later" in text.splitlines()[2] + text.splitlines()[3]
        await pilot.press("G")
        await pilot.pause()
        assert "▸   later    Evening checkpoint validation" in given.text()
        assert "─ later ┐" in given.text()
        await pilot.press("right")
        text = await until(given, pilot, "Daily checks 2026-02-25")
        assert "later" in text and "to do" not in text.splitlines()[2]


async def test_an_item_is_set_aside_with_a_reason_and_taken_back(
    given: Any, make: Any, mid_week: Any
) -> None:
    async with given.app.run_test(size=(120, 40)) as pilot:
        given.give(make.snapshot())
        await pilot.press("3", "tab")
        await until(given, pilot, "Daily checks 2026-02-24")
        item = given.app.open_screen.list.selected.id
        await pilot.press("N")
        await pilot.pause()
        assert isinstance(given.app.screen, AskText)
        await pilot.press(*"no standup today", "enter")
        text = await until(given, pilot, "· n/a")
        assert "no standup today" in text
        with open_store(given.workspace) as store:
            assert store.ticks()[item].state == "not_applicable"
        await pilot.press("space")
        await pilot.pause()
        await pilot.press(*"there is one", "enter")
        await until(given, pilot, "un-ticked")


async def test_a_hyperparameter_changed_after_the_preflight_unticks_its_item_and_says_so(
    given: Any, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Recorded as it stood; then `[ppo]` is edited: the item fails, un-ticks itself and says why."""
    from core.checklist.facts import Facts
    from core.checklist.preflight import record_preflight, run_preflight
    from core.clock import utc_now

    def looked(*_given: Any, **_named: Any) -> Facts:
        return Facts(looked_at=utc_now().isoformat().replace("+00:00", "Z"))

    monkeypatch.setattr("core.checklist.probe.run_probe", looked)
    with open_store(given.workspace) as store:
        result = run_preflight(given.workspace, store, utc_now(), probe=looked)
        record_preflight(store, result, utc_now())
    config = given.workspace.config
    config.write_text(config.read_text().replace("learning_rate = 3e-4", "learning_rate = 1e-4", 1))
    async with given.app.run_test(size=(120, 40)) as pilot:
        given.give(make.snapshot())
        await pilot.press("3")
        text = await until(given, pilot, "un-ticked")
        assert "1 un-ticked" in text.splitlines()[2]
        given.app.open_screen.list.to(
            next(
                index
                for index, item in enumerate(given.app.open_screen.list.items)
                if item.id == "preflight.ppo.learning_rate"
            )
        )
        await pilot.pause()
        text = given.text()
        assert "sensed to fail" in text and "■ FAIL" in text
    with open_store(given.workspace) as store:
        assert store.ticks()["preflight.ppo.learning_rate"].state == "unticked"
        assert [each.subject for each in store.entries("untick")] == ["preflight.ppo.learning_rate"]
