"""What one reader of a run's logs sees: a window of lines, moved, followed, filtered and searched.

Every method reads files and returns soon (one window, one block of a search). The caller calls from one
thread, `work` again and again while it says that there is more. Trap avoided: a search or count that is not
through yet told as if it were; `scan` and `found` say how far they are.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime

from core.logs import groups, jumps
from core.logs.book import NAMES, LogBook
from core.logs.facts import Hunt, Scan, SourceFacts, hunt_of, scan_of
from core.logs.matches import Matches, text_finder
from core.logs.pager import AROUND, LogPager
from core.logs.seek import offset_of_step
from core.logs.target import Target
from core.logs.window import Filters

_APPENDED_BLOCKS = 16


class LogViewer(LogPager):
    """A pager that looks for text and faults, and looks at the files again."""

    def __init__(self, book: LogBook) -> None:
        super().__init__(book)
        self._time_shown: float | None = None
        """Of the line that the reader left for another file, which may be empty."""
        self.wrapped = False
        """The last jump went around an end."""
        self._find_text = ""
        self._find: dict[int, Matches] = {}
        self._filter_text = ""
        self._filter: dict[int, Matches] = {}

    # What there is.

    @property
    def sources(self) -> tuple[SourceFacts, ...]:
        return tuple(
            SourceFacts(
                source.name,
                source.bytes,
                sum(self._index(part).lines for part in source.parts),
                source.note,
                source.stamped,
            )
            for source in self.book.sources
        )

    @property
    def scan(self) -> Scan:
        """Over all files, shown or not."""
        return scan_of([self._index(part) for source in self.book.sources for part in source.parts])

    @property
    def found(self) -> Hunt:
        return hunt_of(self._find_text, list(self._find.values()))

    @property
    def filtered(self) -> Hunt:
        return hunt_of(self._filter_text, list(self._filter.values()))

    # Looking again.

    def refresh(self, monotonic: float, now: datetime) -> bool:
        """Look at the files; True when anything reads differently."""
        if not self.book.refresh(monotonic, now):
            return False
        orders = {part.order for source in self.book.sources for part in source.parts}
        for scans in (self._indexes, self._find, self._filter):
            for order in [order for order in scans if order not in orders]:
                del scans[order]
        self._match_files()
        for scan in [*self._indexes.values(), *self._filter.values(), *self._find.values()]:
            for _ in range(_APPENDED_BLOCKS):
                if scan.high >= scan.file.end and scan.generation == scan.file.generation:
                    break
                scan.work()
        seen = {file.order: file.generation for file in self.files}
        if self.following or not self.window.lines:
            self.to_end()
        elif any(seen.get(order) != generation for order, generation in self._seen.items()):
            self._show_again()
        elif self.window.at_end:
            self._read_end_again()
        else:
            self.count()
        return True

    def work(self) -> bool:
        """Go through one more block of what is not read yet; False when there is nothing left to do."""
        for scans in (self._filter, self._find, self._indexes):
            for scan in scans.values():
                if not scan.done and scan.work():
                    return True
        return False

    @property
    def filling(self) -> bool:
        """The filtered window may get more lines from what is not searched yet."""
        return bool(self._filter) and len(self.window.lines) < AROUND

    def fill(self) -> None:
        """Read the filtered window again, around the same place."""
        if self.following:
            self.to_end()
        else:
            self._show_again()

    # Moving.

    def choose(self, name: str | None) -> None:
        """Show another file, at the time of the line before."""
        if (line := self.line) is not None and math.isfinite(line.time):
            self._time_shown = line.time
        self.name = name
        self._match_files()
        if self.following or self._time_shown is None:
            self.to_end()
        else:
            self._show(self._cut_at_time(self._time_shown))

    def go_to(self, target: Target, cancelled: Callable[[], bool]) -> bool:
        """To the line of a step, or the first at a time or later. False where no line names such a step."""
        self.following = False
        if target.time is not None:
            self._show(self._cut_at_time(target.time.timestamp()))
            if target.step is not None:
                self._nearest_step(target.step)
            return True
        for file in sorted(self.files, key=lambda file: (file.source != NAMES[0], -file.order)):
            start = offset_of_step(file, target.step or 0, cancelled)
            if start is not None:
                self._go(file, start)
                return True
        return False

    # Searching.

    def find(self, text: str) -> None:
        """Look for `text` in all of the shown files; `jump_found` goes to what was found."""
        self._find_text, self._find = text, {}
        self._match_files()

    def filter(self, text: str) -> None:
        """Show only the groups with a line that holds `text`; empty: all again."""
        line = self.line
        self._filter_text, self._filter = text, {}
        self._match_files()
        for scan in self._filter.values():
            for _ in range(_APPENDED_BLOCKS):
                if not scan.work():
                    break
        if self.following or line is None:
            self.to_end()
        else:
            self._show(self._cut_before(line), line)

    def jump_found(self, direction: int, *, here: bool = False) -> bool | None:
        """To the next (+1) or previous (-1) found line, around the ends; with `here` this line counts.

        False: there is none. None: not known yet, ask again after more `work`.
        """
        line = self.line
        if line is None:
            return False
        begin = jumps.places(
            self.files, line, self._cut_before(line), direction, here=here, whole_groups=False
        )
        known = jumps.searched(begin, self._find, direction)
        lookup = jumps.found_lookup(self._find)
        found = jumps.nearest(begin, lookup, direction, self.filters)
        self.wrapped = False
        if not known and (found is None or direction > 0):
            return None
        if found is None:
            if not all(scan.done for scan in self._find.values()):
                return None
            self.wrapped = True
            found = jumps.nearest(jumps.ends(self.files, direction), lookup, direction, self.filters)
        if found is None:
            return False
        self._go(*found)
        return True

    def jump_fault(self, direction: int) -> bool | None:
        """To the next or previous error, traceback or alert; as `jump_found`, but not around the ends."""
        line = self.line
        if line is None:
            return False
        begin = jumps.places(
            self.files, line, self._cut_before(line), direction, here=False, whole_groups=True
        )
        known = jumps.searched(begin, self._indexes, direction)
        found = jumps.nearest(begin, jumps.fault_lookup(self._indexes), direction, self.filters)
        if not known and (found is None or direction > 0):
            return None
        if found is None:
            return False
        file, start = found
        # Of an error and its traceback, the error.
        first = self._index(file).fault_at_or_after(groups.group_at(file, start).start)
        self._go(file, start if first is None else first)
        return True

    # Inside.

    @property
    def filters(self) -> Filters:
        return self._filter if self._filter_text else None

    def _match_files(self) -> None:
        """A search of each shown file for what is looked for."""
        for text, scans in ((self._find_text, self._find), (self._filter_text, self._filter)):
            for file in self.files if text else ():
                if file.order not in scans:
                    scans[file.order] = Matches(file, text_finder(text))
        for source in self.book.sources:
            for part in source.parts:
                self._index(part)

    def _nearest_step(self, step: int) -> None:
        """Within the window, the line nearest to the target that names exactly `step`."""
        named = (f"Step {step}/", f"step {step:,}", f"step {step}:")
        target = self.cursor - self.window.base
        hits = [
            index for index, line in enumerate(self.window.lines) if any(word in line.text for word in named)
        ]
        if hits:
            best = min(hits, key=lambda index: abs(index - target))
            self.cursor = self.window.base + best
            self.window = self._aimed()
