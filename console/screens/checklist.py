"""The Checklist screen: preflight and today, sensed with evidence, ticked by hand where only a person knows.

Trap avoided: a person's word that looks like a measurement. Overrides keep a state of their own, with who and
why.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Container

from console.keys import CHECKLIST
from console.screens.base import ConsoleScreen
from console.screens.checklist_words import answer, applicable, counts, details, empty, passed
from console.screens.modals import AskText, Details
from core import units
from core.text import visible
from widgets.checklist_list import STATE_TONE, WORDS, ChecklistList, state_glyph, value_text
from widgets.detail_pane import DetailPane
from widgets.lines import Row
from widgets.row_list import RowList

if TYPE_CHECKING:
    from console.snapshot import Snapshot
    from console.states import ChecklistState
    from core.checklist.model import ChecklistResult, ItemResult

REFRESH_SECONDS = 30.0


class Checklist(ConsoleScreen):
    number = CHECKLIST
    name_shown = "Checklist"
    CSS_PATH = "checklist.tcss"

    def __init__(self) -> None:
        super().__init__()
        self._shown = 0
        """Which list: 0 preflight, 1 today."""
        self._cursors = [0, 0]
        self._had_run = False
        self._go_to_open = False
        """`n` was pressed before the list was there: it is done then."""

    def compose_body(self) -> ComposeResult:
        with Container(id="checklist"):
            yield ChecklistList(id="checklist-list")
            yield DetailPane("details", id="checklist-details")

    def on_mount(self) -> None:
        super().on_mount()
        self.set_interval(REFRESH_SECONDS, self._look_again)

    def on_screen_resume(self, _event: events.ScreenResume) -> None:
        self._look_again()

    def _look_again(self) -> None:
        if self.is_current:
            self.session.evaluate_checklists()

    @property
    def list(self) -> ChecklistList:
        return self.query_one(ChecklistList)

    def _results(self) -> tuple[ChecklistResult | None, ChecklistResult | None]:
        state = self.session.checklists
        return state.preflight, state.daily

    def show(self, snapshot: Snapshot) -> None:
        """The day's list needs the run: look again when its first picture comes after the first look."""
        if not self._had_run:
            self._had_run = True
            if self.session.checklists.evaluated_at is not None and self.session.checklists.daily is None:
                self.session.evaluate_checklists()

    def show_checklists(self, state: ChecklistState) -> None:
        result = self._results()[self._shown]
        title = result.title if result is not None else ("Preflight", "Daily checks")[self._shown]
        self.list.show(title, result, self._switch_words(), empty(state, self._shown))
        self.answer(*answer(result, state))
        if self._go_to_open and result is not None:
            self._go_to_open = False
            self.do_item_next_open()
        self._show_details()

    def _switch_words(self) -> Row:
        """Both lists with their counts, the open one bright."""
        words: list[tuple[str, str]] = []
        for index, (name, result) in enumerate(zip(("preflight", "today"), self._results(), strict=True)):
            count = f" {passed(result.items)}/{applicable(result.items)}" if result is not None else ""
            words.append((f"{name}{count}", "accent" if index == self._shown else "dim"))
            if index == 0:
                words.append(("  ", "dim"))
        return words

    @on(RowList.Moved)
    def _moved(self) -> None:
        self._show_details()

    def _show_details(self) -> None:
        item = self.list.selected
        pane = self.query_one(DetailPane)
        if item is None:
            pane.show("details", [("", "The item under the cursor is explained here.", "dim")])
            return
        pane.show(
            item.text,
            details(item),
            [(f"{state_glyph(item.state)} {WORDS[item.state]}", STATE_TONE[item.state])],
        )

    def waits_for(self) -> str:
        if self._results()[self._shown] is not None:
            return ""
        return empty(self.session.checklists, self._shown)

    # Keys.

    def do_move_down(self) -> None:
        self.list.move(1)

    def do_move_up(self) -> None:
        self.list.move(-1)

    def do_move_top(self) -> None:
        self.list.to(0)

    def do_move_end(self) -> None:
        self.list.to(self.list.count - 1)

    def do_page_down(self) -> None:
        self.list.page(1)

    def do_page_up(self) -> None:
        self.list.page(-1)

    def do_move_left(self) -> None:
        self._switch(0)

    def do_move_right(self) -> None:
        self._switch(1)

    def do_pane_next(self) -> None:
        self._switch(1 - self._shown)

    do_pane_previous = do_pane_next

    def _switch(self, shown: int) -> None:
        if shown != self._shown:
            self._cursors[self._shown] = self.list.cursor
            self._shown = shown
            self.list.items = ()
            self.list.cursor = self._cursors[shown]
            self.show_checklists(self.session.checklists)

    def do_item_next_open(self) -> None:
        if self._results()[self._shown] is None:
            self._go_to_open = self.session.checklists.problem is None
            words = "still looking at the items: then it goes to the next open one"
            self.console.say(words if self._go_to_open else "there is no list", "plain")
        elif not self.list.to_next_open():
            self.console.say("nothing is open in this list", "good")

    def do_row_open(self) -> None:
        if (item := self.list.selected) is not None:
            facts = (("state", WORDS[item.state], "plain"), *details(item))
            self.app.push_screen(Details(item.text, facts))

    def do_checklist_refresh(self) -> None:
        self.session.evaluate_checklists()
        self.console.say("looking again", "plain")

    def do_item_tick(self) -> None:
        """Tick what only a person knows; take a tick back with a reason; a sensed item needs no tick."""
        item = self.list.selected
        if item is None:
            return
        if item.state == "overridden" or (item.kind != "sensed" and item.ticked_by and item.state == "pass"):
            self._take_back(item)
        elif item.kind == "sensed":
            words = "this item is sensed: it judges itself" + (
                "; O overrides it with a reason" if item.state in ("fail", "unknown", "warn") else ""
            )
            self.console.say(words, "plain")
        elif item.state == "not_applicable":
            self.console.say("not applicable now: nothing to tick", "plain")
        else:
            self.session.tick(item.id)

    def _take_back(self, item: ItemResult) -> None:
        item_id = item.id

        def answered(reason: str | None) -> None:
            if reason is not None:
                self.session.untick(item_id, reason)

        what = "override" if item.state == "overridden" else "tick"
        facts = (("item", item.text), (f"{what} by", item.ticked_by or units.MISSING))
        self.app.push_screen(
            AskText(f"Take the {what} back", facts, ask="reason", required=True, done="take back"), answered
        )

    def do_item_override(self) -> None:
        item = self.list.selected
        if item is None:
            return
        if item.state not in ("fail", "unknown", "warn", "pending"):
            self.console.say(f"nothing to override: the item says {WORDS[item.state]}", "plain")
            return
        item_id = item.id

        def answered(reason: str | None) -> None:
            if reason is not None:
                self.session.override(item_id, reason)

        operator = self.session.operator
        facts = (
            ("item", item.text),
            ("state", f"{WORDS[item.state]}  {value_text(item.value)}".strip()),
            ("why", item.message or units.MISSING),
            ("as", operator.name if operator is not None else "not known yet"),
        )
        question = AskText(
            "Override this item",
            facts,
            ask="reason, for the audit log",
            required=True,
            done="override",
            tone="warning",
        )
        self.app.push_screen(question, answered)

    def copy_text(self) -> str:
        blocks = []
        for result in self._results():
            if result is None:
                continue
            lines = [f"{result.title}: {counts(result)}"]
            for item in result.items:
                said = f"{WORDS[item.state]:9} {visible(item.text)}"
                value = value_text(item.value)
                lines.append(f"  {said}" + (f"  [{value}]" if value else ""))
            blocks.append("\n".join(lines))
        return "\n\n".join(blocks) + "\n" if blocks else "no checklist\n"
