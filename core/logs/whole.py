"""One line in full with the lines that belong to it, for a person who opened it.

Trap avoided: a line of ten megabytes put on a screen; so much is read, and where the rest is, is said.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.logs import groups
from core.logs.file import LogFile
from core.text import visible

BYTES = 1 << 18


@dataclass(frozen=True, slots=True)
class Whole:
    """A group of lines, each in full."""

    path: str
    start: int
    """Offset of the first line in the file."""
    size: int
    """Bytes of all its lines."""
    lines: tuple[str, ...]
    """Printable; together at most 256 KB of the file."""

    @property
    def cut(self) -> int:
        """Bytes that are not in `lines`."""
        return max(0, self.size - BYTES)


def read_whole(file: LogFile, start: int) -> Whole:
    """The group of the line at `start`. Raises Moved, OSError."""
    group = groups.group_at(file, start)
    data = file.read(group.start, min(group.end, group.start + BYTES))
    lines = data.decode("utf-8", "replace").removesuffix("\n").split("\n")
    return Whole(
        visible(str(file.path)),
        group.start,
        group.end - group.start,
        tuple(visible(line.rstrip("\r"), BYTES) for line in lines),
    )
