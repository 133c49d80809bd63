"""Log lines from several files as one stream in the order of their time stamps. Pure.

Trap avoided: lines without a stamp (a traceback) torn from the line they belong to: they keep its time.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterable, Sequence

from widgets.log_view import LogLine, severity

_STAMP = re.compile(r"\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d:\d\d)?")


class LineReader:
    """Turns one file's lines into `LogLine`s; an unstamped line inherits severity and time."""

    def __init__(self, source: str) -> None:
        self.source = source
        self._tone = "plain"
        self._time = ""

    def read(self, lines: Iterable[str]) -> list[tuple[str, LogLine]]:
        """(time stamp as sortable text, line) for each; lines must be printable."""
        out = []
        for text in lines:
            self._tone = severity(text, self._tone)
            if stamp := _STAMP.match(text):
                # A clock that jumps back does not reorder a file's own lines.
                self._time = max(self._time, stamp[0].replace("T", " "))
            out.append((self._time, LogLine(text, self.source, self._tone)))
        return out


def merge(streams: Sequence[Sequence[tuple[str, LogLine]]]) -> list[LogLine]:
    """All lines by time; each file's own order stays."""
    return [line for _, line in heapq.merge(*streams, key=lambda entry: entry[0])]


def count_words(lines: Sequence[LogLine]) -> tuple[int, int]:
    """(errors, warnings) among the stamped lines: a traceback's lines are not errors of their own."""
    errors = sum(line.tone == "critical" and bool(_STAMP.match(line.text)) for line in lines)
    warnings = sum(line.tone == "warning" and bool(_STAMP.match(line.text)) for line in lines)
    return errors, warnings
