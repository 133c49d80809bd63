"""The Checklist screen: every list by its day, sensed with evidence, ticked where only a person knows.

Trap avoided: a person's word that looks like a measurement. Overrides keep a state of their own, with who and
why.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Container, Vertical

from console.keyboard import key_of
from console.keys import CHECKLIST
from console.list_keys import PREFLIGHT, ListKey, list_keys
from console.screens.checklist_words import answer, counts, details, empty, index_rows
from console.screens.list_screen import ListScreen
from console.screens.modals import AskText, Details
from core import units
from core.checklist.catalogue import OF_A_DAY
from core.clock import iso, utc_now
from core.text import visible
from widgets.checklist_list import WORDS, ChecklistList, value_text
from widgets.detail_pane import DetailPane
from widgets.lines import Row
from widgets.list_index import IndexRow, ListIndex
from widgets.row_list import RowList
from widgets.tone import ascii_only

if TYPE_CHECKING:
    from console.snapshot import Snapshot
    from console.states import ChecklistState
    from console.trail import ListPlace
    from core.checklist.model import ChecklistResult, ItemResult

REFRESH_SECONDS = 30.0


class Checklist(ListScreen):
    number = CHECKLIST
    name_shown = "Checklist"
    CSS_PATH = "checklist.tcss"

    def __init__(self) -> None:
        super().__init__()
        self._shown = PREFLIGHT
        """The key of the open list."""
        self._cursors: dict[str, int] = {}
        self._had_run = False
        self._go_to_open = False
        """`n` was pressed before the list was there: it is done then."""
        self._place: ListPlace | None = None
        """Where the cursor goes once the list is there."""

    def compose_body(self) -> ComposeResult:
        with Container(id="checklist"):
            yield ListIndex(id="checklist-index")
            with Vertical(id="checklist-open"):
                yield ChecklistList(id="checklist-list")
                yield DetailPane("details", id="checklist-details")

    def on_mount(self) -> None:
        super().on_mount()
        self.set_interval(REFRESH_SECONDS, self._look_again)

    def on_screen_resume(self, _event: events.ScreenResume) -> None:
        if (place := self.console.trail.take_checklist()) is not None:
            self._place = place
            self._open(place.day if place.checklist in OF_A_DAY else place.checklist)
        self._look_again()

    def _look_again(self) -> None:
        if self.console.open_screen is self:
            self.session.evaluate_checklists()

    @property
    def list(self) -> ChecklistList:
        return self.query_one(ChecklistList)

    @property
    def acted_on(self) -> RowList:
        return self.list

    @property
    def _keys(self) -> tuple[ListKey, ...]:
        return list_keys(self.session.settings, utc_now().date())

    def _results(self) -> dict[str, ChecklistResult | None]:
        state = self.session.checklists
        known: dict[str, ChecklistResult | None] = {**state.others, PREFLIGHT: state.preflight}
        if state.daily is not None:
            known[utc_now().date().isoformat()] = state.daily
        return known

    @property
    def _result(self) -> ChecklistResult | None:
        return self._results().get(self._shown)

    def show(self, snapshot: Snapshot) -> None:
        """The days' lists need the run: look again when its first picture comes after the first look."""
        if not self._had_run:
            self._had_run = True
            if self.session.checklists.evaluated_at is not None and self.session.checklists.daily is None:
                self.session.evaluate_checklists()

    def show_checklists(self, state: ChecklistState) -> None:
        keys, results, now = self._keys, self._results(), iso(utc_now())
        result = results.get(self._shown)
        opened = next((each for each in keys if each.key == self._shown), keys[0])
        title = result.title if result is not None else opened.label
        rows = index_rows(keys, results, now)
        self.list.show(title, result, self._switch_words(rows), self._empty(state), now)
        self.query_one(ListIndex).show(rows, self._shown)
        self.answer(*answer(result, state, now))
        if result is not None:
            self._go_there(result)
        self._show_details()

    def _go_there(self, result: ChecklistResult) -> None:
        """Where the way here asked for, once the list is there."""
        if (place := self._place) is not None:
            self._place = None
            for index, item in enumerate(result.items):
                if item.id.startswith(f"{place.checklist}.") and (item.due or "")[11:16] == place.time:
                    self.list.to(index)
                    break
        if self._go_to_open:
            self._go_to_open = False
            self.do_item_next_open()

    def _empty(self, state: ChecklistState) -> str:
        return empty(state, self._shown == PREFLIGHT or self.console.picture is not None)

    def _switch_words(self, rows: Sequence[IndexRow]) -> Row:
        """Which of the lists this is, with its count, and that the arrows lead to the others."""
        place = next((place for place, row in enumerate(rows) if row.key == self._shown), 0)
        left, right = ("<", ">") if ascii_only() else ("←", "→")
        count = f"{rows[place].done}  " if rows[place].done else ""
        return [(count, "bright"), (f"{left} {place + 1} of {len(rows)} {right}", "accent")]

    @on(RowList.Moved)
    def _moved(self) -> None:
        self._show_details()

    def _show_details(self) -> None:
        item = self.list.selected
        pane = self.query_one(DetailPane)
        if item is None:
            pane.show("details", [("", "The item under the cursor is explained here.", "dim")])
            return
        state, tone = self.list.state(item)
        pane.show(item.text, details(item), [(state.strip(), tone)])

    def waits_for(self) -> str:
        return "" if self._result is not None else self._empty(self.session.checklists)

    # Keys.

    def do_move_left(self) -> None:
        self._step(-1)

    def do_move_right(self) -> None:
        self._step(1)

    def do_pane_next(self) -> None:
        """Between preflight and today's list."""
        today = utc_now().date().isoformat()
        self._open(PREFLIGHT if self._shown == today else today)

    do_pane_previous = do_pane_next

    def _step(self, by: int) -> None:
        keys = [each.key for each in self._keys]
        here = keys.index(self._shown) if self._shown in keys else 0
        self._open(keys[max(0, min(here + by, len(keys) - 1))])

    def _open(self, key: str) -> None:
        if key != self._shown:
            self._cursors[self._shown] = self.list.cursor
            self._shown = key
            self.list.items = ()
            self.list.cursor = self._cursors.get(key, 0)
            self.session.open_checklist(key)
        self.show_checklists(self.session.checklists)

    def do_item_next_open(self) -> None:
        if self._result is None:
            self._go_to_open = self.session.checklists.problem is None
            words = "still looking at the items: then it goes to the next open one"
            self.console.say(words if self._go_to_open else "there is no list", "plain")
        elif not self.list.to_next_open():
            self.console.say("nothing is open in this list", "good")

    def do_row_open(self) -> None:
        if (item := self.list.selected) is None:
            return
        shown, chosen = self._shown, item.id

        def facts(_now: datetime) -> list[tuple[str, str, str]] | None:
            result = self._results().get(shown)
            found = next((each for each in result.items if each.id == chosen), None) if result else None
            return None if found is None else [("state", self.list.word(found), "plain"), *details(found)]

        self.app.push_screen(Details(item.text, facts))

    def do_checklist_refresh(self) -> None:
        self.session.evaluate_checklists()
        self.console.say("looking again", "plain")

    def do_item_tick(self) -> None:
        """Tick what only a person knows; take a tick back with a reason; a sensed item needs no tick."""
        item = self.list.selected
        if item is None:
            return
        by_person = item.kind != "sensed" and item.state in ("pass", "warn") and item.ticked_by
        if item.state == "overridden" or by_person or (item.state == "not_applicable" and item.ticked_by):
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

        what = {"overridden": "override", "not_applicable": "n/a"}.get(item.state, "tick")
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

    def do_item_not_applicable(self) -> None:
        """A person says that the item does not apply, and why."""
        item = self.list.selected
        if item is None:
            return
        if item.state in ("overridden", "not_applicable"):
            words = f"; {key_of('item.tick')} takes it back" if item.ticked_by else ""
            self.console.say(f"the item says {WORDS[item.state]} already{words}", "plain")
            return
        item_id = item.id

        def answered(reason: str | None) -> None:
            if reason is not None:
                self.session.not_applicable(item_id, reason)

        question = AskText(
            "This item does not apply",
            (("item", item.text), ("state", WORDS[item.state])),
            ask="reason, for the audit log",
            required=True,
            done="set aside",
            tone="warning",
        )
        self.app.push_screen(question, answered)

    def copy_text(self) -> str:
        blocks = []
        results = self._results()
        for result in (results.get(each.key) for each in self._keys):
            if result is None:
                continue
            lines = [f"{result.title}: {counts(result)}"]
            for item in result.items:
                said = f"{WORDS[item.state]:9} {visible(item.text)}"
                value = value_text(item.value)
                lines.append(f"  {said}" + (f"  [{value}]" if value else ""))
            blocks.append("\n".join(lines))
        return "\n\n".join(blocks) + "\n" if blocks else "no checklist\n"
