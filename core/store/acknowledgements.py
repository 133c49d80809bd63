"""Acknowledgements: who owns a firing, with a note, and until when.

An acknowledgement belongs to one generation of an alert, so a rule that fires again is nobody's; it ends with
its time and when something worse of the same family fires after it. Trap avoided: an acknowledged spike that
silences the next one.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from core.clock import iso, parse_iso
from core.errors import UsageError
from core.store.alert_states import queue_line, stamped
from core.store.audit import append_entry
from core.store.connection import reads_rows
from core.store.operator import OperatorIdentity
from core.text import visible


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    key: str
    """The alert's key: run id, rule and generation."""
    operator: str
    at: datetime
    note: str
    severity: str = ""
    """The alert's severity when it was acknowledged."""
    after_transition: int = 0
    """The newest transition on record then; what fired later is newer than this acknowledgement."""
    expires_at: datetime | None = None
    """None: it lasts as long as the firing."""


def write_acknowledgement(
    connection: sqlite3.Connection,
    operator: OperatorIdentity,
    key: str,
    note: str,
    now: datetime,
    expires_at: datetime | None = None,
) -> Acknowledgement:
    """Inside the open transaction, with its audit entry and its line for `alerts.log`; a later one of the
    same firing takes it over.

    Raises UsageError for a key that never fired, for a firing that is over and for a critical alert without
    a note.
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
    newest = int(connection.execute("SELECT COALESCE(MAX(id), 0) FROM alert_transitions").fetchone()[0])
    until = None if expires_at is None else iso(expires_at)
    connection.execute(
        "INSERT INTO acknowledgements (key, operator, at, note, severity, after_transition, expires_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET "
        "operator = excluded.operator, at = excluded.at, note = excluded.note, "
        "severity = excluded.severity, after_transition = excluded.after_transition, "
        "expires_at = excluded.expires_at",
        (key, operator.name, iso(now), note, severity, newest, until),
    )
    detail = {
        "run": run_id,
        "rule": rule,
        "generation": generation,
        "severity": severity,
        "timestep": timestep,
        "value": value,
        "note": note,
        "expires_at": until,
    }
    append_entry(connection, operator, "acknowledge", key, detail, now)
    said = f": {note}" if note else ""
    line = stamped(now, "ACK", f"{rule} #{generation} acknowledged by {operator.name}{said}")
    queue_line(connection, run_id, line)
    return Acknowledgement(
        key,
        operator.name,
        parse_iso(iso(now)),
        note,
        severity,
        newest,
        None if until is None else parse_iso(until),
    )


@reads_rows
def read_acknowledgements(connection: sqlite3.Connection) -> dict[str, Acknowledgement]:
    rows = connection.execute(
        "SELECT key, operator, at, note, severity, after_transition, expires_at FROM acknowledgements"
    )
    return {
        key: Acknowledgement(
            key,
            operator,
            parse_iso(at),
            note,
            severity,
            after,
            None if expires is None else parse_iso(expires),
        )
        for key, operator, at, note, severity, after, expires in rows
    }
