"""Whether one of a run's logs changed: asked by the follower's thread, so that the Logs screen looks again.

Trap avoided: a second reader of the files. The Logs screen reads its own windows of them; here is no line.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


class LogTail:
    """Of `path`: `exists`, and how many changes were seen."""

    def __init__(self, name: str, path: Path) -> None:
        self.name = name
        """`training.log`, `alerts.log`, `daily_summary.log`."""
        self.path = path
        self.exists = False
        self.changes = 0
        """Lines that were brought, and looks at which the file was another than before."""
        self._signature: tuple[int, ...] = ()

    def extend(self, lines: Sequence[str]) -> int:
        """Lines that another reader of the file found; returns how many."""
        self.changes += len(lines)
        return len(lines)

    def catch_up(self) -> int:
        """Look at the file; 1 when it is another than at the last look, else 0."""
        try:
            found = self.path.stat()
            signature: tuple[int, ...] = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)
        except OSError:
            signature = ()
        self.exists = bool(signature)
        changed = signature != self._signature
        self._signature = signature
        self.changes += changed
        return int(changed)

    def close(self) -> None:
        """Nothing is held open."""
