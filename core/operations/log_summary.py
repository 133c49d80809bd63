"""`training.log` in numbers: its lines by level and by day, its tracebacks, its newest errors.

Read line by line, whatever its size. Trap avoided: the end of a log taken for all of it.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from pathlib import Path

import msgspec

from core.text import visible

_LINE = re.compile(rb"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) \[([A-Z]+)\] (.*)")
_KEPT = 5


class LogSummary(msgspec.Struct, frozen=True, kw_only=True):
    """`training.log` in numbers."""

    lines: int
    levels: dict[str, int]
    """INFO, WARNING, ERROR, … → lines."""
    tracebacks: int
    first: str | None
    last: str | None
    newest_errors: tuple[str, ...]
    newest_warnings: tuple[str, ...]

    @property
    def errors(self) -> int:
        return self.levels.get("ERROR", 0) + self.levels.get("CRITICAL", 0) + self.tracebacks


def summarise_log(path: Path) -> tuple[LogSummary | None, Counter[str], str]:
    """The log in numbers, its lines by date, and why it could not be read."""
    levels: Counter[str] = Counter()
    of_day: Counter[str] = Counter()
    errors: deque[str] = deque(maxlen=_KEPT)
    warnings: deque[str] = deque(maxlen=_KEPT)
    first = last = None
    count = tracebacks = 0
    try:
        with path.open("rb") as stream:
            for line in stream:
                count += 1
                tracebacks += line.startswith(b"Traceback (most recent call last)")
                match = _LINE.match(line)
                if match is None:
                    continue
                day, clock, level = (match[index].decode() for index in (1, 2, 3))
                last = f"{day}T{clock}Z"
                first = first or last
                levels[level] += 1
                of_day[day] += 1
                if level in ("ERROR", "CRITICAL"):
                    errors.append(_shown(line))
                elif level == "WARNING":
                    warnings.append(_shown(line))
    except FileNotFoundError:
        return None, of_day, ""
    except OSError as error:
        return None, of_day, f"training.log could not be read: {error.strerror}"
    log = LogSummary(
        lines=count,
        levels=dict(levels),
        tracebacks=tracebacks,
        first=first,
        last=last,
        newest_errors=tuple(errors),
        newest_warnings=tuple(warnings),
    )
    return log, of_day, ""


def _shown(line: bytes) -> str:
    return visible(line.decode("utf-8", "replace").rstrip("\n"), 300)
