"""What is told of the files as a whole: their lines, faults, and how far a search is. Values, no reading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.logs.index import LogIndex
from core.logs.matches import Matches


@dataclass(frozen=True, slots=True)
class Hunt:
    """How far a search for a text is."""

    text: str = ""
    count: int = 0
    """Lines found so far."""
    dropped: int = 0
    """Of them the oldest, which are too many to go to."""
    share: float = 1.0
    """Of the bytes that were searched."""


@dataclass(frozen=True, slots=True)
class SourceFacts:
    name: str
    bytes: int
    lines: int
    note: str
    merged: bool
    """Its lines carry times: it is part of what is shown by time."""


@dataclass(frozen=True, slots=True)
class Scan:
    """What the files hold, as far as they were gone through: the newest `share` of their bytes."""

    errors: int = 0
    warnings: int = 0
    tracebacks: int = 0
    alerts: int = 0
    lines: int = 0
    bytes: int = 0
    share: float = 1.0


def hunt_of(text: str, scans: Sequence[Matches]) -> Hunt:
    size = sum(scan.file.end for scan in scans)
    return Hunt(
        text,
        sum(scan.count for scan in scans),
        sum(scan.dropped for scan in scans),
        sum(scan.share * scan.file.end for scan in scans) / size if size else 1.0,
    )


def scan_of(indexes: Sequence[LogIndex]) -> Scan:
    size = sum(index.file.end for index in indexes)
    return Scan(
        errors=sum(index.errors.count for index in indexes),
        warnings=sum(index.warnings.count for index in indexes),
        tracebacks=sum(index.tracebacks.count for index in indexes),
        alerts=sum(index.alerts.count for index in indexes),
        lines=sum(index.lines for index in indexes),
        bytes=size,
        share=sum(index.share * index.file.end for index in indexes) / size if size else 1.0,
    )
