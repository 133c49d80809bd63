"""The sign of life of a `ppo-console watch`: a small JSON file, replaced every few seconds.

Trap avoided: a watch that died and looks like a quiet night. The file's age tells; so does its `ended_at`,
which only a clean end writes.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec

from core.clock import parse_iso
from core.files import atomic_write

FILE_NAME = "watch.json"
"""Beside the store."""


class Heartbeat(msgspec.Struct, frozen=True, kw_only=True):
    schema_version: int = 1
    at: str
    """ISO, UTC."""
    started_at: str
    pid: int
    host: str
    every_seconds: float
    """How often it is written; three times as old means that nobody watches."""
    run: str
    status: str
    timestep: int | None
    firing: int
    critical: int
    acknowledged: int
    waiting: int
    """Notifications that were not delivered yet."""
    failed: int
    """Notifications that were given up."""
    problem: str = ""
    """What did not work at the last look."""
    ended_at: str | None = None

    def age(self, now: datetime) -> float:
        """Seconds."""
        return max(0.0, (now - parse_iso(self.at)).total_seconds())

    def alive(self, now: datetime) -> bool:
        """A beat from hours ahead was written before the clock was set back: it proves no life either."""
        distance = abs((now - parse_iso(self.at)).total_seconds())
        return self.ended_at is None and distance <= max(30.0, 3.0 * self.every_seconds)


def write_heartbeat(path: Path, heartbeat: Heartbeat) -> None:
    """Raises UnreadableError where it cannot be written."""
    atomic_write(path, msgspec.json.format(msgspec.json.encode(heartbeat), indent=1) + b"\n")


def read_heartbeat(path: Path) -> Heartbeat | None:
    """None where there is none that can be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Heartbeat)
    except (OSError, msgspec.DecodeError):
        return None
