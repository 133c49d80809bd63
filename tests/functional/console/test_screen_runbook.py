"""The Runbook screen: scenarios with their checks made, steps that are recorded, deeds that ask first."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from console import runbook_desk
from console.screens.modals import AskText, Details
from console.screens.runbook_deed import AskDeed
from core.runbook.sense import Sensed
from core.store.audit import verify


async def test_the_ten_scenarios_stand_under_their_documents_and_open(live: Any) -> None:
    async with live.app.run_test(size=(80, 60)) as pilot:
        await live.until(pilot, lambda: live.alerts)
        await pilot.press("8")
        await live.until(pilot, lambda: "of the checklist" in live.text())
        text = live.text()
        checklist, manual = text.index("of the checklist"), text.index("training week's manual")
        others, paths = text.index("for the other alerts"), text.index("Escalations")
        assert checklist < manual < others < paths
        assert text[checklist:others].count("\n") - 4 == 10, "ten between two headings and two blank lines"
        assert "ML Engineer → ML Lead → SWE Lead" in text
        assert "■ kl_spike" in next(line for line in text.splitlines() if "divergence spikes" in line)
        await pilot.press("j", "enter")
        await live.until(pilot, lambda: "approx_kl jumps above 0.1" in live.text())
        await live.until(pilot, lambda: "4 checks," in live.text())
        assert "recorded no hyperparameters" in live.text()
        await pilot.press("escape")
        await live.until(pilot, lambda: "of the checklist" in live.text())
        assert live.number == 8


async def test_a_check_is_taken_with_one_key_and_stands_everywhere(live: Any) -> None:
    async with live.app.run_test(size=(100, 40)) as pilot:
        await live.until(pilot, lambda: live.alerts)
        await pilot.press("r")
        await live.until(pilot, lambda: "4 checks," in live.text())
        await pilot.press("enter")
        await live.until(pilot, lambda: isinstance(live.app.screen, AskText))
        assert "[CHECK] See the KL beside clip fraction" in live.text()
        assert not live.session.clerk.require_store().entries("step"), "enter only shows it, and asks"
        await pilot.press("escape", "space")
        await live.until(pilot, lambda: "1 of 6 steps, next 2" in live.text())
        assert "✓ 1 See the KL" in live.text() and ", 0 s ago" in live.text()
        (entry,) = live.session.clerk.require_store().entries("step")
    assert "[CHECK] See the KL beside clip fraction" in live.journal.splitlines()[-1]
    assert entry.subject == "kl_spike/kl" and entry.detail["occasion"] == "r1/kl_spike/1"


async def test_a_step_that_does_something_asks_what_was_done(live: Any) -> None:
    async with live.app.run_test(size=(100, 40)) as pilot:
        await live.until(pilot, lambda: live.alerts)
        await pilot.press("r")
        await live.until(pilot, lambda: "4 checks," in live.text())
        await pilot.press("j", "j", "enter")
        await live.until(pilot, lambda: isinstance(live.app.screen, AskText))
        assert "[ISSUE] KL spike, lowering the learning rate" in live.text()
        await pilot.press("escape", "space")
        await live.until(pilot, lambda: isinstance(live.app.screen, AskText))
        assert "[ISSUE]" not in live.journal, "left: nothing was recorded"
        await pilot.press(*"1e-4", "enter")
        await live.until(pilot, lambda: "✓ 3" in live.text())
    assert "[ISSUE] KL spike, lowering the learning rate: 1e-4" in live.journal.splitlines()[-1]


async def test_a_deed_happens_only_after_y_and_is_recorded(live: Any) -> None:
    backup = live.workspace.logs / "CRASH_backup.log"
    async with live.app.run_test(size=(100, 40)) as pilot:
        await live.until(pilot, lambda: live.alerts)
        await pilot.press("8", "G", "k", "k", "enter")
        await live.until(pilot, lambda: "Do not restart before the cause is known" in live.text())
        await pilot.press("j", "enter")
        await live.until(pilot, lambda: isinstance(live.app.screen, AskDeed))
        await pilot.press("enter", "escape")
        await pilot.pause()
        assert not backup.exists(), "neither enter nor esc says yes"
        await pilot.press("enter")
        await live.until(pilot, lambda: isinstance(live.app.screen, AskDeed))
        await pilot.press("y")
        await live.until(pilot, lambda: "✓ 2" in live.text())
        await pilot.press("enter")
        await live.until(pilot, lambda: isinstance(live.app.screen, AskDeed))
        await pilot.press("h")
        await live.until(pilot, lambda: isinstance(live.app.screen, AskText))
        await pilot.press(*"by ana", "enter")
        await live.until(pilot, lambda: "by ana" in live.text())
        entries = live.session.clerk.require_store().entries("step")
    assert backup.read_text() == (live.workspace.logs / "training.log").read_text()
    assert "sha256" in entries[0].detail and entries[1].detail["note"] == "by ana"
    assert "[ISSUE] Crash: training.log backed up: training.log copied to" in live.journal
    assert verify(live.workspace.store).whole


async def test_what_cannot_be_done_says_so_beside_what_to_do(live: Any) -> None:
    async with live.app.run_test(size=(100, 40)) as pilot:
        await live.until(pilot, lambda: live.alerts)
        await pilot.press("8", "G", "k", "k", "enter")
        await live.until(pilot, lambda: "Stop what still runs" in live.text())
        await pilot.press("enter")
        await live.until(pilot, lambda: isinstance(live.app.screen, AskDeed))
        await pilot.press("y")
        await live.until(pilot, lambda: isinstance(live.app.screen, Details))
        assert "It did not work" in live.text()
        (entry,) = live.session.clerk.require_store().entries("deed")
    assert entry.subject == "stop" and entry.detail["failed"]


async def test_an_escalation_is_filled_from_the_run_and_copied(live: Any) -> None:
    async with live.app.run_test(size=(100, 50)) as pilot:
        await live.until(pilot, lambda: live.alerts)
        await pilot.press("2")
        await live.until(pilot, lambda: "▸ ■ critical kl_spike" in live.text())
        await pilot.press("E")
        await live.until(pilot, lambda: live.number == 8 and "ML Engineer → ML Lead" in live.text())
        await live.until(pilot, lambda: "3 checks," in live.text())
        assert "→ 1 Confirm in numbers" in live.text(), "the next step is marked"
        await pilot.press("space")
        await live.until(pilot, lambda: isinstance(live.app.screen, AskText))
        await pilot.press("enter")
        await live.until(pilot, lambda: "→ 2 Check the reward function" in live.text())
        await pilot.press("y")
        await live.until(pilot, lambda: list((live.workspace.root / "exports").rglob("copy-runbook*")))
        await pilot.press("escape")
        await live.until(pilot, lambda: live.number == 2)
    (copy,) = (live.workspace.root / "exports").rglob("copy-runbook*")
    words = copy.read_text()
    assert words.startswith("Reward plateau in RL training: phase4")
    assert "kl_spike (critical): approx_kl 0.12 > 0.1" in words and "Done so far:" in words
    assert "[PERFORMANCE] Reward plateau detected" in live.journal


async def test_a_check_that_hangs_neither_holds_up_the_others_nor_lasts(
    live: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    hang = threading.Event()
    sense = runbook_desk.sense

    def slow(sensor: Any, context: Any) -> Sensed:
        if sensor == "hyperparameters":
            hang.wait(20)
        return sense(sensor, context)

    monkeypatch.setattr(runbook_desk, "sense", slow)
    monkeypatch.setattr(runbook_desk, "PATIENCE", 1.0)
    async with live.app.run_test(size=(100, 40)) as pilot:
        await live.until(pilot, lambda: live.alerts)
        await pilot.press("r")
        await live.until(pilot, lambda: "looking, 3 of 4 checks" in live.text())
        assert "approx_kl 0.12, highest" in live.text()
        await live.until(pilot, lambda: "no answer within" in live.text() and "4 checks," in live.text())
        hang.set()
        await live.until(pilot, lambda: "recorded no hyperparameters" in live.text())


async def test_a_foreign_run_has_its_runbook_but_no_deeds_and_no_journal(
    live: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign = type(live)(live.workspace, target=live.workspace.logs / "training_metrics.csv")
    async with foreign.app.run_test(size=(100, 40)) as pilot:
        await foreign.until(pilot, lambda: foreign.alerts)
        await pilot.press("r")
        await foreign.until(pilot, lambda: "4 checks," in foreign.text())
        await pilot.press("space")
        await foreign.until(pilot, lambda: isinstance(foreign.app.screen, Details))
        assert "there is no workspace with a store" in foreign.text()
    foreign.session.close()
    assert "[CHECK]" not in live.journal


async def test_details_of_a_step_show_what_its_check_saw(live: Any) -> None:
    async with live.app.run_test(size=(60, 15)) as pilot:
        await live.until(pilot, lambda: live.alerts)
        await pilot.press("r")
        await live.until(pilot, lambda: live.number == 8 and "checks," in live.text())
        await pilot.press("n", "d")
        await live.until(pilot, lambda: isinstance(live.app.screen, Details))
        assert "explained_variance is not logged" in live.text()
