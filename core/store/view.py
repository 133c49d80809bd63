"""What readers of the record need of a store, and a store as it was at an earlier moment.

Trap avoided: a look at the past, or a timeline that only shows, which un-ticks something in the present.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from core.store.ticks import Tick, TickState

if TYPE_CHECKING:
    from core.store.audit import AuditEntry
    from core.store.database import Store


class Records(Protocol):
    """`Store` fits."""

    def entries(self, kind: str | None = None, limit: int | None = None) -> list[AuditEntry]: ...

    def ticks(self) -> dict[str, Tick]: ...

    def untick(self, item_id: str, now: datetime, reason: str, seen: Tick | None = None) -> Tick | None: ...


class StoreAt:
    """The record up to `moment`; nothing is ever written through it."""

    def __init__(self, store: Store, moment: datetime, now: datetime) -> None:
        """Reads all entries once."""
        self._entries = [entry for entry in store.entries() if entry.at <= moment]
        self._ticks = store.ticks() if moment >= now else ticks_from(self._entries)

    def entries(self, kind: str | None = None, limit: int | None = None) -> list[AuditEntry]:
        found = [entry for entry in self._entries if kind is None or entry.kind == kind]
        return found if limit is None else found[max(0, len(found) - limit) :]

    def ticks(self) -> dict[str, Tick]:
        return self._ticks

    def untick(self, item_id: str, now: datetime, reason: str, seen: Tick | None = None) -> Tick | None:
        return None


_STATES: dict[str, TickState] = {
    "tick": "ticked",
    "untick": "unticked",
    "override": "overridden",
    "not_applicable": "not_applicable",
}


TICK_KINDS = (*_STATES, "preflight")
"""The kinds of entries that leave ticks."""


def ticks_from(entries: Iterable[AuditEntry]) -> dict[str, Tick]:
    """The ticks that these entries, oldest first, leave.

    An override of a whole list, at the start of a run, has a reason and no note: it is no item's.
    """
    found: dict[str, Tick] = {}
    for entry in entries:
        if entry.kind in _STATES and "note" in entry.detail:
            note, evidence = str(entry.detail.get("note", "")), str(entry.detail.get("evidence", ""))
            state = _STATES[entry.kind]
            found[entry.subject] = Tick(entry.subject, state, entry.operator, entry.at, note, evidence)
        elif entry.kind == "preflight":
            seen = entry.detail.get("seen")
            for item_id, evidence in seen.items() if isinstance(seen, dict) else ():
                held = found.get(item_id)
                if held is None or held.sensed or held.state == "unticked":
                    found[item_id] = Tick(
                        item_id, "ticked", entry.operator, entry.at, "", str(evidence), sensed=True
                    )
    return found
