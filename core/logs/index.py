"""What is known of a whole file once it has been gone through: its lines, errors, warnings, alerts.

A sparse index: one line count per block of 256 KB, and the offsets of what a person jumps to. Built block by
block, newest first, so the newest errors are known at once. Trap avoided: a count of a part told as the whole
(`done` and `share` say which it is).
"""

from __future__ import annotations

from array import array

from core.logs.file import LogFile
from core.logs.lines import LEVEL_BYTES, TRACEBACK, level
from core.logs.matches import BLOCK, Backscan, Offsets, places_of

_LEVEL_WORDS = (b"ERROR", b"CRITICAL", b"FATAL", b"WARN")
_FIRING = b" firing"
ALERTS = "alerts.log"


class LogIndex(Backscan):
    """`work` until it is `done`; what is appended later is added by further calls."""

    def __init__(self, file: LogFile) -> None:
        super().__init__(file)
        self._alerts_alone = file.source == ALERTS
        self.restart()

    def restart(self) -> None:
        self._counts = array("I")
        self.errors = Offsets()
        """Lines of level ERROR or worse."""
        self.warnings = Offsets()
        self.tracebacks = Offsets()
        self.alerts = Offsets()
        """Lines of alerts.log that say that an alert fires."""

    @property
    def lines(self) -> int:
        """Whole lines of what was visited."""
        return sum(self._counts)

    def line_number(self, offset: int) -> int | None:
        """How many lines stand before `offset`; None while the file is not gone through."""
        if not self.done:
            return None
        block = offset // BLOCK
        begin = block * BLOCK
        return sum(self._counts[:block]) + self.file.read(begin, offset).count(b"\n")

    def fault_at_or_after(self, offset: int) -> int | None:
        """The next line that is an error, a traceback or an alert."""
        found = [each.at_or_after(offset) for each in (self.errors, self.tracebacks, self.alerts)]
        return min((start for start in found if start is not None), default=None)

    def fault_before(self, offset: int) -> int | None:
        """The last one before `offset`."""
        found = [each.before(offset) for each in (self.errors, self.tracebacks, self.alerts)]
        return max((start for start in found if start is not None), default=None)

    def visit(self, begin: int, data: bytes, length: int, *, newer: bool) -> None:
        block = begin // BLOCK
        while len(self._counts) <= block:
            self._counts.append(0)
        self._counts[block] += data.count(b"\n", 0, length)
        errors: set[int] = set()
        warnings: set[int] = set()
        if self._alerts_alone:
            alerts = {self._start(begin, data, place) for place in places_of(data, _FIRING, length)}
            self.alerts.add(sorted(alerts), newer=newer)
            return
        for word in _LEVEL_WORDS:
            for place in places_of(data, word, length):
                start = self._start(begin, data, place)
                if begin + place - start > LEVEL_BYTES:
                    continue
                found = level(self._beginning(begin, data, start))
                if found == "error":
                    errors.add(start)
                elif found == "warning":
                    warnings.add(start)
        tracebacks = {
            start
            for place in places_of(data, TRACEBACK, length)
            if (start := self._start(begin, data, place)) == begin + place
        }
        self.errors.add(sorted(errors), newer=newer)
        self.warnings.add(sorted(warnings), newer=newer)
        self.tracebacks.add(sorted(tracebacks), newer=newer)

    def _start(self, begin: int, data: bytes, place: int) -> int:
        found = data.rfind(b"\n", 0, place)
        if found >= 0 or begin == 0:
            return begin + found + 1
        return self.file.line_start(begin + place)

    def _beginning(self, begin: int, data: bytes, start: int) -> bytes:
        if start >= begin:
            return data[start - begin : start - begin + LEVEL_BYTES + 20]
        return self.file.read(start, min(self.file.end, start + LEVEL_BYTES + 20))
