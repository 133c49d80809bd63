"""Whether the preparation lets a revalidation begin.

Trap avoided: a model judged while its training still runs, or half of it, with nobody noticing later: what
was open, and who passed over it and why, stands with the decision.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from core.errors import RejectedError

if TYPE_CHECKING:
    from core.checklist.model import ChecklistResult, ItemResult
    from core.store.database import Store

_OPEN = ("fail", "unknown", "pending")


def blockers(preparation: ChecklistResult) -> tuple[ItemResult, ...]:
    """The items that keep from revalidating; empty: it may begin."""
    return tuple(item for item in preparation.items if item.state == "fail" and item.on_fail == "block")


def check_prepared(
    preparation: ChecklistResult, store: Store, now: datetime, override: str = ""
) -> dict[str, Any]:
    """Whether the revalidation may begin; what the decision's entry says of the preparation.

    Raises RejectedError where it is BLOCKED and `override` gives no reason; a reason is recorded.
    """
    reason = override.strip()
    detail: dict[str, Any] = {
        "preparation": preparation.status,
        "preparation_open": [item.key for item in preparation.items if item.state in _OPEN],
    }
    found = blockers(preparation)
    if not found:
        return detail
    if not reason:
        what = "; ".join(f"{item.text}: {item.message or item.value}" for item in found)
        raise RejectedError(
            f"the preparation is BLOCKED; nothing was judged: {what}",
            hint='Mend it, or judge all the same with --override "reason", which is recorded.',
        )
    failing = [item.key for item in found]
    store.record("override", "preparation", {"reason": reason, "failing": failing}, now)
    return {**detail, "override": reason}
