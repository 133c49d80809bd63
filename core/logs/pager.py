"""The window of a run's logs that is shown: read around a place, extended at both ends, put at a line.

Trap avoided: a window that jumps when its files are read again; it is built around the same line, or the same
time where that line is gone.
"""

from __future__ import annotations

import math
from dataclasses import replace

from core.logs import groups
from core.logs.book import LogBook
from core.logs.file import LogFile
from core.logs.index import LogIndex
from core.logs.seek import offset_of_time
from core.logs.window import (
    LINES,
    Cut,
    Filters,
    Line,
    Window,
    end_of,
    read_backward,
    read_forward,
    trimmed,
)

AROUND = 300
"""Lines before the place that a window is read around."""
_MORE = 400
_REBUILT = 200


class LogPager:
    """`cursor` is the number of the line the reader is at; `following` keeps the window at the end."""

    def __init__(self, book: LogBook) -> None:
        self.book = book
        self.name: str | None = None
        """The file that is shown; None: all that carry times."""
        self.window = Window()
        self.following = True
        self.cursor = 0
        self._indexes: dict[int, LogIndex] = {}
        self._seen: dict[int, int] = {}
        """File order → its generation when the window was read."""

    @property
    def filters(self) -> Filters:
        """What each shown file is filtered by; None: nothing is."""
        return None

    @property
    def files(self) -> list[LogFile]:
        return self.book.files(self.name)

    @property
    def line(self) -> Line | None:
        """The line at the cursor."""
        lines = self.window.lines
        if not lines:
            return None
        index = len(lines) - 1 if self.following else self.cursor - self.window.base
        return lines[max(0, min(index, len(lines) - 1))]

    # Moving.

    def to_end(self) -> None:
        self.following = True
        files = self.files
        lines, first, at_start = read_backward(files, end_of(files), _MORE, self.filters)
        last = {file.order: file.end for file in files}
        self._put(lines, first, last, at_start=at_start, at_end=True, target=len(lines) - 1)

    def to_start(self) -> None:
        self.following = False
        self._show({})

    def extend(self, direction: int) -> None:
        """Read on past the window's last line (+1) or its first (-1); the far side is let go."""
        window = self.window
        if direction > 0 and not window.at_end and window.last is not None:
            more, last, at_end = read_forward(self.files, window.last, _MORE, self.filters)
            joined = replace(window, lines=window.lines + tuple(more), last=last, at_end=at_end)
            self.window = trimmed(joined, keep_end=True)
        elif direction < 0 and not window.at_start and window.first is not None:
            more, first, at_start = read_backward(self.files, window.first, _MORE, self.filters)
            joined = replace(
                window,
                lines=tuple(more) + window.lines,
                first=first,
                at_start=at_start,
                base=window.base - len(more),
            )
            self.window = trimmed(joined, keep_end=False)
        self.count()

    # Inside.

    def _index(self, file: LogFile) -> LogIndex:
        index = self._indexes.get(file.order)
        if index is None:
            index = self._indexes[file.order] = LogIndex(file)
        return index

    def _cut_before(self, line: Line) -> Cut:
        index = self.window.lines.index(line)
        while index > 0 and not self.window.lines[index].head:
            index -= 1
        return self.window.cut_at(index)

    def _cut_at_time(self, time: float) -> Cut:
        return {file.order: offset_of_time(file, time) if file.stamped else 0 for file in self.files}

    def _show(self, cut: Cut, line: Line | None = None) -> None:
        """The lines around `cut`; the target is `line`, else the first one after the cut."""
        files = self.files
        before, first, at_start = read_backward(files, cut, AROUND, self.filters)
        after, last, at_end = read_forward(files, cut, _MORE, self.filters)
        lines = before + after
        target = min(len(before), len(lines) - 1)
        if line is not None:
            for index, each in enumerate(lines):
                if (each.file, each.start) == (line.file, line.start) and each.level != "event":
                    target = index
        self._put(lines, first, last, at_start=at_start, at_end=at_end, target=target)

    def _show_again(self) -> None:
        line = self.line
        if line is None or not math.isfinite(line.time):
            self.to_end()
        elif self._seen.get(line.file) == next(
            (file.generation for file in self.files if file.order == line.file), None
        ):
            self._show(self._cut_before(line), line)
        else:
            self._show(self._cut_at_time(line.time), line)

    def _put(
        self, lines: list[Line], first: Cut, last: Cut, *, at_start: bool, at_end: bool, target: int
    ) -> None:
        self._seen = {file.order: file.generation for file in self.files}
        searched = all(scan.done for scan in (self.filters or {}).values())
        self.window = Window(
            lines=tuple(lines),
            first=first,
            last=last,
            at_start=at_start and searched,
            at_end=at_end,
            base=0,
            epoch=self.window.epoch + 1,
            target=target if lines else None,
            jump=self.window.jump + 1,
        )
        self.cursor = max(0, target)
        self.count()

    def _read_end_again(self) -> None:
        """The newest lines once more: a traceback goes on, half a line was completed, lines came."""
        window = self.window
        row = max(0, len(window.lines) - _REBUILT)
        while row > 0 and not window.lines[row].head:
            row -= 1
        fresh, last, at_end = read_forward(self.files, window.cut_at(row), LINES, self.filters)
        joined = replace(window, lines=window.lines[:row] + tuple(fresh), last=last, at_end=at_end)
        self.window = trimmed(joined, keep_end=False)
        self.count()

    def count(self) -> None:
        """Line numbers, where the files are gone through; the place in bytes, always."""
        window, files = self.window, self.files
        if window.first is None:
            return
        number: int | None = 0
        total = 0
        for file in files:
            before = self._index(file).line_number(window.first.get(file.order, 0))
            number = None if before is None or number is None else number + before
            total += self._index(file).lines
        size = sum(file.end for file in files)
        ahead = sum(min(file.end, window.first.get(file.order, 0)) for file in files)
        self.window = replace(
            window,
            number=None if self.filters is not None else number,
            total=None if number is None else total,
            place=ahead / size if size else 0.0,
        )

    def _go(self, file: LogFile, start: int) -> None:
        """To the line at `start`: within the window where it is there, else in a new one."""
        self.following = False
        for index, line in enumerate(self.window.lines):
            if (line.file, line.start) == (file.order, start) and line.level != "event":
                self.cursor = self.window.base + index
                self.window = self._aimed()
                return
        group = groups.group_at(file, start)
        cut = self._cut_at_time(group.time) if math.isfinite(group.time) else {}
        cut[file.order] = group.start
        wanted = Line(file.order, file.source, start, start, group.time, "", "plain", False, False)
        self._show(cut, wanted)

    def _aimed(self) -> Window:
        return replace(self.window, target=self.cursor, jump=self.window.jump + 1)
