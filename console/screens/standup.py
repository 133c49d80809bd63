"""The Standup screen: the checklist document's template, filled from the run, confirmed by the engineer.

Trap avoided: a standup written from memory. Measured answers cannot be typed over; what a person adds is
marked as theirs.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Container

from console.keyboard import key_of
from console.keys import STANDUP
from console.screens.list_screen import ListScreen
from console.screens.modals import AskText, Confirm
from console.screens.standup_form import FIELDS, changes, form_entries, hint_of, value_of, written_lines
from widgets.detail_pane import DetailPane
from widgets.entry_list import EntryList, FormEntry
from widgets.row_list import RowList
from widgets.tone import Tone

if TYPE_CHECKING:
    from console.snapshot import Snapshot
    from console.states import StandupState
    from core.operations.standup import Standup


class StandupScreen(ListScreen):
    number = STANDUP
    name_shown = "Standup"
    CSS_PATH = "standup.tcss"

    def __init__(self) -> None:
        super().__init__()
        self._asked = False
        """A filling is under way or was made."""
        self._read: dict[str, str] = {}
        """The lines that were let stand, with their answers: one that changes is to be read again."""

    def compose_body(self) -> ComposeResult:
        with Container(id="standup"):
            yield EntryList("standup", id="standup-list")
            yield DetailPane("details", id="standup-details")

    @property
    def entries(self) -> EntryList:
        return self.query_one(EntryList)

    @property
    def acted_on(self) -> RowList:
        return self.entries

    def show(self, snapshot: Snapshot) -> None:
        """The first picture of a run whose rules were asked fills the template, or of none."""
        known = snapshot.judged or snapshot.unjudged is not None or snapshot.health.status == "ABSENT"
        if known and not self._asked:
            self._asked = True
            self.session.fill_standup()

    def show_standup(self, state: StandupState) -> None:
        standup = state.standup
        self.entries.title = f"standup {standup.date} {standup.time} UTC" if standup else "standup"
        self.entries.show(self._lines(standup) if standup else (), _empty(state))
        self.answer(*self._answer(state))
        self._show_details()

    def _lines(self, standup: Standup) -> tuple[FormEntry, ...]:
        return tuple(
            replace(entry, read=self._read.get(entry.id) == entry.answer) for entry in form_entries(standup)
        )

    def _answer(self, state: StandupState) -> tuple[str, Tone]:
        standup = state.standup
        if standup is None:
            return (
                ("There is no standup to fill", "warning")
                if state.problem
                else ("Filling the template…", "plain")
            )
        if state.saved is not None:
            workspace = self.session.workspace
            path = workspace.relative(state.saved) if workspace is not None else str(state.saved)
            return f"Confirmed by {standup.operator}: stored, and written to {path}", "good"
        missing = len(standup.missing)
        unknown = f", {missing} answer{'s' if missing != 1 else ''} not known" if missing else ""
        lines = self._lines(standup)
        read = sum(entry.read for entry in lines)
        takes, confirms = key_of("standup.next"), key_of("standup.confirm")
        if read == len(lines):
            words = f"All {read} lines read, not confirmed{unknown}: {confirms} stores it and writes Markdown"
            return words, "accent"
        went = f", {read} of {len(lines)} lines read" if read else ""
        words = (
            f"Filled from the run, not confirmed{unknown}{went}: {takes} takes a line, {confirms} confirms"
        )
        return words, "warning"

    @on(RowList.Moved)
    def _moved(self) -> None:
        self._show_details()

    def _show_details(self) -> None:
        entry = self.entries.selected
        pane = self.query_one(DetailPane)
        if entry is None:
            pane.show("details", [("", "The answer under the cursor stands here in full.", "dim")])
            return
        facts = [("", entry.answer or "None", "plain")]
        if entry.source:
            facts.append(("source", entry.source, "dim"))
        how = (
            f"a person may write it: {key_of('standup.edit')} edits it"
            if entry.editable
            else "filled from the run; add a note instead"
        )
        facts.append(("", how, "dim"))
        pane.show(entry.label, facts)

    def waits_for(self) -> str:
        state = self.session.standup
        return "" if state.standup is not None else _empty(state)

    # Keys.

    def do_standup_next(self) -> None:
        """The line may stand: on to the next that was not read."""
        entry, state = self.entries.selected, self.session.standup
        if entry is None or state.saved is not None:
            return
        self._read[entry.id] = entry.answer
        self.show_standup(state)
        lines, here = self.entries.entries, self.entries.cursor
        order = [*range(here + 1, len(lines)), *range(here)]
        following = next((index for index in order if not lines[index].read), None)
        if following is not None:
            self.entries.to(following)

    def do_standup_refresh(self) -> None:
        """Fill again; what a person wrote and nothing stored yet would be lost, so that is asked first."""
        state = self.session.standup
        written = written_lines(state.filled, state.standup) if state.standup is not None else ()
        if not written or state.saved is not None:
            self.session.fill_standup()
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self.session.fill_standup()

        dropped = f"What you wrote is dropped: {', '.join(title.lower() for title in written)}."
        question = Confirm(
            "Fill the standup again?",
            (("", f"{dropped} Measured answers are read anew."),),
            "refill",
            no="keep it",
            loses=True,
        )
        self.app.push_screen(question, answered)

    def do_standup_edit(self) -> None:
        """Edit what a person may say; on a measured answer, the note."""
        standup = self.session.standup.standup
        entry = self.entries.selected
        if standup is None or entry is None:
            return
        line = entry.id if entry.editable else "note"
        _field, title = FIELDS[line]

        def answered(text: str | None) -> None:
            if text is not None:
                self.session.edit_standup(**changes(standup, line, text))

        question = AskText(title, hint_of(standup, line), ask=title.lower(), value=value_of(standup, line))
        self.app.push_screen(question, answered)

    def do_standup_confirm(self) -> None:
        state = self.session.standup
        if state.standup is None:
            self.console.say("there is no standup to confirm yet", "warning")
            return
        if state.saved is not None:
            edits, refills = key_of("standup.edit"), key_of("standup.refresh")
            self.console.say(
                f"this standup is confirmed already; {edits} or {refills} make a new one", "plain"
            )
            return
        self.session.confirm_standup()

    def copy_text(self) -> str:
        standup = self.session.standup.standup
        return standup.text() if standup is not None else "no standup\n"


def _empty(state: StandupState) -> str:
    return state.problem or "The template is being filled from the run."
