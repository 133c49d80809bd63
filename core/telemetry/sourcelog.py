"""What happened to a followed file, on its `Source`, with caps on everything that grows."""

from __future__ import annotations

from datetime import datetime

from core.telemetry.model import Source, SourceEvent

_MAX_EVENTS = 100
_MAX_OFFSETS = 8


def note_event(source: Source, event: SourceEvent) -> None:
    """Add an event; the newest 100 stay."""
    source.events = [*source.events, event][-_MAX_EVENTS:]
    source.noted += 1


def stamp_events(source: Source, now: datetime) -> None:
    """The events since the last call were found `now`."""
    fresh = source.noted - source.stamped
    if fresh:
        source.events_at = [*source.events_at, *[now] * fresh][-_MAX_EVENTS:]
        source.stamped = source.noted


def note_malformed(source: Source, *offsets: int) -> None:
    """Count refused rows; the first eight offsets stay."""
    source.malformed += len(offsets)
    if len(source.malformed_at) < _MAX_OFFSETS:
        source.malformed_at = [*source.malformed_at, *offsets][:_MAX_OFFSETS]
