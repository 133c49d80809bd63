"""What a preflight's verdict means for the start of a training stands beside it."""

from __future__ import annotations

from typing import Any

import pytest

from console.cli.checklists import checklist_text
from console.screens.training_facts import preflight_facts
from console.states import TrainingState
from core.checklist.model import ChecklistResult, ItemResult, ItemState


@pytest.mark.parametrize(
    ("status", "said"), [("FIX", "FIX does not block"), ("BLOCKED", "no training starts"), ("READY", "")]
)
def test_the_command_says_whether_a_training_starts_all_the_same(status: Any, said: str) -> None:
    text = checklist_text(ChecklistResult(name="preflight", title="", status=status, items=()))
    verdict, *meaning = text[text.index("STATUS: ") :].splitlines()
    assert status in verdict and (said in meaning[0] if said else not meaning)


def test_the_training_dialog_says_it_too_and_a_daily_list_does_not() -> None:
    fix = ChecklistResult(name="preflight", title="", status="FIX", items=())
    words = " ".join(text for _label, text, _tone in preflight_facts(TrainingState(preflight=fix)))
    assert "FIX does not block" in words
    daily = ChecklistResult(name="daily", title="", status="FIX", items=())
    assert "does not block" not in checklist_text(daily)


@pytest.mark.parametrize(
    ("states", "words"),
    [
        (("pass", "pending", "not_applicable"), "(1 of 2 done)"),
        (("not_applicable",), "(nothing of this list is about this run)"),
    ],
)
def test_what_is_not_applicable_was_not_done(states: tuple[ItemState, ...], words: str) -> None:
    items = tuple(
        ItemResult(id=f"daily.{row}", text="x", group="g", kind="sensed", on_fail="fix", state=state)
        for row, state in enumerate(states)
    )
    text = checklist_text(ChecklistResult(name="daily", title="", status="FIX", items=items))
    assert text.splitlines()[-1] == f"STATUS: FIX  {words}"
