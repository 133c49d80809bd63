"""The Checklist screen: preflight and today, sensed with evidence, ticked by hand where only a person knows.

Trap avoided: a person's word that looks like a measurement. Overrides keep a state of their own, with who and
why.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Container

from console.keys import CHECKLIST
from console.screens.base import ConsoleScreen
from console.screens.modals import AskText, Details
from core import units
from core.text import visible
from widgets.checklist_list import OPEN_STATES, STATE_TONE, WORDS, ChecklistList, state_glyph, value_text
from widgets.detail_pane import DetailPane
from widgets.lines import Row
from widgets.row_list import RowList
from widgets.tone import Tone, safe

if TYPE_CHECKING:
    from console.snapshot import Snapshot
    from console.states import ChecklistState
    from core.checklist.model import ChecklistResult, ItemResult

REFRESH_SECONDS = 30.0
_READINESS_TONE: dict[str, Tone] = {"READY": "good", "FIX": "warning", "BLOCKED": "critical"}


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

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
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
        self.list.show(title, result, self._switch_words(), _empty(state, self._shown))
        self.answer(*_answer(result, state))
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
        return _empty(self.session.checklists, self._shown)

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
            lines = [f"{result.title}: {_counts(result)}"]
            for item in result.items:
                said = f"{WORDS[item.state]:9} {visible(item.text)}"
                value = value_text(item.value)
                lines.append(f"  {said}" + (f"  [{value}]" if value else ""))
            blocks.append("\n".join(lines))
        return "\n\n".join(blocks) + "\n" if blocks else "no checklist\n"


def passed(items: tuple[ItemResult, ...]) -> int:
    """Items that do not keep from READY: passed, overridden, or a warning."""
    return sum(item.state in ("pass", "overridden", "warn") for item in items)


def applicable(items: tuple[ItemResult, ...]) -> int:
    return sum(item.state != "not_applicable" for item in items)


def _counts(result: ChecklistResult) -> str:
    return f"{result.status}: {passed(result.items)} of {applicable(result.items)}"


def _answer(result: ChecklistResult | None, state: ChecklistState) -> tuple[str, Tone]:
    if result is None:
        return (state.problem, "warning") if state.problem else ("Looking at every item…", "plain")
    states: Counter[str] = Counter(item.state for item in result.items)
    parts = [
        f"{states[kind]} {word}"
        for kind, word in (
            ("fail", "failing"),
            ("unknown", "unknown"),
            ("pending", "to do"),
            ("warn", "warning" if states["warn"] == 1 else "warnings"),
            ("overridden", "overridden"),
        )
        if states[kind]
    ]
    words = _counts(result) + (f"   {', '.join(parts)}" if parts else "")
    first = next((item for item in result.items if item.state == "fail"), None)
    if first is not None:
        words += f"   first: {safe(first.text, 80)}"
    if state.problem:
        words += f"   ({safe(state.problem, 120)})"
    return words, _READINESS_TONE[result.status]


def _empty(state: ChecklistState, shown: int) -> str:
    if state.problem:
        return state.problem
    if state.evaluated_at is None or (not shown and state.preflight is None):
        return "Each item is being looked at; the list stands here in a second."
    return "There is no list for today: the run has not been read yet." if shown else "No item."


def details(item: ItemResult) -> tuple[tuple[str, str, str], ...]:
    """Everything known of an item, as (label, text, tone)."""
    facts: list[tuple[str, str, str]] = []
    if item.message:
        tone = "plain" if item.state not in OPEN_STATES else STATE_TONE[item.state]
        facts.append(("", safe(item.message), tone))
    value, limit = value_text(item.value), value_text(item.limit)
    if value:
        facts.append(("value", value, "bright"))
    if limit:
        facts.append(("limit", limit, "plain"))
    if item.source:
        age = f", {units.age(item.age_seconds)} ago" if item.age_seconds is not None else ""
        facts.append(("source", safe(item.source) + age, "plain"))
    if item.ticked_by:
        what = "overridden by" if item.state == "overridden" else "ticked by"
        at = f", {item.ticked_at}" if item.ticked_at else ""
        facts.append((what, f"{safe(item.ticked_by)}{at}", "accent"))
    means = "blocks the start" if item.on_fail == "block" else "is to be fixed"
    kinds = {
        "sensed": "sensed: it judges itself",
        "manual": "manual: only a person knows; space ticks it",
        "sensed_look": "sensed, and a person looks; space ticks it",
    }
    facts.append(("kind", f"{kinds[item.kind]}. A failure {means}.", "dim"))
    return tuple(facts)
