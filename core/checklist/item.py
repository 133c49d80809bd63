"""What a checklist consists of: items as data, each with the name of the sensor that looks for it.

An `Item` says what to look at and what its failure means; a `Reading` is what a sensor saw. Trap avoided: a
checklist written as code, in which a text, a time or an owner cannot be changed without touching a check.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from core.checklist.model import ItemKind, OnFail

SensedState = Literal["pass", "fail", "warn", "unknown", "pending", "not_applicable"]


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a checklist."""

    id: str
    """Stable, unique in the store: `preflight.disk_free`, `daily.2026-02-24.10:00.standup`."""
    text: str
    group: str
    kind: ItemKind = "sensed"
    on_fail: OnFail = "fix"
    sensor: str = ""
    """The name of a sensor in the checklist's table of sensors; empty for a manual item."""
    argument: str = ""
    """What the sensor looks at: the name of a folder, a hyperparameter, a metric."""
    owner: str = ""
    action: str = ""
    """What the documents say to do where it fails."""
    language: str = "en"
    """In which its sensor's words are said."""
    key: str = ""
    """The line's id, by which `[checklist.items]` changes it: `launch.1h.speed`."""
    seconds: float | None = None
    """How long its sensor may take, where that is not the usual."""
    due: datetime | None = None
    until: datetime | None = None
    """The end of the item's slot: what is judged after it is what was recorded up to it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a sensor saw."""

    state: SensedState
    value: str | float | None = None
    limit: str | float | None = None
    source: str | None = None
    age_seconds: float | None = None
    stale_after: float | None = None
    """A reading older than this is UNKNOWN, whatever it says."""
    message: str = ""
    on_fail: OnFail | None = None
    """Where this failure is worse or milder than the item's usual one."""
    evidence: str = ""
    """What a tick rests on: when it is another one later, the item un-ticks itself. Empty: on nothing."""


def unknown(message: str, *, source: str | None = None, limit: str | float | None = None) -> Reading:
    """Nobody could look: never a pass."""
    return Reading("unknown", source=source, limit=limit, message=message)
