"""To the next or previous line of a kind, over several files by time.

Trap avoided: the nearest hit that is known so far taken for the nearest there is; `searched` says whether all
that lies between was looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from core.logs import groups
from core.logs.file import LogFile
from core.logs.index import LogIndex
from core.logs.matches import Backscan, Matches
from core.logs.window import Cut, Filters, Line

Lookup = Callable[[LogFile, int, int], int | None]
"""(file, offset, direction) → the first line at or after the offset (+1), the last one before it (-1)."""
Places = Sequence[tuple[LogFile, int]]
"""For each file the offset from which to look on."""


def found_lookup(scans: Mapping[int, Matches]) -> Lookup:
    """Lines that a search found."""

    def lookup(file: LogFile, offset: int, direction: int) -> int | None:
        scan = scans.get(file.order)
        if scan is None:
            return None
        return scan.at_or_after(offset) if direction > 0 else scan.before(offset)

    return lookup


def fault_lookup(indexes: Mapping[int, LogIndex]) -> Lookup:
    """Errors, tracebacks and alerts."""

    def lookup(file: LogFile, offset: int, direction: int) -> int | None:
        index = indexes.get(file.order)
        if index is None:
            return None
        return index.fault_at_or_after(offset) if direction > 0 else index.fault_before(offset)

    return lookup


def places(
    files: Sequence[LogFile], line: Line, cut: Cut, direction: int, *, here: bool, whole_groups: bool
) -> Places:
    """From `line`, at `cut`, on. `here`: the line itself counts; `whole_groups`: none of its group does."""
    out: list[tuple[LogFile, int]] = []
    for file in files:
        offset = cut.get(file.order, 0)
        if file.order == line.file:
            group = groups.group_at(file, line.start) if whole_groups else None
            if direction > 0:
                offset = line.start if here else group.end if group else line.start + 1
            else:
                offset = max(line.end, line.start + 1) if here else group.start if group else line.start
        out.append((file, offset))
    return out


def ends(files: Sequence[LogFile], direction: int) -> Places:
    """From the very beginning on (+1), or from the very end back."""
    return [(file, 0 if direction > 0 else file.visible_end) for file in files]


def nearest(begin: Places, lookup: Lookup, direction: int, filters: Filters) -> tuple[LogFile, int] | None:
    """The first hit by time (+1), or the last one before (-1), of those that the filter lets through."""
    hits = []
    for file, offset in begin:
        start = _shown(file, lookup, offset, direction, filters)
        if start is not None:
            hits.append((groups.group_at(file, start).time, file.order, file, start))
    if not hits:
        return None
    best = (min if direction > 0 else max)(hits, key=lambda hit: hit[:2])
    return best[2], best[3]


def searched(begin: Places, scans: Mapping[int, Matches] | Mapping[int, LogIndex], direction: int) -> bool:
    """Whether all that lies in that direction was looked at."""
    for file, offset in begin:
        scan: Backscan | None = scans.get(file.order)
        if scan is not None and scan.low > (offset if direction > 0 else 0):
            return False
    return True


def _shown(file: LogFile, lookup: Lookup, offset: int, direction: int, filters: Filters) -> int | None:
    start = lookup(file, offset, direction)
    while start is not None and filters is not None:
        group = groups.group_at(file, start)
        kept = filters[file.order].at_or_after(group.start)
        if kept is not None and kept < group.end:
            break
        start = lookup(file, group.end if direction > 0 else group.start, direction)
    return start
