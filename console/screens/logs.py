"""The Logs screen: training.log, alerts.log and daily_summary.log, each alone or all by time.

The follower's thread reads the files; this screen takes what is new. Trap avoided: opening a 1 GB log on the
UI thread, and keeping all of it: only the newest lines are there, and the title says which.
"""

from __future__ import annotations

from collections import deque
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input

from console.keys import LOGS
from console.log_tail import LogTail
from console.screens.base import ConsoleScreen
from console.screens.log_lines import LineReader, count_words, merge
from console.snapshot import Snapshot
from core import units
from widgets.flow_line import FlowLine
from widgets.log_view import CAP, LogLine, LogView
from widgets.tone import Tone

_ALL = "all"
_EMPTY = {
    _ALL: "No log line yet. training.log, alerts.log and daily_summary.log of the run stand here, by time.",
    "training.log": "No line in training.log yet: starts, rollouts, checkpoints and errors stand here.",
    "alerts.log": "No line in alerts.log: each alert that fires or resolves is one line here.",
    "daily_summary.log": "No line in daily_summary.log yet: the trainer writes the day's summary here.",
}
_NO_LOGS = "This run is a single file without logs. Open its folder to see training.log here."


class Logs(ConsoleScreen):
    """`tab` goes through the files; `/` finds, `n N` go on, `F` or `G` follow."""

    CSS_PATH = "logs.tcss"
    number: ClassVar[int] = LOGS
    name_shown: ClassVar[str] = "Logs"

    def __init__(self) -> None:
        super().__init__()
        self._seen: dict[str, int] = {}
        self._readers: dict[str, LineReader] = {}
        self._lines: dict[str, deque[LogLine]] = {}
        self._tails: tuple[LogTail, ...] | None = None
        self._chosen = _ALL
        self._found: int | None = None

    def compose_body(self) -> ComposeResult:
        yield FlowLine(id="files")
        yield LogView(_ALL, id="log", empty=_EMPTY[_ALL])
        yield Input(placeholder="find, then enter; esc leaves", id="find", max_length=200)

    def on_mount(self) -> None:
        self.query_one("#find").display = False
        self.answer("reading the logs", "unknown")

    @property
    def _view(self) -> LogView:
        return self.query_one("#log", LogView)

    # Facts.

    def show(self, snapshot: Snapshot) -> None:
        if self.session.logs != self._tails:
            self._start_over(self.session.logs)
        fresh = self._take()
        if fresh[_ALL]:
            self._view.add(fresh[self._chosen])
        self._say_answer()
        self._show_files()

    def _start_over(self, tails: tuple[LogTail, ...]) -> None:
        self._tails = tails
        self._seen = {tail.name: 0 for tail in tails}
        self._readers = {tail.name: LineReader(tail.name.removesuffix(".log")) for tail in tails}
        self._lines = {name: deque(maxlen=CAP) for name in self._names}
        self._choose(_ALL)

    @property
    def _names(self) -> list[str]:
        return [_ALL, *(tail.name for tail in self._tails or ())]

    def _take(self) -> dict[str, list[LogLine]]:
        """The lines that came since the last look, per file and merged."""
        fresh: dict[str, list[LogLine]] = {}
        streams = []
        for tail in self._tails or ():
            self._seen[tail.name], lines = tail.since(self._seen[tail.name])
            stream = self._readers[tail.name].read(lines)
            streams.append(stream)
            fresh[tail.name] = [line for _, line in stream]
        fresh[_ALL] = merge(streams)
        for name, lines_of in fresh.items():
            self._lines.setdefault(name, deque(maxlen=CAP)).extend(lines_of)
        return fresh

    def _say_answer(self) -> None:
        if not self._tails:
            self.answer("no logs: this run is a single file", "unknown")
            return
        lines = self._lines.get(_ALL, deque())
        if not lines:
            self.answer("no log line yet", "unknown")
            return
        errors, warnings = count_words(list(lines))
        tone: Tone = "critical" if errors else "warning" if warnings else "good"
        parts = [
            f"{count} {word}{'s' if count != 1 else ''}"
            for count, word in ((errors, "error"), (warnings, "warning"))
            if count
        ]
        held = "all" if sum(self._seen.values()) <= len(lines) else "the newest"
        self.answer(
            f"{' and '.join(parts) or 'no errors or warnings'} in {held} {units.number(len(lines))} lines",
            tone,
        )

    def _show_files(self) -> None:
        parts = []
        for name in self._names:
            total = sum(self._seen.values()) if name == _ALL else self._seen[name]
            chosen = name == self._chosen
            parts.append(
                [
                    (name, "accent-bold" if chosen else "plain"),
                    (f" {units.number(total)}", "dim"),
                ]
            )
        self.query_one("#files", FlowLine).put(parts if self._tails else [])

    # Which file.

    def _choose(self, name: str) -> None:
        self._chosen = name
        self._found = None
        empty = _EMPTY.get(name, "nothing in this file yet") if self._tails else _NO_LOGS
        self._view.replace(self._lines.get(name, ()), title=name, empty=empty, show_source=name == _ALL)
        self._show_files()

    def do_pane_next(self) -> None:
        self._turn(1)

    def do_pane_previous(self) -> None:
        self._turn(-1)

    def _turn(self, step: int) -> None:
        names = self._names
        self._choose(names[(names.index(self._chosen) + step) % len(names)])

    # Moving.

    def do_move_down(self) -> None:
        self._view.move(1)

    def do_move_up(self) -> None:
        self._view.move(-1)

    def do_page_down(self) -> None:
        self._view.move(self._view.page_size)

    def do_page_up(self) -> None:
        self._view.move(-self._view.page_size)

    def do_move_top(self) -> None:
        self._view.to_top()

    def do_move_end(self) -> None:
        self._view.to_end()

    def do_log_left(self) -> None:
        self._view.move_sideways(-1)

    def do_log_right(self) -> None:
        self._view.move_sideways(1)

    def do_log_follow(self) -> None:
        self._view.to_end()

    def do_display_pause(self) -> None:
        self.console.do_display_pause()
        self._view.pause(self.console.paused)

    # Finding.

    def do_log_find(self) -> None:
        field = self.query_one("#find", Input)
        field.display = True
        field.value = ""
        field.focus()

    def do_log_next(self) -> None:
        self._go_on(1)

    def do_log_previous(self) -> None:
        self._go_on(-1)

    def _go_on(self, step: int) -> None:
        if not self._view.query_text:
            self.console.say("nothing to look for yet: / asks", "warning")
        elif not self._view.find_next(step):
            self.console.say("not found in the lines that are here", "warning")

    @on(Input.Submitted, "#find")
    def _find(self, event: Input.Submitted) -> None:
        event.stop()
        self._close_find()
        text = event.value.strip()
        count = self._view.find(text)
        if text:
            self.console.say(
                f"{count} line{'s' if count != 1 else ''} found" if count else "not found",
                "good" if count else "warning",
            )

    def on_back(self) -> bool:
        if self.query_one("#find").display:
            self._close_find()
            return True
        if self._view.query_text:
            self._view.find("")
            return True
        return False

    def _close_find(self) -> None:
        field = self.query_one("#find", Input)
        field.display = False
        self.set_focus(None)
