"""Which lines of a file match: found block by block, newest first, kept as offsets, growing with the file.

Traps avoided: a search that holds the screen until a gigabyte is read (one `work` is one block), one that
keeps the lines it found (only their offsets, up to `CAP`), and one that the file's growth makes stale.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable

from core.logs.file import LogFile

BLOCK = 1 << 18
CAP = 500_000
"""Offsets kept per file; of more matches the oldest are only counted."""
_OVERLAP = 1024

Finder = Callable[[bytes, int], Iterable[int]]
"""(bytes, how many of them count) → the places of matches, rising, at most one per line."""


class Backscan:
    """Visits a file's bytes once each: from its end to its start, and what is appended meanwhile first."""

    def __init__(self, file: LogFile) -> None:
        self.file = file
        self.generation = file.generation
        self.low = self.high = file.end
        """The bytes between these were visited."""

    @property
    def done(self) -> bool:
        same = self.generation == self.file.generation
        return same and self.low == 0 and self.high >= self.file.end

    @property
    def share(self) -> float:
        """Of the file that was visited, 0 to 1."""
        return (self.high - self.low) / self.file.end if self.file.end else 1.0

    def work(self) -> bool:
        """Visit one block; False when there is none left. Raises Moved, OSError."""
        if self.generation != self.file.generation:
            self.generation = self.file.generation
            self.low = self.high = self.file.end
            self.restart()
        if self.high < self.file.end:
            begin = self.high
            end = min(self.file.end, (begin // BLOCK + 1) * BLOCK)
            self._visit(begin, end, newer=True)
            self.high = end
        elif self.low > 0:
            begin = (self.low - 1) // BLOCK * BLOCK
            self._visit(begin, self.low, newer=False)
            self.low = begin
        else:
            return False
        return True

    def _visit(self, begin: int, end: int, *, newer: bool) -> None:
        data = self.file.read(begin, min(self.file.end, end + _OVERLAP))
        self.visit(begin, data, end - begin, newer=newer)

    def visit(self, begin: int, data: bytes, length: int, *, newer: bool) -> None:
        """The bytes from `begin` on: `length` of them count, the rest is there for what crosses the end."""

    def restart(self) -> None:
        """The file's content was replaced: forget everything."""


class Offsets:
    """Starts of lines, added in runs at either end, looked up in order."""

    def __init__(self) -> None:
        self.count = 0
        """How many there are, also of those that are not kept."""
        self._older = array("q")
        """Falling: each run found further back."""
        self._newer = array("q")

    @property
    def dropped(self) -> int:
        return self.count - len(self._older) - len(self._newer)

    def add(self, starts: list[int], *, newer: bool) -> None:
        """`starts` rising; the same line again at the seam of two blocks counts once."""
        if not starts:
            return
        if newer:
            if starts[0] in (self._newer[-1:] or self._older[:1]):
                starts = starts[1:]
            self._newer.extend(starts)
        else:
            if starts[-1] in (self._older[-1:] or self._newer[:1]):
                starts = starts[:-1]
            if len(self._older) + len(self._newer) < CAP:
                self._older.extend(reversed(starts))
        self.count += len(starts)

    def at_or_after(self, offset: int) -> int | None:
        # `_older` falls, so its place is looked up with the order turned.
        place = bisect_left(self._older, -offset + 1, key=lambda start: -start)
        if place > 0:
            return self._older[place - 1]
        place = bisect_left(self._newer, offset)
        return self._newer[place] if place < len(self._newer) else None

    def before(self, offset: int) -> int | None:
        place = bisect_left(self._newer, offset)
        if place > 0:
            return self._newer[place - 1]
        place = bisect_left(self._older, -offset + 1, key=lambda start: -start)
        return self._older[place] if place < len(self._older) else None


class Matches(Backscan):
    """The lines of one file in which `find` finds something."""

    def __init__(self, file: LogFile, find: Finder) -> None:
        super().__init__(file)
        self._find = find
        self._offsets = Offsets()

    @property
    def count(self) -> int:
        return self._offsets.count

    @property
    def dropped(self) -> int:
        """Matches that are counted but cannot be gone to: the oldest of more than `CAP`."""
        return self._offsets.dropped

    def at_or_after(self, offset: int) -> int | None:
        """The first matching line that starts at `offset` or later."""
        return self._offsets.at_or_after(offset)

    def before(self, offset: int) -> int | None:
        """The last matching line that starts before `offset`."""
        return self._offsets.before(offset)

    def visit(self, begin: int, data: bytes, length: int, *, newer: bool) -> None:
        self._offsets.add(starts(self.file, begin, data, self._find(data, length)), newer=newer)

    def restart(self) -> None:
        self._offsets = Offsets()


def starts(file: LogFile, begin: int, data: bytes, places: Iterable[int]) -> list[int]:
    """The starts of the lines that hold `places`, places in `data`, which begins at `begin` in the file."""
    out: list[int] = []
    for place in places:
        found = data.rfind(b"\n", 0, place)
        start = begin + found + 1 if found >= 0 or begin == 0 else file.line_start(begin + place)
        if not out or out[-1] != start:
            out.append(start)
    return out


def text_finder(text: str) -> Finder:
    """Finds `text` as a person sees it, letters of either case (of other scripts: as typed, lower, upper)."""
    raw = "".join(chr(ord(char) - 0x2400) if 0x2400 <= ord(char) < 0x2420 else char for char in text)
    needles = {form.encode("utf-8", "replace").lower() for form in (raw, raw.lower(), raw.upper())}

    def find(data: bytes, length: int) -> Iterable[int]:
        lower = data.lower()
        places: set[int] = set()
        for needle in needles:
            places.update(places_of(lower, needle, length))
        return sorted(places)

    return find


def places_of(data: bytes, needle: bytes, length: int) -> list[int]:
    """Where `needle` begins within the first `length` bytes, once per line."""
    out: list[int] = []
    place = data.find(needle)
    while 0 <= place < length:
        out.append(place)
        end = data.find(b"\n", place)
        if end < 0:
            break
        place = data.find(needle, end)
    return out
