"""The Standup screen: filled from the run, completed by a person, confirmed into store and file."""

from __future__ import annotations

from typing import Any

from console.screens.modals import AskText, Confirm
from console.stores import open_store


async def test_the_template_is_filled_from_the_run_and_says_that_nobody_confirmed_it(
    given: Any, make: Any
) -> None:
    async with given.app.run_test(size=(100, 34)) as pilot:
        given.give(make.snapshot())
        await pilot.press("6")
        await pilot.pause()
        text = given.text()
        assert "Filled from the run, not confirmed" in text
        assert "122.9k / 500k timesteps" in text and "KL divergence" in text
        for heading in ("Yesterday's progress", "Today's plan", "Blockers", "Confidence level", "Note"):
            assert heading in text


async def test_it_is_filled_once_the_rules_have_seen_the_run(given: Any, make: Any) -> None:
    """Of a long history that is still being read it would say that there is no issue."""
    async with given.app.run_test(size=(100, 34)) as pilot:
        given.give(make.snapshot(judged=False))
        await pilot.press("6")
        await pilot.pause()
        assert "122.9k / 500k timesteps" not in given.text()
        given.give(make.snapshot(revision=2))
        await given.until(pilot, lambda: "122.9k / 500k timesteps" in given.text())


async def test_a_measured_answer_cannot_be_typed_over(given: Any, make: Any) -> None:
    async with given.app.run_test(size=(100, 34)) as pilot:
        given.give(make.snapshot())
        await pilot.press("6")
        await pilot.pause()
        await pilot.press("g", "e")
        await pilot.pause()
        assert isinstance(given.app.screen, AskText) and "Note" in given.text()
        await pilot.press(*"mine", "enter")
        await pilot.pause()
        standup = given.session.standup.standup
        assert standup.note == "mine" and "122.9k" in standup.training.text


async def test_copy_gives_the_documents_text(given: Any, make: Any) -> None:
    async with given.app.run_test(size=(100, 34)) as pilot:
        given.give(make.snapshot())
        await pilot.press("6")
        await pilot.pause()
        await pilot.press("y")
        await pilot.pause()
        assert "written to exports/copy-standup-" in given.text()
    (file,) = (given.workspace.root / "exports").glob("copy-standup-*.txt")
    assert file.read_text().startswith("DATE: ") and "YESTERDAYS PROGRESS:" in file.read_text()


async def test_the_walkthrough_takes_each_line_by_enter_edits_by_e_and_ends_with_c(
    given: Any, make: Any
) -> None:
    """At 80x24 by keys alone; an answer that changes is to be read again."""
    async with given.app.run_test(size=(80, 24)) as pilot:
        given.give(make.snapshot())
        await pilot.press("6")
        await pilot.pause()
        lines = given.app.open_screen.entries.count
        await pilot.press("g", *["enter"] * 3)
        await pilot.pause()
        assert f"3 of {lines} lines read" in " ".join(given.text().split())
        await pilot.press(*["enter"] * (lines - 3))
        await pilot.pause()
        assert f"All {lines} lines read" in " ".join(given.text().split())
        await pilot.press("G", "e", *"all calm", "enter")
        await pilot.pause()
        assert f"{lines - 1} of {lines} lines read" in " ".join(given.text().split())
        await pilot.press("enter", "c")
        await pilot.pause()
        assert "Confirmed by" in given.text()
    with open_store(given.workspace) as store:
        (entry,) = store.entries("standup")
        assert entry.detail["standup"]["note"] == "all calm"


async def test_plan_and_monitoring_are_a_persons_to_write_a_refill_asks_and_the_confirmed_is_stored(
    given: Any, make: Any
) -> None:
    async with given.app.run_test(size=(80, 24)) as pilot:
        given.give(make.snapshot())
        await pilot.press("6")
        await given.until(pilot, lambda: given.session.standup.standup)
        measured = given.session.standup.standup.plan.text
        await pilot.press("g", *["j"] * 5, "e", "ctrl+u", *"halt", "enter", "j", "e")
        assert "Empty: the template's line stands again" in given.text()
        await pilot.press("ctrl+u", *"hourly", "enter", "f5")
        assert isinstance(given.app.screen, Confirm) and "plan, monitoring" in given.text()
        await pilot.press("enter", "c")
        await given.until(pilot, lambda: "Confirmed by" in given.text())
        assert "reports/standups/" in given.text()
        await pilot.press("c", "f5")
        await given.until(pilot, lambda: not given.session.standup.standup.own_plan)
        assert not isinstance(given.app.screen, Confirm), "what is stored is not lost"
    with open_store(given.workspace) as store:
        (entry,) = store.entries("standup")
    stored = entry.detail["standup"]
    assert stored["own_plan"] == "halt" and stored["plan"]["text"] == measured, (
        "a second c confirmed it twice"
    )
    written = (given.workspace.root / entry.detail["file"]).read_text()
    assert "- halt\n- hourly\n" in written and f"confirmed by {entry.operator}" in written
