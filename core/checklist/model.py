"""What a checklist item is and what state it can be in.

Trap avoided: an item that says PASS because nobody could look. What cannot be sensed is UNKNOWN, what a
person has not ticked is PENDING, and neither is READY.
"""

from __future__ import annotations

from typing import Literal

import msgspec

ItemKind = Literal["sensed", "manual", "sensed_look"]
ItemState = Literal["pass", "fail", "warn", "unknown", "pending", "overridden", "not_applicable"]
OnFail = Literal["block", "fix"]
Readiness = Literal["READY", "FIX", "BLOCKED"]
START_MEANS: dict[Readiness, str] = {
    "READY": "",
    "FIX": "FIX does not block: a training starts all the same; mend what is open before you rely on it",
    "BLOCKED": "BLOCKED: no training starts without an override and its reason, which is recorded",
}
"""What a preflight's readiness means for the start of a training."""


class ItemResult(msgspec.Struct, frozen=True, kw_only=True):
    """One item as evaluated now: the JSON of `ppo-console preflight --json`."""

    id: str
    """Stable: `preflight.disk_free`, `daily.2026-02-24.10:00.kl`."""
    text: str
    group: str = ""
    kind: ItemKind
    on_fail: OnFail
    state: ItemState
    value: str | float | None = None
    limit: str | float | None = None
    source: str | None = None
    """Where the value was read: a path, `process 4711`, the operator who ticked it."""
    age_seconds: float | None = None
    message: str = ""
    ticked_by: str | None = None
    ticked_at: str | None = None
    unticked_at: str | None = None
    """When its tick was taken back, by a person or by the item itself; the message says why."""
    owner: str = ""
    due: str | None = None
    """When it is due, ISO 8601."""
    action: str = ""
    """What the documents say to do where it fails."""
    key: str = ""
    """The line's id, by which `[checklist.items]` in the configuration changes it."""
    evidence: str = ""
    """What a tick given now would rest on; give it to `Store.tick`."""


class ChecklistResult(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    """`preflight`, `daily`, …"""
    title: str
    status: Readiness
    items: tuple[ItemResult, ...]


def readiness(items: tuple[ItemResult, ...]) -> Readiness:
    """BLOCKED when a blocking item fails; FIX when another fails, is unknown or pending; else READY."""
    if any(item.state == "fail" and item.on_fail == "block" for item in items):
        return "BLOCKED"
    if any(item.state in ("fail", "unknown", "pending") for item in items):
        return "FIX"
    return "READY"
