"""The Timeline screen: the week of both documents, where it stands now, and the way to each of its events.

Trap avoided: a plan beside the work: enter leads from an event to the list, screen or signature it is about.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Container

from console.keys import CHECKLIST, REVALIDATE, TIMELINE
from console.screens import timeline_words as words
from console.screens.list_screen import ListScreen
from console.screens.modals import Details
from console.trail import ListPlace
from core.clock import utc_now
from core.units import clock
from widgets.detail_pane import DetailPane
from widgets.event_list import EventList
from widgets.row_list import RowList

if TYPE_CHECKING:
    from datetime import datetime

    from console.snapshot import Snapshot
    from console.week_desk import WeekDesk
    from core.week.events import Event

LOOK_SECONDS = 30.0


class TimelineScreen(ListScreen):
    number: ClassVar[int] = TIMELINE
    name_shown: ClassVar[str] = "Timeline"
    CSS_PATH = "timeline.tcss"

    def __init__(self) -> None:
        super().__init__()
        self._placed = False
        """The cursor was put where the week stands."""
        self._asked = False
        self._minute = -1
        """Of the hour at which the words were made."""

    def compose_body(self) -> ComposeResult:
        with Container(id="timeline"):
            yield EventList(id="timeline-list")
            yield DetailPane("details", id="timeline-details")

    def on_mount(self) -> None:
        super().on_mount()
        self.set_interval(LOOK_SECONDS, self._look_again)

    def on_screen_resume(self, _event: events.ScreenResume) -> None:
        self._look_again()

    def _look_again(self) -> None:
        if self.console.open_screen is self:
            self.desk.look("timeline")

    @property
    def desk(self) -> WeekDesk:
        return self.session.week_desk

    @property
    def list(self) -> EventList:
        return self.query_one(EventList)

    @property
    def acted_on(self) -> RowList:
        return self.list

    @property
    def selected(self) -> Event | None:
        return self._event(self.list.selected)

    def _event(self, chosen: str) -> Event | None:
        timeline = self.desk.state.timeline
        found = (event for event in timeline.events if event.id == chosen) if timeline else ()
        return next(iter(found), None)

    # Facts.

    def show(self, snapshot: Snapshot) -> None:
        """The first picture of the run comes after the first look."""
        if not self._asked:
            self._asked = True
            self.desk.look("timeline")

    def show_desks(self) -> None:
        self._show(utc_now())

    def tick(self, now: datetime) -> None:
        """The words change with the minute; in the last two before an event, with the second."""
        if now.minute != self._minute or self.console.countdown_runs:
            self._show(now)

    def _show(self, now: datetime) -> None:
        self._minute = now.minute
        state = self.desk.state
        rows = words.event_rows(state.timeline, now) if state.timeline is not None else ()
        title = f"week of {state.timeline.start}" if state.timeline is not None else "week"
        moment = f"{now.day} {now:%b} {clock(now)[:5]}Z"
        self.list.show(title, rows, words.counts(rows), moment, words.empty(state))
        self.answer(*words.answer(state, now))
        if rows and not self._placed:
            self._placed = True
            self.list.cursor = self.list.here
            self.list.redraw()
        self._show_details(now)

    @on(RowList.Moved)
    def _moved(self) -> None:
        self._show_details(utc_now())

    def _show_details(self, now: datetime) -> None:
        event, pane = self.selected, self.query_one(DetailPane)
        if event is None:
            pane.show("details", [("", "The event under the cursor is explained here.", "dim")])
            return
        pane.show(event.text, words.details(event, now), words.value(event, now))

    def waits_for(self) -> str:
        return (
            ""
            if self.desk.state.timeline is not None
            else self.desk.state.problem or "the week is being read"
        )

    # Keys.

    def do_event_next_open(self) -> None:
        if not self.list.to_next_open():
            self.console.say("nothing is due now or overdue", "good")

    def do_timeline_look(self) -> None:
        self.desk.look("timeline")
        self.console.say("looking again", "plain")

    def do_row_details(self) -> None:
        if (event := self.selected) is None:
            return
        chosen = event.id

        def facts(now: datetime) -> list[tuple[str, str, str]] | None:
            found = self._event(chosen)
            if found is None:
                return None
            return [("state", words.state_word(found, now), "plain"), *words.details(found, now)]

        self.app.push_screen(Details(event.text, facts))

    def do_event_open(self) -> None:
        """To the list, the screen or the signature that the event is about."""
        event, console = self.selected, self.console
        if event is None:
            return
        if event.checklist:
            console.trail.checklist = ListPlace(event.checklist, event.at[:10], event.at[11:16])
            console.jump(CHECKLIST)
        elif event.command == "ppo-console train":
            console.do_training_control()
        elif "signoff" in event.command:
            console.do_sign_off()
        else:
            console.jump(REVALIDATE)

    def copy_text(self) -> str:
        timeline, now = self.desk.state.timeline, utc_now()
        if timeline is None:
            return "no timeline\n"
        lines = [words.answer(self.desk.state, now)[0]]
        for event in timeline.events:
            detail = f"  {event.detail}" if event.detail else ""
            said = words.state_word(event, now)
            lines.append(f"{event.at}  {said:<8} {event.text}  ({event.owner}){detail}")
        return "\n".join(lines) + "\n"
