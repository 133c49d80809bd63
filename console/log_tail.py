"""The newest lines of one log file, filled by the follower's thread, read by the Logs screen.

Trap avoided: an uncapped log widget (149 MB per 40,000 lines). At most `CAP` lines are kept; `total` counts
all, so a reader that comes back knows how many it missed.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from core.text import visible

if TYPE_CHECKING:
    from core.telemetry.follower import LineFollower

CAP = 5_000
_FIRST_BYTES = 262_144
"""Of a long file, its newest lines."""


class LogTail:
    """Lines of `path`, made visible. Safe to read from another thread than the one that writes."""

    def __init__(self, name: str, path: Path) -> None:
        self.name = name
        """`training.log`, `alerts.log`, `daily_summary.log`."""
        self.path = path
        self.exists = False
        self._lines: deque[str] = deque(maxlen=CAP)
        self._total = 0
        self._follower: LineFollower | None = None
        self._lock = threading.Lock()

    @property
    def total(self) -> int:
        """How many lines ever arrived."""
        return self._total

    def extend(self, lines: Iterable[str]) -> int:
        """Add lines (the follower's thread); returns how many."""
        shown = [visible(line) for line in lines]
        with self._lock:
            self._lines.extend(shown)
            self._total += len(shown)
        return len(shown)

    def since(self, seen: int) -> tuple[int, list[str]]:
        """(total now, the lines after the first `seen`); of those only the newest `CAP` are still there."""
        with self._lock:
            fresh = min(self._total - seen, len(self._lines))
            lines = list(self._lines)[len(self._lines) - fresh :] if fresh > 0 else []
            return self._total, lines

    def catch_up(self) -> int:
        """Read what is new in the file, whole lines (the follower's thread); returns how many."""
        from core.telemetry.follower import Break, Data, LineFollower

        if self._follower is None:
            self._follower = LineFollower(self.path, tail=_FIRST_BYTES)
        lines: list[str] = []
        for item in self._follower.poll():
            if isinstance(item, Data):
                lines += [line.decode("utf-8", "replace") for line in item.data.splitlines()]
            elif not isinstance(item, Break):
                lines.append(f"[{item.length:,} bytes that are no line were skipped]")
        self.exists = bool(lines) or self.path.exists()
        return self.extend(lines)

    def close(self) -> None:
        """Close the file (the follower's thread)."""
        if self._follower is not None:
            self._follower.close()
