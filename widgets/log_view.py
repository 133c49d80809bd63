"""A bounded log pane: follows the newest line or stays where the reader is, pauses, finds, colours severity.

Traps avoided: a log widget without a cap (149 MB per 40,000 lines), a repaint per line (lines are drawn in
batches, at most twice a second), and a view that slides away under the reader when old lines are dropped.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from textual import events
from textual.message import Message
from textual.timer import Timer

from widgets.lines import LineWidget, Row, Span, framed, wrapped

CAP = 5_000
BATCH_SECONDS = 0.5
_STAMP = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d\S*")
_LEVEL = re.compile(r"\[(DEBUG|INFO|WARNING|ERROR|CRITICAL)\]")
_TONES = {"WARNING": "warning", "ERROR": "critical", "CRITICAL": "critical"}
_SIDEWAYS = 16


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line, printable (`core.text.visible`), and the short name of where it came from."""

    text: str
    source: str = ""
    tone: str = "plain"


def severity(text: str, previous: str = "plain") -> str:
    """The tone of a line: its `[LEVEL]`'s, critical from a `Traceback` to the next stamped line."""
    level = _LEVEL.search(text[:80])
    if level:
        return _TONES.get(level[1], "plain")
    if text.startswith("Traceback (most recent call last)"):
        return "critical"
    return "plain" if _STAMP.match(text) else previous


class LogView(LineWidget):
    """`add` brings lines; `line` numbers count every line ever added, so dropping old ones moves nothing."""

    DEFAULT_CSS = """
    LogView { width: 1fr; height: 1fr; min-height: 3; }
    """

    class FollowChanged(Message):
        """The view went to the newest line, or left it."""

        def __init__(self, following: bool) -> None:
            super().__init__()
            self.following = following

    def __init__(
        self, title: str = "", *, empty: str = "", id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.title = title
        self.empty = empty
        self.following = True
        self.paused = False
        self.query_text = ""
        self._lines: deque[LogLine] = deque(maxlen=CAP)
        self._waiting: deque[LogLine] = deque(maxlen=CAP)
        self._waited = 0
        self._count = 0
        self._top = 0
        self._left = 0
        self._room = 1
        self._found: int | None = None
        self._timer: Timer | None = None
        self._show_source = False

    # Lines in.

    def add(self, lines: Iterable[LogLine]) -> None:
        """Lines to draw with the next batch: at once, or half a second after the last batch."""
        before = len(self._waiting)
        fresh = list(lines)
        self._waiting.extend(fresh)
        self._waited += len(fresh)
        if fresh and not self.paused and self._timer is None and self.is_attached:
            self._flush()
        elif self.paused and len(self._waiting) != before:
            self.redraw()

    def replace(self, lines: Iterable[LogLine], *, title: str, empty: str, show_source: bool) -> None:
        """Start over with other lines: another file."""
        self._lines.clear()
        self._waiting.clear()
        self._waited = self._count = self._top = self._left = 0
        self._found = None
        self.following = True
        self.title, self.empty, self._show_source = title, empty, show_source
        self._take(lines)
        self.redraw()

    def pause(self, paused: bool) -> None:
        """Hold the display still; lines wait, the newest `CAP` of them."""
        self.paused = paused
        if not paused:
            self._flush()
        self.redraw()

    def on_mount(self) -> None:
        if self._waiting and not self.paused:
            self._flush()

    def _flush(self) -> None:
        if self._waiting:
            self._count += max(0, self._waited - len(self._waiting))
            waiting, self._waiting = list(self._waiting), deque(maxlen=CAP)
            self._waited = 0
            self._take(waiting)
            self.redraw()
        self._timer = self.set_timer(BATCH_SECONDS, self._cooled) if self.is_attached else None

    def _cooled(self) -> None:
        self._timer = None
        if self._waiting and not self.paused:
            self._flush()

    def _take(self, lines: Iterable[LogLine]) -> None:
        for line in lines:
            self._lines.append(line)
            self._count += 1

    # Moving.

    @property
    def first(self) -> int:
        """The number of the oldest line that is still there."""
        return self._count - len(self._lines)

    @property
    def page_size(self) -> int:
        return self._room

    def move(self, lines: int) -> None:
        """Scroll; upwards leaves the newest line, reaching the end follows again."""
        end = max(self.first, self._count - self._room)
        top = end if self.following else self._top
        self._go(top + lines)

    def move_sideways(self, steps: int) -> None:
        """Show long lines further to the right (or back)."""
        longest = max((cell_len(line.text) for line in self._shown()), default=0)
        self._left = max(0, min(self._left + steps * _SIDEWAYS, max(0, longest - _SIDEWAYS)))
        self.redraw()

    def to_top(self) -> None:
        self._go(self.first)

    def to_end(self) -> None:
        self._follow(True)
        self.redraw()

    def _go(self, top: int) -> None:
        end = max(self.first, self._count - self._room)
        self._top = max(self.first, min(top, end))
        self._follow(top >= end)
        self.redraw()

    def _follow(self, following: bool) -> None:
        if following != self.following:
            self.following = following
            self.post_message(self.FollowChanged(following))

    # Finding.

    def find(self, text: str) -> int:
        """Mark `text` (case does not matter) and go to its newest occurrence; how many lines hold it."""
        self.query_text = text.casefold()
        self._found = None
        matches = self._matches()
        if matches:
            self._go_to_match(matches[-1])
        else:
            self.redraw()
        return len(matches)

    def find_next(self, step: int) -> bool:
        """To the next (+1) or previous (-1) line that holds the text, around the ends; False: none."""
        matches = self._matches()
        if not matches:
            return False
        here = self._found if self._found is not None else self._count
        later = [number for number in matches if number > here]
        earlier = [number for number in matches if number < here]
        target = (
            (later[0] if later else matches[0]) if step > 0 else (earlier[-1] if earlier else matches[-1])
        )
        self._go_to_match(target)
        return True

    def _matches(self) -> list[int]:
        if not self.query_text:
            return []
        return [
            self.first + index
            for index, line in enumerate(self._lines)
            if self.query_text in line.text.casefold()
        ]

    def _go_to_match(self, number: int) -> None:
        self._found = number
        self._go(number - self._room // 2)

    # Drawing.

    def rows(self, width: int, height: int) -> Sequence[Row]:
        self._room = max(1, height - 2)
        end = max(self.first, self._count - self._room)
        self._top = end if self.following else max(self.first, min(self._top, end))
        if not self._lines:
            return framed(self.title, self._state(), wrapped(self.empty, width - 4), width, height)
        source_width = max((len(line.source) for line in self._lines), default=0) if self._show_source else 0
        body = [
            self._line(line, width - 4, source_width, self._top + index)
            for index, line in enumerate(self._shown())
        ]
        return framed(self.title, self._state(), body, width, height)

    def _shown(self) -> list[LogLine]:
        start = self._top - self.first
        return [self._lines[i] for i in range(start, min(start + self._room, len(self._lines)))]

    def _state(self) -> list[Span]:
        last = min(self._top + self._room, self._count)
        place: Span = (f"line {last:,} of {self._count:,}", "dim")
        if self.paused:
            return [place, (f"  paused, {self._waited:,} new", "warning-bold")]
        return [place, ("  following", "dim")] if self.following else [place, ("  G follows", "accent")]

    def _line(self, line: LogLine, width: int, source_width: int, number: int) -> list[Span]:
        spans: list[Span] = []
        if source_width:
            spans.append((line.source.ljust(source_width) + " ", "dim"))
        text = _from_cell(line.text, self._left)
        stamp = _STAMP.match(text) if self._left == 0 else None
        cut = stamp.end() if stamp else 0
        if not self.query_text:
            return [*spans, (text[:cut], "dim"), (text[cut:], line.tone)]
        return [
            *spans,
            *self._marked(text[:cut], "dim", number),
            *self._marked(text[cut:], line.tone, number),
        ]

    def _marked(self, text: str, tone: str, number: int) -> list[Span]:
        """The occurrences of the text that is looked for, marked; the current line's stronger."""
        found = "found" if number == self._found else "accent"
        parts = re.split(f"({re.escape(self.query_text)})", text, flags=re.IGNORECASE)
        return [(part, found if part.casefold() == self.query_text else tone) for part in parts if part]

    def on_resize(self, event: events.Resize) -> None:
        super().on_resize(event)
        self._room = max(1, self.size.height - 2)


def _from_cell(text: str, start: int) -> str:
    """`text` from the cell `start` on; half a wide character becomes a blank."""
    if start <= 0:
        return text
    if text.isascii():
        return text[start:]
    used = 0
    for index, char in enumerate(text):
        if used >= start:
            return " " * (used - start) + text[index:]
        used += cell_len(char)
    return ""
