"""A log pane over a window of lines: a cursor, follow or stay, wrap or sideways, the found text marked.

The window is brought by `show`; near its edges the view asks for more (`Wanted`) and goes on where the reader
is. Traps avoided: a log widget that holds a file (149 MB per 40,000 lines), a view that slides away under the
reader when lines come or go, a long line whose end cannot be reached.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rich.cells import cell_len
from textual import events
from textual.message import Message

from core.logs.window import Line, Window
from core.text import visible
from widgets.lines import LineWidget, Row, Span, framed, wrapped
from widgets.tone import ascii_only
from widgets.wrap import chopped, from_cell

_STAMP = re.compile(r"[\[(]?\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d:\d\d\S*)?")
_TONES = {"plain": "plain", "warning": "warning", "error": "critical", "event": "accent"}
_SIDEWAYS = 16
_EMOJI = str.maketrans(
    {"✅": "✓ ", "❌": "✗ ", "❔": "? ", "❓": "? ", "➖": "– ", "⏳": "… ", "🔴": "■ ", "🟢": "● "}
)
"""Two cells wide on one terminal, one on the next: the documents' daily summary has them."""
_NEAR = 150
"""Lines from the window's edge at which more is asked for."""


class LogView(LineWidget):
    """Line numbers are the window's: they stay with their lines while `Window.epoch` does."""

    DEFAULT_CSS = """
    LogView { width: 1fr; height: 1fr; min-height: 3; }
    """

    class Wanted(Message):
        """The cursor comes near the end (+1) or the start (-1) of the window."""

        def __init__(self, direction: int) -> None:
            super().__init__()
            self.direction = direction

    class Moved(Message):
        """The cursor moved, or the view began or ceased to follow."""

    def __init__(
        self, title: str = "", *, empty: str = "", id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.title = title
        self.empty = empty
        self.window = Window()
        self.following = True
        self.wrap = False
        self.marked = ""
        """The text that is marked where it stands."""
        self.state: Row = ()
        """Said at the title's right, before the place."""
        self.show_source = False
        self.filtered = False
        """Lines between those that are shown are left out."""
        self.follow_key = "G"
        """What the title names for following the newest line again."""
        self.open_key = "enter"
        """What a cut line names for showing more of it."""
        self._cursor = 0
        self._top = 0
        self._left = 0
        self._room = 1
        self._wanted: tuple[int, int] | None = None

    # The window in.

    def show(self, window: Window, *, following: bool) -> None:
        """Another window, or the same one with lines added or dropped at its ends."""
        before = self.window
        if following and not self.following and window.epoch != before.epoch:
            self._stay(window)
            return
        self.window = window
        if window is not before:
            self._wanted = None
        if window.jump != before.jump and window.target is not None:
            self.following = following
            self._go_to(window.target, centred=window.epoch != before.epoch)
        elif window.epoch != before.epoch:
            self.following = following
            self._cursor = self._top = self._last
        self._settle()
        self.redraw()

    def follow(self) -> None:
        """The reader wants the newest line; the window with it may still be on its way."""
        self.following = True
        self._settle()
        self.redraw()

    def _stay(self, window: Window) -> None:
        """Lines came for a view that followed, but the reader has left the end: stay at the line."""
        line = self.line
        if line is None:
            return
        for index, each in enumerate(window.lines):
            if (each.file, each.start, each.level == "event") == (
                line.file,
                line.start,
                line.level == "event",
            ):
                self._top += window.base + index - self._cursor
                self._cursor = window.base + index
                self.window, self._wanted = window, None
                self._settle()
                self.redraw()
                return

    @property
    def _first(self) -> int:
        return self.window.base

    @property
    def _last(self) -> int:
        return self.window.base + max(0, len(self.window.lines) - 1)

    @property
    def cursor(self) -> int:
        """The number of the line at the cursor."""
        return self._last if self.following else self._cursor

    @property
    def line(self) -> Line | None:
        """The line at the cursor."""
        index = self.cursor - self.window.base
        return self.window.lines[index] if 0 <= index < len(self.window.lines) else None

    @property
    def page_size(self) -> int:
        return max(1, self._room - 1)

    def shown(self) -> list[Line]:
        """The lines of which something stands on the screen."""
        start = self._top - self.window.base
        return list(self.window.lines[start : start + self._count_shown()])

    # Moving.

    def move(self, lines: int) -> None:
        """Move the cursor; upwards leaves the newest line, reaching it follows again."""
        here = self.cursor
        if self.following and lines >= 0:
            return
        self._cursor = max(self._first, min(here + lines, self._last))
        following = self.window.at_end and self._cursor >= self._last and lines > 0
        if following != self.following:
            self.following = following
        self._settle()
        self._ask(lines)
        self.post_message(self.Moved())
        self.redraw()

    def page(self, direction: int) -> None:
        """A page up or down; what was at the edge stays in sight."""
        if self.following and direction < 0:
            self._top = max(self._first, self._top - self.page_size)
        elif not self.following:
            self._top += direction * self.page_size
        self.move(direction * self.page_size)

    def move_sideways(self, steps: int) -> None:
        """Show long lines further to the right (or back)."""
        longest = max((cell_len(line.text) for line in self.shown()), default=0)
        self._left = max(0, min(self._left + steps * _SIDEWAYS, max(0, longest - _SIDEWAYS)))
        self.redraw()

    def toggle_wrap(self) -> bool:
        """Long lines over several rows, or cut at the edge; returns whether they wrap now."""
        self.wrap = not self.wrap
        self._left = 0
        self._settle()
        self.redraw()
        return self.wrap

    def _go_to(self, number: int, *, centred: bool) -> None:
        self._cursor = number
        inside = self._top <= number < self._top + self._count_shown()
        if centred or not inside:
            self._top = number - self._room // 2

    def _ask(self, direction: int) -> None:
        for way, near, done in (
            (-1, self._cursor - self._first < _NEAR, self.window.at_start),
            (1, self._last - self._cursor < _NEAR, self.window.at_end),
        ):
            wanted = (self.window.epoch, way)
            if near and not done and way * direction > 0 and self._wanted != wanted:
                self._wanted = wanted
                self.post_message(self.Wanted(way))

    # Layout: which lines stand in the pane.

    @property
    def _text_width(self) -> int:
        width = self.size.width - 4
        return max(8, width - (self._source_width + 1 if self.show_source else 0))

    @property
    def _source_width(self) -> int:
        return max(
            (len(_short(line.source)) for line in self.window.lines[:50] + self.window.lines[-50:]), default=0
        )

    def _height(self, number: int) -> int:
        if not self.wrap:
            return 1
        line = self.window.lines[number - self.window.base]
        return min(self._room, max(1, -(-cell_len(self._text(line)) // self._text_width)))

    def _settle(self) -> None:
        """Bring the top so that the cursor's line stands in the pane, and no rows stay empty below."""
        first, last = self._first, self._last
        if not self.window.lines:
            self._top = first
            return
        self._cursor = max(first, min(self._cursor, last))
        if self.following:
            self._top = self._top_for(last)
            return
        lowest = self._top_for(last)
        self._top = max(first, min(self._top, lowest, self._cursor))
        self._top = max(self._top, self._top_for(self._cursor))

    def _top_for(self, bottom: int) -> int:
        """The least top with which the line `bottom` stands whole in the pane."""
        rows, number = self._height(bottom), bottom
        while number > self._first and rows + self._height(number - 1) <= self._room:
            number -= 1
            rows += self._height(number)
        return number

    def _count_shown(self) -> int:
        rows, count = 0, 0
        for number in range(max(self._top, self._first), self._last + 1):
            if rows >= self._room or not self.window.lines:
                break
            rows += self._height(number)
            count += 1
        return count

    # Drawing.

    def rows(self, width: int, height: int) -> Sequence[Row]:
        self._room = max(1, height - 2)
        self._settle()
        if not self.window.lines:
            return framed(self.title, list(self.state), wrapped(self.empty, width - 4), width, height)
        body: list[list[Span]] = []
        for number in range(self._top, self._last + 1):
            if len(body) >= self._room:
                break
            body += self._line_rows(number)
        return framed(self.title, self._place(), body, width, height, gutter=0)

    def _place(self) -> list[Span]:
        window = self.window
        spans: list[Span] = [*self.state]
        gap = "  " if spans else ""
        if window.number is not None and window.total is not None:
            number = window.number + self.cursor - window.base + 1
            spans.append((f"{gap}line {min(number, window.total):,} of {window.total:,}", "dim"))
        elif window.first is not None and not self.following and not self.filtered:
            spans.append((f"{gap}{100 * window.place:.0f} %", "dim"))
        gap = "  " if spans else ""
        spans.append(
            (f"{gap}following", "dim") if self.following else (f"{gap}{self.follow_key} follows", "accent")
        )
        return spans

    def _line_rows(self, number: int) -> list[list[Span]]:
        line = self.window.lines[number - self.window.base]
        at_cursor = not self.following and number == self._cursor
        mark: Span = ("▸" if not ascii_only() else ">", "accent-bold") if at_cursor else (" ", "dim")
        source: list[Span] = []
        if self.show_source:
            source.append((_short(line.source).ljust(self._source_width) + " ", "dim"))
        text = self._text(line)
        if not self.wrap:
            return [
                [mark, *source, *self._spans(from_cell(text, self._left), line, at_cursor, self._left == 0)]
            ]
        parts = chopped(text, self._text_width)[: self._room]
        indent = " " * sum(len(part) for part, _ in source)
        return [
            [
                mark if index == 0 else (" ", "dim"),
                *(source if index == 0 else [(indent, "dim")]),
                *self._spans(part, line, at_cursor, index == 0),
            ]
            for index, part in enumerate(parts)
        ]

    def _spans(self, text: str, line: Line, at_cursor: bool, from_start: bool) -> list[Span]:
        tone = _TONES[line.level]
        stamp = _STAMP.match(text) if from_start and line.head and line.level != "event" else None
        cut = stamp.end() if stamp else 0
        if not self.marked:
            return [(text[:cut], "dim"), (text[cut:], tone)]
        return [
            *self._marks(text[:cut], "dim", at_cursor),
            *self._marks(text[cut:], tone, at_cursor),
        ]

    def _marks(self, text: str, tone: str, at_cursor: bool) -> list[Span]:
        """The occurrences of the text that is looked for, marked; the cursor's line's stronger."""
        found = "found" if at_cursor else "accent"
        parts = re.split(f"({re.escape(self.marked)})", text, flags=re.IGNORECASE)
        return [(part, found if index % 2 else tone) for index, part in enumerate(parts) if part]

    def _text(self, line: Line) -> str:
        """Printable, again, at the widget's boundary; what is not there is said."""
        text = visible(line.text, len(line.text)).translate(_EMOJI)
        return f"{text} … {line.end - line.start:,} bytes, {self.open_key} shows more" if line.cut else text

    def on_resize(self, event: events.Resize) -> None:
        self._room = max(1, self.size.height - 2)


def _short(source: str) -> str:
    return visible(source, 40).removesuffix(".log").removesuffix("_summary")
