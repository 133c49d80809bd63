"""A place in a run as a person types it: a time of day, a date, or a timestep. Pure.

Trap avoided: `14` or `2048` silently taken for the other of the two. A time has a colon or a date's dashes,
everything else is a step.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from core.errors import UsageError

_TIME = re.compile(
    r"(?:(\d{4}-\d\d-\d\d)(?:[ T]|$))?(?:(\d{1,2}):(\d\d)(?::(\d\d)(?:\.\d+)?)?)?Z?$",
    re.IGNORECASE | re.ASCII,
)
_STEP = re.compile(r"(?:step )?(\d[\d,_ ]*)(\.\d+)?([kM]?)$", re.IGNORECASE | re.ASCII)
_BACK = re.compile(r"-(\d{1,6})\s*([smhd])$", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
EXAMPLES = "14:30, 2026-02-24 14:30:05, -15m, 204800, 200k"


@dataclass(frozen=True, slots=True)
class Target:
    """Where in a run: a step, a time, or both (of one row)."""

    step: int | None = None
    time: datetime | None = None
    """Aware, UTC."""


def parse_target(text: str, near: datetime) -> Target:
    """`14:30` is of the day of `near` (UTC), `-15m` so long before `near`. Raises UsageError."""
    words = text.strip()
    if back := _BACK.match(words):
        return Target(time=near - timedelta(seconds=int(back[1]) * _SECONDS[back[2]]))
    found = _TIME.match(words)
    if words and found and (found[1] or found[2]):
        day = found[1] or near.astimezone(UTC).strftime("%Y-%m-%d")
        hour, minute, second = (int(part or 0) for part in found.groups()[1:])
        try:
            midnight = datetime.fromisoformat(day).replace(tzinfo=UTC)
            return Target(time=midnight.replace(hour=hour, minute=minute, second=second))
        except ValueError:
            pass
    elif step := _STEP.match(words):
        scale = {"": 1, "k": 1_000, "m": 1_000_000}[step[3].lower()]
        value = float(re.sub(r"[,_ ]", "", step[1]) + (step[2] or "")) * scale
        if value < 1e15:
            return Target(step=round(value))
    raise UsageError(f"no time and no step: {text[:40]}", hint=f"For example {EXAMPLES} (times are UTC).")
