"""Steps of a runbook or an escalation that a person took: who, when, with which note.

A step stands here, in the audit log and, as the documents' journal line, in `alerts.log`: one transaction.
Trap avoided: a journal that says something was done which the record does not know.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.clock import iso, parse_iso
from core.store.alert_states import queue_line
from core.store.audit import append_entry
from core.store.connection import reads_rows
from core.store.operator import OperatorIdentity
from core.text import visible


@dataclass(frozen=True, slots=True)
class StepTaken:
    id: int
    run_id: str
    occasion: str
    """The key of the alert that led here, or empty."""
    procedure: str
    """The scenario's or the escalation path's id."""
    step: str
    operator: str
    at: datetime
    note: str
    line: str
    """What stands in `alerts.log`; empty where nothing was written there."""


def write_step(
    connection: sqlite3.Connection,
    operator: OperatorIdentity,
    run_id: str,
    procedure: str,
    step: str,
    line: str,
    now: datetime,
    *,
    note: str = "",
    occasion: str = "",
    detail: Mapping[str, Any] | None = None,
) -> StepTaken:
    """Inside the open transaction, with its audit entry and its line."""
    note, line = visible(note.strip()), visible(line)
    values = (run_id, visible(occasion, 300), visible(procedure, 80), visible(step, 80))
    cursor = connection.execute(
        "INSERT INTO steps_taken (run_id, occasion, procedure, step, operator, at, note, line) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (*values, operator.name, iso(now), note, line),
    )
    told = {"run": run_id, "step": step, "note": note, "occasion": occasion, **(detail or {})}
    append_entry(connection, operator, "step", f"{procedure}/{step}", told, now)
    if line:
        queue_line(connection, run_id, line)
    return StepTaken(int(cursor.lastrowid or 0), *values, operator.name, parse_iso(iso(now)), note, line)


@reads_rows
def read_steps(connection: sqlite3.Connection, run_id: str) -> list[StepTaken]:
    """Of one run, oldest first."""
    rows = connection.execute(
        "SELECT id, run_id, occasion, procedure, step, operator, at, note, line FROM steps_taken "
        "WHERE run_id = ? ORDER BY id",
        (run_id,),
    )
    return [
        StepTaken(number, run, occasion, procedure, step, operator, parse_iso(at), note, line)
        for number, run, occasion, procedure, step, operator, at, note, line in rows
    ]
