"""Ticks and overrides of checklist items: what a person said, or a recorded look saw, with who and when.

A row stays after an un-tick, with its reason, so that the item can say why it is open again. Traps avoided: a
second console that un-ticks what is un-ticked already and fills the audit log, or what a person has ticked
again since it looked; a sensor's tick that looks like a person's.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from core.clock import iso, parse_iso
from core.errors import UsageError
from core.store.audit import append_entry
from core.store.connection import reads_rows
from core.store.operator import OperatorIdentity
from core.text import visible

TickState = Literal["ticked", "unticked", "overridden", "not_applicable"]


@dataclass(frozen=True, slots=True)
class Tick:
    item_id: str
    state: TickState
    operator: str
    at: datetime
    note: str
    """A tick's note, the reason of an override or of not applicable, or why it was un-ticked."""
    evidence: str = ""
    """What it rests on; see `Reading.evidence`."""
    sensed: bool = False
    """A recorded look ticked it, no person."""


def write_tick(
    connection: sqlite3.Connection,
    operator: OperatorIdentity,
    item_id: str,
    state: TickState,
    note: str,
    now: datetime,
    evidence: str = "",
    *,
    seen: Tick | None = None,
) -> Tick | None:
    """Inside the open transaction, with its audit entry. None: nothing was ticked that could be un-ticked,
    or no longer `seen`, what it was un-ticked for."""
    note, evidence = visible(note.strip()), visible(evidence)
    item_id = visible(item_id, 200)
    if state in ("overridden", "not_applicable") and not note:
        what = "an override of" if state == "overridden" else "not applicable for"
        raise UsageError(
            f"{what} {item_id} needs a reason; got none", hint="Say why the item may be passed over."
        )
    if state == "unticked":
        held = read_ticks(connection).get(item_id)
        if held is None or held.state == "unticked" or (seen is not None and held != seen):
            return None
    _put(connection, Tick(item_id, state, operator.name, now, note, evidence))
    detail = {"note": note, **({"evidence": evidence} if evidence else {})}
    append_entry(connection, operator, _KINDS[state], item_id, detail, now)
    return Tick(item_id, state, operator.name, parse_iso(iso(now)), note, evidence)


def settle_ticks(
    connection: sqlite3.Connection, operator: OperatorIdentity, seen: Mapping[str, str], now: datetime
) -> None:
    """Inside the open transaction: what a look saw to be good, item id → evidence, ticks itself.

    What a person said of an item stays. The look's own audit entry is the caller's.
    """
    held = {
        item_id
        for item_id, tick in read_ticks(connection).items()
        if not tick.sensed and tick.state != "unticked"
    }
    for item_id, evidence in seen.items():
        if item_id not in held:
            _put(connection, Tick(item_id, "ticked", operator.name, now, "", visible(evidence), sensed=True))


_KINDS: dict[TickState, str] = {
    "ticked": "tick",
    "unticked": "untick",
    "overridden": "override",
    "not_applicable": "not_applicable",
}


def _put(connection: sqlite3.Connection, tick: Tick) -> None:
    connection.execute(
        "INSERT INTO ticks (item_id, state, operator, at, note, evidence, sensed) "
        "VALUES (?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (item_id) DO UPDATE SET state = excluded.state, operator = excluded.operator, "
        "at = excluded.at, note = excluded.note, evidence = excluded.evidence, sensed = excluded.sensed",
        (tick.item_id, tick.state, tick.operator, iso(tick.at), tick.note, tick.evidence, int(tick.sensed)),
    )


@reads_rows
def read_ticks(connection: sqlite3.Connection) -> dict[str, Tick]:
    rows = connection.execute("SELECT item_id, state, operator, at, note, evidence, sensed FROM ticks")
    return {
        item_id: Tick(item_id, state, operator, parse_iso(at), note, evidence, bool(sensed))
        for item_id, state, operator, at, note, evidence, sensed in rows
    }
