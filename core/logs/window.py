"""The lines around one place, of one file or of several merged by time; what a screen holds of a log.

A place in several files is a `Cut`: one offset per file. Forward of a cut the oldest group comes next, back
of it the newest; each file's own order always stays. Trap avoided: a merge that has to begin at the files'
beginnings to know where it is.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from core.logs import groups
from core.logs.file import LogFile
from core.logs.groups import Group
from core.logs.lines import UNKNOWN_TIME, Level, RawLine, level
from core.logs.matches import Matches
from core.text import visible

Cut = dict[int, int]
"""File order → offset of its first line after the cut; a file that is not in it lies after the cut."""
Filters = Mapping[int, Matches] | None
"""File order → the lines whose groups alone are shown."""

LINES = 1_500
"""Most lines a window holds."""
WINDOW_BYTES = 3 << 20
"""Most text it holds."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line as shown: printable, at most its first 4,096 bytes."""

    file: int
    """The file's `order`."""
    source: str
    start: int
    end: int
    time: float
    """Epoch seconds of its group; not finite where it has none."""
    text: str
    level: Level
    """An unstamped line has that of the line it belongs to."""
    head: bool
    """The first line of its group."""
    cut: bool
    """There is more of it than `text`."""


@dataclass(frozen=True, slots=True)
class Window:
    """Consecutive lines. `base` numbers the first one: it moves with what is added or dropped before it, so
    that `base` + index stays with its line for as long as `epoch` stays."""

    lines: tuple[Line, ...] = ()
    first: Cut | None = None
    last: Cut | None = None
    at_start: bool = True
    at_end: bool = True
    base: int = 0
    epoch: int = 0
    target: int | None = None
    """The number of the line that was asked for last."""
    jump: int = 0
    """Rises with each `target`: the screen goes there once."""
    number: int | None = None
    """How many lines stand before the first one; None while unknown."""
    total: int | None = None
    place: float = 0.0
    """Share of the files' bytes that stand before it."""

    def cut_at(self, index: int) -> Cut:
        """The cut before the line at `index`; only where a group begins is it exact."""
        cut = dict(self.last or {})
        for line in reversed(self.lines[index:]):
            cut[line.file] = line.start
        return cut


def read_forward(
    files: Sequence[LogFile], cut: Cut, count: int, filters: Filters = None
) -> tuple[list[Line], Cut, bool]:
    """At least `count` lines from `cut` on, whole groups; the cut after them; whether they are the last."""
    out: list[Line] = []
    after = {file.order: cut.get(file.order, 0) for file in files}
    streams = [_keyed(file, _forward(file, after[file.order], filters), 1) for file in files]
    size = 0
    for _time, _order, file, group in heapq.merge(*streams, key=_key):
        if len(out) >= count or size > WINDOW_BYTES // 2:
            return out, after, False
        out += shown(file, group)
        size += sum(len(line.data) for line in group.lines)
        after[file.order] = group.end if group.end <= file.end else group.lines[-1].start
    return out, after, True


def read_backward(
    files: Sequence[LogFile], cut: Cut, count: int, filters: Filters = None
) -> tuple[list[Line], Cut, bool]:
    """At least `count` lines before `cut`, whole groups; the cut before them; whether they are the first."""
    found: list[list[Line]] = []
    lines = size = 0
    before = {file.order: cut.get(file.order, 0) for file in files}
    streams = [_keyed(file, _backward(file, before[file.order], filters), -1) for file in files]
    at_start = True
    for _time, _order, file, group in heapq.merge(*streams, key=_key):
        if lines >= count or size > WINDOW_BYTES // 2:
            at_start = False
            break
        found.append(shown(file, group))
        lines += len(found[-1])
        size += sum(len(line.data) for line in group.lines)
        before[file.order] = group.start
    return [line for part in reversed(found) for line in part], before, at_start


def end_of(files: Sequence[LogFile]) -> Cut:
    """The cut after everything."""
    return {file.order: file.visible_end for file in files}


def trimmed(window: Window, *, keep_end: bool) -> Window:
    """At most `LINES` lines and `WINDOW_BYTES` of text; whole groups go, from the far side."""
    lines = window.lines
    size = sum(len(line.text) for line in lines)
    drop = 0
    order = lines if keep_end else lines[::-1]
    while len(lines) - drop > LINES or (size > WINDOW_BYTES and drop < len(lines) // 2):
        size -= len(order[drop].text)
        drop += 1
    if not drop:
        return window
    if keep_end:
        while drop < len(lines) and not lines[drop].head:
            drop += 1
        first = window.cut_at(drop)
        return replace(window, lines=lines[drop:], first=first, base=window.base + drop, at_start=False)
    stop = len(lines) - drop
    while stop > 0 and not lines[stop].head:
        stop -= 1
    return replace(window, lines=lines[:stop], last=window.cut_at(stop), at_end=False)


def line_time(line: Line) -> datetime | None:
    """The line's time, UTC; None without one."""
    return datetime.fromtimestamp(line.time, UTC) if math.isfinite(line.time) else None


def shown(file: LogFile, group: Group) -> list[Line]:
    """The group's lines, printable."""
    out: list[Line] = []
    tone: Level = "plain"
    for index, raw in enumerate(group.lines):
        if not raw.event:
            own = level(raw.data)
            tone = own if own != "plain" or index == 0 else tone
        out.append(_line(file, group, raw, tone, head=index == 0))
    return out


def _line(file: LogFile, group: Group, raw: RawLine, tone: Level, *, head: bool) -> Line:
    text = visible(raw.data.decode("utf-8", "replace"), 2 * len(raw.data) + 1)
    return Line(
        file.order,
        file.source,
        raw.start,
        raw.end,
        group.time,
        text,
        "event" if raw.event else tone,
        head,
        raw.cut,
    )


_Keyed = tuple[float, int, LogFile, Group]


def _key(entry: _Keyed) -> tuple[float, int]:
    return entry[0], entry[1]


def _keyed(file: LogFile, stream: Iterator[Group], sign: int) -> Iterator[_Keyed]:
    """With what it is merged by; what has no time goes with what stands next to it in its file."""
    for group in stream:
        time = -math.inf if group.time == UNKNOWN_TIME else sign * group.time
        yield time, sign * file.order, file, group


def _forward(file: LogFile, offset: int, filters: Filters) -> Iterator[Group]:
    if filters is None:
        return groups.forward(file, offset)
    return groups.matching_forward(file, offset, filters[file.order])


def _backward(file: LogFile, offset: int, filters: Filters) -> Iterator[Group]:
    if filters is None:
        return groups.backward(file, offset)
    return groups.matching_backward(file, offset, filters[file.order])
