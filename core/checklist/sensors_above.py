"""Sensors of a list's last items, which look at the items above them.

Trap avoided: a person's `ready` that stands although what it rested on has changed: its evidence is theirs.
"""

from __future__ import annotations

import hashlib

from core.checklist.item import Reading
from core.checklist.model import ItemResult


def _rests_on(results: tuple[ItemResult, ...]) -> str:
    """One word for the evidence of all items together; empty where none of it is known."""
    found = [f"{item.key}={item.evidence}" for item in results if item.evidence]
    return "set " + hashlib.sha256("\n".join(found).encode()).hexdigest()[:12] if found else ""


def all_checks(results: tuple[ItemResult, ...]) -> Reading:
    """The manual's `todos os checks completados`: nothing failing, unknown or pending."""
    open_items = [item for item in results if item.state in ("fail", "unknown", "pending")]
    value = f"{len(results) - len(open_items)} of {len(results)}"
    if open_items:
        names = ", ".join(item.text for item in open_items[:3])
        if len(open_items) > 3:
            names = f"{names} and {len(open_items) - 3} more"
        return Reading("fail", value, f"{len(results)}", "the items above", 0.0, message=f"open: {names}")
    return Reading("pass", value, f"{len(results)}", "the items above", 0.0, evidence=_rests_on(results))


def no_blockers(results: tuple[ItemResult, ...]) -> Reading:
    """The manual's `sem blockers`."""
    blockers = [item.text for item in results if item.state == "fail" and item.on_fail == "block"]
    if blockers:
        return Reading("fail", len(blockers), 0, "the items above", 0.0, message="; ".join(blockers[:3]))
    unseen = [item.text for item in results if item.state == "unknown" and item.on_fail == "block"]
    if unseen:
        return Reading(
            "unknown", None, 0, "the items above", 0.0, message=f"not known: {'; '.join(unseen[:3])}"
        )
    return Reading("pass", 0, 0, "the items above", 0.0, evidence=_rests_on(results))


def ready(results: tuple[ItemResult, ...]) -> Reading:
    """A person says it; a blocker, or a change of what was looked at, takes it back."""
    blocked = no_blockers(results)
    if blocked.state == "fail":
        return Reading("fail", message=blocked.message)
    return Reading("pending", evidence=_rests_on(results))
