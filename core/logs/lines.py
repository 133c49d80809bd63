"""What a log line says about itself: when it was written, how bad it is, which step it is about.

Works on bytes, as they are in the file. Trap avoided: a word like ERROR in the middle of a message taken for
the line's level; a level stands near the line's start.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

Level = Literal["plain", "warning", "error", "event"]
"""`event`: not a line of the file but what happened to it."""

TEXT_BYTES = 4096
"""Of a longer line the first bytes are read with the lines around it; all of it when it is opened."""
NO_TIME = -math.inf
"""Of lines before the first stamp, and of files without any."""
UNKNOWN_TIME = math.inf
"""The stamp is too far back to look for: such lines go with those next to them in their file."""

_STAMP = re.compile(
    rb"[\[(]?(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d:\d\d)(?:[.,](\d{1,6})\d*)?(Z|[+-]\d\d:?\d\d)?)?(?![\d-])"
)
_LEVEL = re.compile(rb"(?:^|[\s\[:|(])(ERROR|CRITICAL|FATAL|WARNING|WARN)(?=[\s\]:|)]|$)")
_STEP = re.compile(rb"\b[Ss]tep (\d[\d,]{0,19})")
_NUMBER = re.compile(rb"tep (\d[\d,]{0,19})")
TRACEBACK = b"Traceback (most recent call last)"
LEVEL_BYTES = 100
"""A level stands within so many bytes of its line's start."""


@dataclass(frozen=True, slots=True)
class RawLine:
    """Bytes `start` to `end` of a file, the line's end included; `data` its text, at most `TEXT_BYTES`."""

    start: int
    end: int
    data: bytes
    event: bool = False

    @property
    def cut(self) -> bool:
        """There is more of the line than `data` holds."""
        return not self.event and self.end - self.start > len(self.data) + 2


def stamp(line: bytes) -> float | None:
    """The time at the line's start, epoch seconds; without a zone it is UTC. None without one."""
    found = _STAMP.match(line)
    if found is None:
        return None
    day, time, fraction, zone = found.groups()
    text = day.decode() + "T" + (time.decode() if time else "00:00:00")
    if fraction:
        text += "." + fraction.decode().ljust(6, "0")
    try:
        moment = datetime.fromisoformat(text + (zone.decode() if zone else ""))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def level(line: bytes) -> Level:
    """`error` for ERROR, CRITICAL and the first line of a traceback, `warning` for WARNING, else `plain`."""
    if line.startswith(TRACEBACK):
        return "error"
    found = _LEVEL.search(line[:LEVEL_BYTES])
    if found is None:
        return "plain"
    return "warning" if found[1].startswith(b"WARN") else "error"


def step(line: bytes) -> int | None:
    """The last timestep the line names (`Step 2048/500000`, `at step 61,440`)."""
    found = None
    for found in _STEP.finditer(line):  # noqa: B007
        pass
    return int(found[1].replace(b",", b"")) if found is not None else None


def steps(block: bytes) -> list[tuple[int, int]]:
    """(place in `block`, timestep) of every step it names."""
    return [(found.start(), int(found[1].replace(b",", b""))) for found in _STEP.finditer(block)]


def numbers(block: bytes) -> list[int]:
    """The timesteps of `steps` without their places, and maybe a few more: several times as fast."""
    return [int(found.replace(b",", b"")) for found in _NUMBER.findall(block)]
