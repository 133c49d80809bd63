"""Lines that belong together: a stamped line and the unstamped ones after it (a traceback), as one group.

Groups are what is merged and filtered, so that a traceback is never torn from its line. Trap avoided: a file
without any time stamp as one group of a gigabyte; a group is cut after `GROUP_LINES`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from core.logs.file import LogFile
from core.logs.lines import NO_TIME, UNKNOWN_TIME, Level, RawLine, level, stamp
from core.logs.matches import Matches

GROUP_LINES = 400
_PROBE = 1 << 16


@dataclass(frozen=True, slots=True)
class Group:
    time: float
    """Epoch seconds of its first line; `NO_TIME` where no stamp stands before it, or `UNKNOWN_TIME`."""
    lines: tuple[RawLine, ...]
    level: Level
    """Of its worst line."""

    @property
    def start(self) -> int:
        return self.lines[0].start

    @property
    def end(self) -> int:
        return self.lines[-1].end


def has_stamps(file: LogFile) -> bool:
    """Whether any line near the file's start or end has a time stamp."""
    size = file.end
    starts = (0, max(0, size - _PROBE)) if size > _PROBE else (0,)
    return any(
        stamp(line) is not None
        for start in starts
        for line in file.read(start, min(size, start + _PROBE)).split(b"\n")
    )


def forward(file: LogFile, offset: int) -> Iterator[Group]:
    """The groups from `offset` on; a group that began before `offset` gives the time to its rest."""
    time = NO_TIME
    lines: list[RawLine] = []
    for line in file.forward(offset):
        moment = stamp(line.data)
        if lines and (moment is not None or not file.stamped or len(lines) == GROUP_LINES):
            yield _group(file, time, lines)
            lines = []
        if moment is not None:
            time = moment
        elif not lines and time == NO_TIME and file.stamped:
            time = time_before(file, line.start)
        lines.append(line)
    if lines:
        yield _group(file, time, lines)


def backward(file: LogFile, offset: int) -> Iterator[Group]:
    """The groups before `offset`, newest first."""
    lines: list[RawLine] = []
    for line in file.backward(offset):
        lines.append(line)
        moment = stamp(line.data)
        if moment is not None or not file.stamped or len(lines) == GROUP_LINES:
            time = moment if moment is not None else time_before(file, line.start)
            yield _group(file, time, lines[::-1])
            lines = []
    if lines:
        yield _group(file, NO_TIME, lines[::-1])


def matching_forward(file: LogFile, offset: int, matches: Matches) -> Iterator[Group]:
    """The groups from `offset` on of which a line matches."""
    place = matches.at_or_after(offset)
    while place is not None:
        group = group_at(file, place)
        yield group
        place = matches.at_or_after(max(group.end, place + 1))


def matching_backward(file: LogFile, offset: int, matches: Matches) -> Iterator[Group]:
    """The groups before `offset` of which a line matches, newest first."""
    place = matches.before(offset)
    while place is not None:
        group = group_at(file, place)
        yield group
        place = matches.before(min(group.start, place))


def group_at(file: LogFile, offset: int) -> Group:
    """The group that holds the line at `offset`."""
    start = head(file, offset)
    for group in forward(file, start):
        if group.end > offset:
            return group
    return Group(NO_TIME, (RawLine(offset, offset, b""),), "plain")


def head(file: LogFile, offset: int) -> int:
    """The start of the group that holds the line at `offset`."""
    first = next(file.forward(offset), None)
    if not file.stamped or first is None or stamp(first.data) is not None:
        return offset
    start = offset
    for count, line in enumerate(file.backward(offset)):
        if count >= GROUP_LINES:
            return offset
        start = line.start
        if stamp(line.data) is not None:
            break
    return start


def time_before(file: LogFile, offset: int) -> float:
    """The time stamp that a line at `offset` without one of its own inherits."""
    if not file.stamped:
        return NO_TIME
    for count, line in enumerate(file.backward(offset)):
        moment = stamp(line.data)
        if moment is not None:
            return moment
        if count >= 4 * GROUP_LINES:
            return UNKNOWN_TIME
    return NO_TIME


def _group(file: LogFile, time: float, lines: list[RawLine]) -> Group:
    if lines[0].start == 0 and file.event:
        lines = [RawLine(0, 0, file.event.encode(), event=True), *lines]
    levels = {level(line.data) for line in lines if not line.event}
    worst: Level = "error" if "error" in levels else "warning" if "warning" in levels else "plain"
    return Group(time, tuple(lines), worst)
