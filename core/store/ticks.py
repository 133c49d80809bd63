"""Ticks and overrides of checklist items: what a person said, with who and when.

A row stays after an un-tick, with its reason, so that the item can say why it is open again. Trap avoided: a
second console that un-ticks what is un-ticked already and fills the audit log.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from core.clock import iso, parse_iso
from core.errors import UsageError
from core.store.audit import append_entry
from core.store.operator import OperatorIdentity
from core.text import visible

TickState = Literal["ticked", "unticked", "overridden"]


@dataclass(frozen=True, slots=True)
class Tick:
    item_id: str
    state: TickState
    operator: str
    at: datetime
    note: str
    """A tick's note, an override's reason, or why it was un-ticked."""


def write_tick(
    connection: sqlite3.Connection,
    operator: OperatorIdentity,
    item_id: str,
    state: TickState,
    note: str,
    now: datetime,
) -> Tick | None:
    """Inside the open transaction, with its audit entry. None: nothing was ticked that could be un-ticked."""
    note = visible(note.strip())
    item_id = visible(item_id, 200)
    if state == "overridden" and not note:
        raise UsageError(
            f"an override of {item_id} needs a reason; got none", hint="Say why the item may be passed over."
        )
    if state == "unticked":
        row = connection.execute("SELECT state FROM ticks WHERE item_id = ?", (item_id,)).fetchone()
        if row is None or row[0] == "unticked":
            return None
    connection.execute(
        "INSERT INTO ticks VALUES (?, ?, ?, ?, ?) ON CONFLICT (item_id) DO UPDATE SET "
        "state = excluded.state, operator = excluded.operator, at = excluded.at, note = excluded.note",
        (item_id, state, operator.name, iso(now), note),
    )
    kind = {"ticked": "tick", "unticked": "untick", "overridden": "override"}[state]
    append_entry(connection, operator, kind, item_id, {"note": note}, now)
    return Tick(item_id, state, operator.name, parse_iso(iso(now)), note)


def read_ticks(connection: sqlite3.Connection) -> dict[str, Tick]:
    rows = connection.execute("SELECT item_id, state, operator, at, note FROM ticks")
    return {
        item_id: Tick(item_id, state, operator, parse_iso(at), note)
        for item_id, state, operator, at, note in rows
    }
