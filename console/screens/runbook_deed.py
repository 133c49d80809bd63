"""The question before the console itself stops a training or makes a copy.

Trap avoided: enter pressed twice that kills a training; only `y` says yes. What a person did by hand is
recorded without doing it again.
"""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Static

from console.keyboard import key_of
from console.screens.box import Box
from console.screens.modals import FactBox, box_title, close_key, key_line
from core.runbook.scenario import DeedId
from widgets.tone import Tone

_YES: dict[DeedId, str] = {
    "stop": "stop the training",
    "force_stop": "end it by force",
    "backup_logs": "copy the log",
    "backup_checkpoint": "copy the model",
}
_TONES: dict[DeedId, Tone] = {"stop": "warning", "force_stop": "critical"}


class AskDeed(Box[str | None]):
    """`do`, `by hand`, or None."""

    CSS_PATH = "modals.tcss"
    BOX = "a step's question"

    def __init__(self, title: str, facts: tuple[tuple[str, str], ...], deed: DeedId) -> None:
        super().__init__()
        self._title, self._facts, self._deed = title, facts, deed

    def compose(self) -> ComposeResult:
        tone = _TONES.get(self._deed, "accent")
        with Vertical(classes="question") as box:
            box.border_title = box_title(self._title, tone, 60)
            with VerticalScroll(can_focus=False):
                yield FactBox(self._facts)
            does = (key_of("answer.yes"), _YES[self._deed])
            by_hand = (key_of("step.by_hand"), "it was done by hand")
            yield Static(key_line(does, by_hand, close_key("no")), classes="keys")

    def action_answer(self, choice: str) -> None:
        self.dismiss(choice)

    def action_move(self, by: int) -> None:
        self.query_one(VerticalScroll).scroll_relative(y=by, animate=False)
