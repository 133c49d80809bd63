"""Acknowledgements: who owns a firing, with a note.

An acknowledgement belongs to one generation of an alert, so a rule that fires again is nobody's. Trap
avoided: an acknowledged spike that silences the next one.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from core.clock import iso, parse_iso
from core.errors import UsageError
from core.store.audit import append_entry
from core.store.operator import OperatorIdentity
from core.text import visible


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    key: str
    """The alert's key: run id, rule and generation."""
    operator: str
    at: datetime
    note: str


def write_acknowledgement(
    connection: sqlite3.Connection, operator: OperatorIdentity, key: str, note: str, now: datetime
) -> Acknowledgement:
    """Inside the open transaction, with its audit entry; a later one of the same firing takes it over.

    Raises UsageError for a key that never fired and for a critical alert without a note.
    """
    note = visible(note.strip())
    row = connection.execute(
        "SELECT run_id, rule, generation, severity, timestep, value FROM alert_transitions "
        "WHERE key = ? AND state = 'firing'",
        (key,),
    ).fetchone()
    if row is None:
        raise UsageError(
            f"no alert {visible(key, 200)} has fired; nothing to acknowledge",
            hint="`ppo-console alerts` lists the alerts with their keys.",
        )
    run_id, rule, generation, severity, timestep, value = row
    if severity == "critical" and not note:
        raise UsageError(
            f"{rule} is critical: its acknowledgement needs a note, got none",
            hint="Say what you know or do about it.",
        )
    connection.execute(
        "INSERT INTO acknowledgements VALUES (?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET "
        "operator = excluded.operator, at = excluded.at, note = excluded.note",
        (key, operator.name, iso(now), note),
    )
    detail = {
        "run": run_id,
        "rule": rule,
        "generation": generation,
        "severity": severity,
        "timestep": timestep,
        "value": value,
        "note": note,
    }
    append_entry(connection, operator, "acknowledge", key, detail, now)
    return Acknowledgement(key, operator.name, parse_iso(iso(now)), note)


def read_acknowledgements(connection: sqlite3.Connection) -> dict[str, Acknowledgement]:
    rows = connection.execute("SELECT key, operator, at, note FROM acknowledgements")
    return {key: Acknowledgement(key, operator, parse_iso(at), note) for key, operator, at, note in rows}
