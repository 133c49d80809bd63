"""The question before the console itself stops a training or makes a copy.

Trap avoided: enter pressed twice that kills a training; only `y` says yes. What a person did by hand is
recorded without doing it again.
"""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from console.screens.modals import FactBox, box_title, key_line
from core.runbook.scenario import DeedId
from widgets.tone import Tone

_YES: dict[DeedId, str] = {
    "stop": "stop the training",
    "force_stop": "end it by force",
    "backup_logs": "copy the log",
    "backup_checkpoint": "copy the model",
}
_TONES: dict[DeedId, Tone] = {"stop": "warning", "force_stop": "critical"}


class AskDeed(ModalScreen[str | None]):
    """`do`, `by hand`, or None."""

    CSS_PATH = "modals.tcss"
    BINDINGS = [
        Binding("y", "answer('do')", show=False),
        Binding("h", "answer('by hand')", show=False),
        Binding("n,escape,q,ctrl+c", "leave", show=False),
        Binding("down,j", "scroll(1)", show=False),
        Binding("up,k", "scroll(-1)", show=False),
    ]

    def __init__(self, title: str, facts: tuple[tuple[str, str], ...], deed: DeedId) -> None:
        super().__init__()
        self._title, self._facts, self._deed = title, facts, deed

    def compose(self) -> ComposeResult:
        tone = _TONES.get(self._deed, "accent")
        with Vertical(classes="question") as box:
            box.border_title = box_title(self._title, tone, 60)
            with VerticalScroll(can_focus=False):
                yield FactBox(self._facts)
            keys = (("y", _YES[self._deed]), ("h", "it was done by hand"), ("esc", "no"))
            yield Static(key_line(*keys), classes="keys")

    def action_answer(self, choice: str) -> None:
        self.dismiss(choice)

    def action_leave(self) -> None:
        self.dismiss(None)

    def action_scroll(self, by: int) -> None:
        self.query_one(VerticalScroll).scroll_relative(y=by, animate=False)
