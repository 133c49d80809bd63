"""How far each operator has read the record: the last entry and the last alert transition seen.

Trap avoided: two consoles of one operator, of which the older one moves the mark back.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from core.clock import iso, parse_iso
from core.store.audit import AuditEntry, read_entries
from core.store.connection import reads_rows
from core.store.operator import OperatorIdentity


@dataclass(frozen=True, slots=True)
class TransitionSeen:
    id: int
    run_id: str
    rule: str
    generation: int
    state: str
    severity: str
    at: str
    message: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was recorded after a mark, oldest first."""

    since: datetime | None
    """When the operator last looked; None: never."""
    entries: tuple[AuditEntry, ...]
    transitions: tuple[TransitionSeen, ...]


@reads_rows
def recorded_since(
    connection: sqlite3.Connection, operator: OperatorIdentity, since: datetime | None
) -> Recorded:
    """After the operator's own mark, or after `since` by the times of what was recorded."""
    mark = connection.execute(
        "SELECT at, entry, transition FROM last_looks WHERE operator = ?", (operator.name,)
    ).fetchone()
    entry, transition = (0, 0) if mark is None or since is not None else (int(mark[1]), int(mark[2]))
    entries = [each for each in read_entries(connection, None, None) if each.number > entry]
    rows = connection.execute(
        "SELECT id, run_id, rule, generation, state, severity, at, message FROM alert_transitions "
        "WHERE id > ? ORDER BY id",
        (transition,),
    )
    transitions = [TransitionSeen(*row) for row in rows]
    if since is not None:
        entries = [each for each in entries if each.at >= since]
        transitions = [each for each in transitions if parse_iso(each.at) >= since]
    return Recorded(None if mark is None else parse_iso(mark[0]), tuple(entries), tuple(transitions))


def mark_look(
    connection: sqlite3.Connection,
    operator: OperatorIdentity,
    now: datetime,
    entry: int | None = None,
    transition: int | None = None,
) -> None:
    """Inside the open transaction: this operator has seen all up to these; None: all that is recorded now."""
    connection.execute(
        "INSERT INTO last_looks (operator, at, entry, transition) VALUES (?, ?, "
        "COALESCE(?, (SELECT MAX(number) FROM audit_log), 0), "
        "COALESCE(?, (SELECT MAX(id) FROM alert_transitions), 0)) "
        "ON CONFLICT (operator) DO UPDATE SET at = MAX(at, excluded.at), "
        "entry = MAX(entry, excluded.entry), transition = MAX(transition, excluded.transition)",
        (operator.name, iso(now), entry, transition),
    )
