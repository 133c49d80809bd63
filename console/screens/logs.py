"""The Logs screen: a run's log files, each alone or all by time; follow, find, filter, go to a moment.

A `LogReader` reads; this screen shows its pictures and turns keys into requests. Trap avoided: opening a 1 GB
log on the UI thread, and keeping it: a window of lines is there, whatever the files' size.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input

from console.keyboard import key_of
from console.keys import DASHBOARD, LOGS, Key
from console.log_news import At, LogNews, LogOpened, LogPicture, LogSaid
from console.log_places import show_charts_at, take_place
from console.log_reader import LogReader
from console.replay import Moment, find_moment, replay_of
from console.screens import log_lines
from console.screens.base import ConsoleScreen
from console.screens.logs_detail import LogDetail
from console.screens.logs_find import FindMixin
from console.screens.modals import AskText
from console.snapshot import Snapshot
from core.clock import utc_now
from core.errors import UsageError
from core.logs import lines as log_text
from core.logs.target import EXAMPLES, Target, parse_target
from core.logs.window import Line, line_time
from widgets.flow_line import FlowLine
from widgets.lines import Span
from widgets.log_view import LogView

_EMPTY = {
    None: "No log line yet. training.log, alerts.log and daily_summary.log of the run stand here, by time.",
    "training.log": "No line in training.log yet: starts, rollouts, checkpoints and errors stand here.",
    "alerts.log": "No line in alerts.log: each alert that fires or resolves is one line here.",
    "daily_summary.log": "No line in daily_summary.log yet: the trainer writes the day's summary here.",
}
_NO_LOGS = "This run is a single file without logs. Open its folder to see training.log here."

_LATELY = 0.9
"""Seconds."""


class Logs(FindMixin, ConsoleScreen):
    """`tab` goes through the files; `/` finds, `n N` go on, `&` filters, `e E` errors, `F` or `G` follow."""

    CSS_PATH = "logs.tcss"
    number: ClassVar[int] = LOGS
    name_shown: ClassVar[str] = "Logs"

    def __init__(self) -> None:
        super().__init__()
        self._reader: LogReader | None = None
        self._folder: Path | None = None
        self._picture = LogPicture()
        self._moment: Moment | None = None
        self._chosen: str | None = None
        """The file that was asked for last; None: all."""
        self._looked = 0.0
        """When news of the run looked at the logs, seconds of the monotonic clock."""

    def compose_body(self) -> ComposeResult:
        yield FlowLine(id="files")
        view = LogView(log_lines.ALL, id="log", empty=_EMPTY[None])
        view.follow_key, view.open_key = key_of("move.end"), key_of("log.open")
        yield view
        yield Input(id="find", max_length=200)

    def on_mount(self) -> None:
        self.query_one("#find").display = False
        self.answer("reading the logs", "unknown")

    def on_unmount(self) -> None:
        if self._reader is not None:
            self._reader.stop()

    @property
    def _view(self) -> LogView:
        return self.query_one("#log", LogView)

    # Facts.

    def show(self, snapshot: Snapshot) -> None:
        self._open(self.session.target)
        if self._reader is not None:
            self._sync()
            self._reader.look()
            self._looked = time.monotonic()
        self._follow_replay()
        if (place := take_place(self.session)) is not None and (reader := self._ask()):
            reader.go_to(place)

    def tick(self, now: datetime) -> None:
        """News of the run looks too, twice a second at most: one look more would be one paint more."""
        if self._reader is not None and time.monotonic() - self._looked > _LATELY:
            self._sync()
            self._reader.look()

    def _open(self, target: Path) -> None:
        """A reader for the run's folder; another one when the console shows another run."""
        if target == self._folder:
            return
        if self._reader is not None:
            self._reader.stop()
        self._folder, self._reader, self._chosen = target, None, None
        if target.suffix in (".csv", ".json") or target.is_file():
            self.answer("no logs: this run is a single file", "unknown")
            self._view.empty = _NO_LOGS
            self._view.redraw()
            return
        self._reader = LogReader(target, self.post_message)
        self._reader.start()

    @on(LogNews)
    def _news(self) -> None:
        if self._reader is None:
            return
        picture = self._picture = self._reader.received()
        view = self._view
        view.title = picture.chosen or log_lines.ALL
        view.show_source = picture.chosen is None
        view.empty = _EMPTY.get(picture.chosen, "Nothing in this file yet.")
        if picture.filtered.text:
            view.empty = log_lines.nothing_with(picture.filtered)
        view.filtered = bool(picture.filtered.text)
        view.marked = picture.found.text or picture.filtered.text
        view.state = self._state()
        view.show(picture.window, following=picture.following)
        self._sync()
        self.answer(*log_lines.answer(picture.scan))
        self.query_one("#files", FlowLine).put(log_lines.files(picture.sources, picture.chosen, picture.scan))

    def _state(self) -> list[Span]:
        picture = self._picture
        spans: list[Span] = []
        if self._moment is not None:
            spans += [("replay ", "warning"), (self._moment.words, "warning"), ("  ", "dim")]
        if self.console.paused:
            spans += [("paused", "warning-bold"), ("  ", "dim")]
        for mark, hunted, word in (("&", picture.filtered, "line"), ("/", picture.found, "found")):
            if row := log_lines.hunt(mark, hunted, word):
                spans += [*row, ("  ", "dim")]
        return spans[:-1]

    @on(LogSaid)
    def _said(self, message: LogSaid) -> None:
        self.console.say(message.words, message.tone)

    @on(LogOpened)
    def _opened(self, message: LogOpened) -> None:
        if self.app.screen is self:
            self.app.push_screen(LogDetail(message.whole))

    def _sync(self) -> None:
        """Where the screen is, for the reader's next look or request."""
        if self._reader is not None and self.query("#log"):  # it goes before the screen does
            view = self._view
            self._reader.at = At(view.window.epoch, view.window.jump, view.cursor, view.following)

    def _ask(self) -> LogReader | None:
        self._sync()
        return self._reader

    @on(LogView.Wanted)
    def _wanted(self, message: LogView.Wanted) -> None:
        if reader := self._ask():
            reader.extend(message.direction)

    @on(LogView.Moved)
    def _moved(self) -> None:
        self._sync()

    # Which file.

    def do_pane_next(self) -> None:
        self._turn(1)

    def do_pane_previous(self) -> None:
        self._turn(-1)

    def _turn(self, step: int) -> None:
        names: list[str | None] = [None, *(source.name for source in self._picture.sources)]
        place = names.index(self._chosen) if self._chosen in names else 0
        self._chosen = names[(place + step) % len(names)]
        if reader := self._ask():
            reader.choose(self._chosen)

    # Moving.

    def do_move_down(self) -> None:
        self._view.move(1)

    def do_move_up(self) -> None:
        self._view.move(-1)

    def do_page_down(self) -> None:
        self._view.page(1)

    def do_page_up(self) -> None:
        self._view.page(-1)

    def do_move_top(self) -> None:
        if reader := self._ask():
            reader.to_start()

    def do_move_end(self) -> None:
        self.do_log_follow()

    def do_log_left(self) -> None:
        self._view.move_sideways(-1)

    def do_log_right(self) -> None:
        self._view.move_sideways(1)

    def do_log_wrap(self) -> None:
        wraps = self._view.toggle_wrap()
        self.console.say(
            "long lines wrap"
            if wraps
            else f"long lines are cut: {key_of('log.right')} {key_of('log.left')} show the rest"
        )

    def do_log_follow(self) -> None:
        self._view.follow()
        if reader := self._ask():
            reader.to_end()

    def do_display_pause(self) -> None:
        self.console.do_display_pause()
        self._view.state = self._state()
        self._view.redraw()

    def do_log_open(self) -> None:
        line = self._view.line
        if line is not None and (reader := self._ask()):
            reader.open(line.file, line.start)

    # To a moment, and from one to its chart.

    def go_to(self, *, step: int | None = None, time: datetime | None = None) -> None:
        """To the lines of a moment: of a timestep, of a time (UTC), or of a row's both."""
        if reader := self._ask():
            reader.go_to(Target(step, time))

    def do_log_go(self) -> None:
        def answered(text: str | None) -> None:
            if text and (reader := self._ask()):
                reader.go_to_typed(text)

        def refuse(text: str) -> str:
            try:
                parse_target(text, utc_now())
            except UsageError as error:
                return f"{error.title}. {error.hint}"
            return ""

        facts = (("", EXAMPLES),)
        ask = AskText(
            "Go to a time or a step", facts, ask="time or step", required=True, done="go", refuse=refuse
        )
        self.app.push_screen(ask, answered)

    def do_log_chart(self) -> None:
        """The charts at the step of the line, or of the nearest line above that names one, else its time."""
        snapshot = self.session.snapshot
        line = self._view.line
        if snapshot is None or line is None:
            self.console.say("no line yet", "warning")
            return
        moment = find_moment(snapshot.run, self._words_of(line))
        if isinstance(moment, str):
            self.console.say(moment, "warning")
            return
        replay = replay_of(self.session)
        if replay.moment is None:
            show_charts_at(self.console, moment.step)
            return
        replay.moment = self._moment = moment
        self.console.jump(DASHBOARD)

    def _words_of(self, line: Line) -> str:
        step = log_text.step(line.text.encode())
        if step is not None:
            return str(step)
        time = line_time(line)
        return time.strftime("%Y-%m-%d %H:%M:%S") if time is not None else ""

    def _follow_replay(self) -> None:
        """The console looks at an earlier moment, or is live again: so does this screen."""
        moment = replay_of(self.session).moment
        if moment == self._moment:
            return
        self._moment = moment
        self._view.state = self._state()
        if moment is not None:
            self.go_to(step=moment.step, time=moment.time)
        else:
            self.do_log_follow()

    # Out.

    def hint_words(self, key: Key) -> str:
        """An alert's keys are for the one that led here."""
        of_alert = key.id in ("alert.acknowledge", "runbook.open")
        return "" if of_alert and not self.console.trail.alert else key.words

    def copy_text(self) -> str:
        """The answer and the lines that stand on the screen, each in full as far as it was read."""
        return "\n".join([log_lines.answer(self._picture.scan)[0], "", *self._shown_lines()]) + "\n"

    def export_texts(self) -> dict[str, str]:
        """The lines that stand on the screen, uncut, beside the picture of it."""
        return {"lines.log": "\n".join(self._shown_lines()) + "\n"}

    def _shown_lines(self) -> Sequence[str]:
        sourced = self._picture.chosen is None
        return [f"{line.source}: {line.text}" if sourced else line.text for line in self._view.shown()]
