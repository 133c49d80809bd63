"""Time as a value: aware UTC datetimes in, ISO 8601 with ``Z`` out.

Trap avoided: a rule that reads the clock cannot be replayed. Functions of `core` take `now` as an argument;
only the edges (commands, workers) call `utc_now`.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime

_LATEST = 7_258_118_400.0
"""2200-01-01, in epoch seconds."""


def utc_now() -> datetime:
    """The current time, aware, in UTC."""
    return datetime.now(UTC)


def from_epoch(seconds: float) -> datetime:
    """An aware UTC datetime from seconds since 1970 (a file's mtime, a row's wall time)."""
    return datetime.fromtimestamp(seconds, UTC)


def believable(seconds: float) -> float:
    """`seconds` since 1970 where that is a moment `from_epoch` knows, before the year 2200; else nan.

    For times that come from a file: one of them beyond the calendar must not end what reads it.
    """
    return seconds if 0.0 <= seconds < _LATEST else math.nan


def iso(moment: datetime) -> str:
    """`2026-02-23T14:00:00Z`. Raises ValueError for a naive datetime."""
    if moment.tzinfo is None:
        raise ValueError(f"naive datetime {moment!r}: all times here are aware UTC")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_iso(text: str) -> datetime:
    """The inverse of `iso`; a text without an offset is taken as UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{text!r} lies beyond the calendar") from error
