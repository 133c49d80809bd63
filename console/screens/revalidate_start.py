"""The question before a judgement: what is judged, and what of the preparation is still open.

Trap avoided: a model judged while its training still runs, because the question came before anybody had
looked. It stands at once and says so until the look is there; what is BLOCKED then needs a reason.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from console.keyboard import key_of
from console.screens.modals import AskText, Confirm, key_line
from console.screens.wide_details import fact_lines
from core.checklist.prepared import blockers
from widgets.tone import Tone, safe

if TYPE_CHECKING:
    from console.session import ConsoleSession
    from core.checklist.model import ChecklistResult, ItemResult

WIDTH = 84
"""Cells of the box, as in its style sheet."""
_OPEN = ("fail", "unknown", "pending")
_SHOWN = 4
"""Open items that keep nobody from judging, named; the rest is counted."""
_BACKUP = "preparation.backup"
Fact = tuple[str, str, Tone]


class StartJudgement(Confirm):
    """True: judge now. `reason` says why although the preparation is BLOCKED."""

    BOX = "a judgement's question"
    CSS_PATH = "revalidate_start.tcss"

    def __init__(self, session: ConsoleSession, facts: tuple[tuple[str, str], ...]) -> None:
        super().__init__("Judge the model now?", facts, "revalidate")
        self._session = session
        self._before = session.week_desk.state.prepared_at
        """An earlier look's; what it found is not what is there now."""
        self.reason = ""

    def compose(self) -> ComposeResult:
        with Vertical(classes="question") as box:
            box.border_title = Content.styled(self._title, "$accent bold")
            with VerticalScroll(can_focus=False):
                yield Static(id="facts")
            yield Static(id="keys", classes="keys")

    def on_mount(self) -> None:
        self._session.week_desk.look("preparation")
        self.show_desks()

    def on_resize(self) -> None:
        self.show_desks()

    @property
    def _preparation(self) -> ChecklistResult | None:
        state = self._session.week_desk.state
        return state.preparation if state.prepared_at != self._before else None

    def show_desks(self) -> None:
        """The look at the preparation is there, or a backup was made."""
        if not self.query("#keys"):
            return
        facts: list[Fact] = [(label, words, "plain") for label, words in self._facts]
        facts += preparation_facts(self._preparation, self._session.week_desk.state.problem)
        if doing := self._session.week_desk.state.doing:
            facts.append(("", doing, "accent"))
        self.query_one("#facts", Static).update(fact_lines(facts, self.app.size.width, WIDTH))
        start, no = self._answers()
        if self._blocked:
            start = key_of("item.override"), "judge all the same, with a reason"
        backup = [(key_of("model.backup"), "back up the models")] if self._wants_backup else []
        self.query_one("#keys", Static).update(key_line(start, *backup, no))

    @property
    def _blocked(self) -> bool:
        return self._preparation is not None and bool(blockers(self._preparation))

    @property
    def _wants_backup(self) -> bool:
        items = self._preparation.items if self._preparation is not None else ()
        return any(item.key == _BACKUP and item.state in _OPEN for item in items)

    def action_answer(self, yes: bool) -> None:
        if not (yes and self._blocked):
            self.dismiss(yes)

    def action_default(self) -> None:
        self.action_answer(True)

    def action_override(self) -> None:
        if not self._blocked or self._preparation is None:
            return

        def answered(reason: str | None) -> None:
            if reason:
                self.reason = reason
                self.dismiss(True)

        facts = tuple(("", _words(item)) for item in blockers(self._preparation))
        ask = AskText(
            "Judge although the preparation is BLOCKED",
            facts,
            ask="reason, for the audit log",
            required=True,
            done="judge",
            tone="warning",
        )
        self.app.push_screen(ask, answered)

    def action_backup(self) -> None:
        if self._wants_backup:
            self._session.week_desk.backup()


def preparation_facts(preparation: ChecklistResult | None, problem: str = "") -> list[Fact]:
    """The preparation's status, what keeps from judging, and what else is open."""
    if preparation is None:
        return [("preparation", safe(problem, 300) or "is being looked at…", "warning" if problem else "dim")]
    keep = blockers(preparation)
    rest = [item for item in preparation.items if item.state in _OPEN and item not in keep]
    tones: dict[str, Tone] = {"READY": "good", "FIX": "warning", "BLOCKED": "critical"}
    done = sum(item.state not in _OPEN for item in preparation.items)
    facts: list[Fact] = [
        (
            "preparation",
            f"{preparation.status}: {done} of {len(preparation.items)}",
            tones[preparation.status],
        )
    ]
    facts += [("", _words(item), "critical") for item in keep]
    facts += [("", f"open: {_words(item)}", "plain") for item in rest[:_SHOWN]]
    if len(rest) > _SHOWN:
        keys = f"{key_of('screen.checklist')}, then {key_of('move.right')}"
        facts.append(("", f"and {len(rest) - _SHOWN} more open: {keys}", "dim"))
    return facts


def _words(item: ItemResult) -> str:
    return safe(f"{item.text}: {item.message}" if item.message else item.text, 300)
