"""Which alerts have fired in a run, recorded once each whatever the number of consoles.

A firing found in a run's rows is known by its row (step and value), so that a console which replays the
history finds it again; one found by looking at a clock or a process is known by being the rule's open firing.
The unique key (run, rule, generation, state) decides who records. Trap avoided: a line in `alerts.log` that a
kill loses or doubles: lines wait in the database and are checked against the file's end.
"""

from __future__ import annotations

import hashlib
import json
import math
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from core.alerts.rule import Severity
from core.clock import iso, parse_iso
from core.errors import UnreadableError
from core.files import append_line
from core.store import outbox
from core.store.audit import AuditEntry, append_entry
from core.store.connection import reads_rows
from core.store.operator import OperatorIdentity
from core.text import visible

if TYPE_CHECKING:
    from core.config.settings import Notify

TRANSITION_COLUMNS = "run_id, rule, generation, state, key, severity, timestep, value, at, message, rule_hash"
ALERTS_ENTRY = "alerts"
"""Kind of the audit entry of what was recorded in one transaction."""
_TAIL = 65_536


@dataclass(frozen=True, slots=True)
class TransitionRecord:
    """A transition as the caller numbers it; the store may number it otherwise."""

    rule: str
    state: Literal["firing", "resolved"]
    generation: int
    severity: Severity
    timestep: int | None
    value: float | None
    at: datetime
    message: str
    by_row: bool
    """Found in the run's rows, so that step and value identify it."""
    rule_hash: str = ""
    """Which form of the rule fired; a rule may be edited while a run goes on."""
    action: str = ""
    """What to do; ends the log line of a firing."""
    runbook: str = ""
    run_name: str = ""
    """What people call the run."""
    seen_at: datetime | None = None
    """When it was found; `at` may be the time of an old row."""
    notify: bool = True
    """Worth telling: not a bygone of a history that was read just now."""


@dataclass(frozen=True, slots=True)
class Firing:
    """One firing of a rule, from its start to its end."""

    rule: str
    generation: int
    severity: Severity
    timestep: int | None
    value: float | None
    at: datetime
    message: str
    rule_hash: str = ""
    resolved_at: datetime | None = None
    id: int = 0
    """The number of its transition on record; 0 while it is in memory only."""

    @property
    def open(self) -> bool:
        return self.resolved_at is None


@dataclass(frozen=True, slots=True)
class Placed:
    """What became of a transition."""

    generation: int
    new: bool
    """This call recorded it; False: it was there already."""


def alert_key(run_id: str, rule: str, generation: int) -> str:
    """What an acknowledgement is attached to."""
    return f"{run_id}/{rule}/{generation}"


def place(
    firings: dict[str, list[Firing]], records: Sequence[TransitionRecord]
) -> tuple[list[Placed], list[TransitionRecord]]:
    """Number each record against what has fired; `firings` is updated in place.

    Returns one Placed per record, and the transitions to write, in order, with their final generations: an
    open firing that a different one replaces is closed first, so that the two states always alternate.
    """
    placed: list[Placed] = []
    writes: list[TransitionRecord] = []
    numbers: dict[tuple[str, int], int] = {}
    for record in records:
        known = firings.setdefault(record.rule, [])
        latest = known[-1] if known else None
        if record.state == "firing":
            match = _same_firing(known, record)
            if match is not None:
                placed.append(Placed(match.generation, False))
            else:
                if latest is not None and latest.open:
                    writes.append(_closing(latest, record))
                    known[-1] = replace(latest, resolved_at=record.at)
                number = latest.generation + 1 if latest is not None else 1
                known.append(_firing(record, number))
                writes.append(replace(record, generation=number))
                placed.append(Placed(number, True))
            numbers[record.rule, record.generation] = placed[-1].generation
        else:
            number = numbers.get((record.rule, record.generation), record.generation)
            index = next((i for i in reversed(range(len(known))) if known[i].generation == number), None)
            new = index is not None and known[index].open
            if new and index is not None:
                known[index] = replace(known[index], resolved_at=record.at)
                writes.append(replace(record, generation=number))
            placed.append(Placed(number, new))
    return placed, writes


def write_transitions(
    connection: sqlite3.Connection,
    operator: OperatorIdentity,
    run_id: str,
    records: Sequence[TransitionRecord],
    notify: Notify | None = None,
) -> list[Placed]:
    """Inside the open transaction: number, insert and queue a log line for each new transition, and its
    notifications where `notify` asks for them. One audit entry holds the hashes of them all."""
    placed, writes = place(read_firings(connection, run_id), records)
    hashes: dict[str, str] = {}
    for record in writes:
        row = (
            run_id,
            record.rule,
            record.generation,
            record.state,
            alert_key(run_id, record.rule, record.generation),
            record.severity,
            record.timestep,
            None if record.value is None else repr(float(record.value)),
            iso(record.at),
            record.message,
            record.rule_hash,
        )
        digest = transition_hash(row)
        number = connection.execute(
            f"INSERT INTO alert_transitions ({TRANSITION_COLUMNS}, hash) VALUES ({', '.join('?' * 12)})",
            (*row, digest),
        ).lastrowid
        hashes[f"{number} {record.rule} #{record.generation} {record.state}"] = digest
        queue_line(connection, run_id, log_line(record))
        if notify is not None and notify.enabled:
            outbox.queue(connection, notify, run_id, record)
    if hashes:
        found_at = max(each.seen_at or each.at for each in writes)
        append_entry(connection, operator, ALERTS_ENTRY, run_id, hashes, found_at)
    return placed


def recorded_hashes(entries: Iterable[AuditEntry]) -> dict[int, str]:
    """The hash of each transition by its number, as the log's entries of `ALERTS_ENTRY` hold them."""
    return {
        int(name.partition(" ")[0]): str(digest) for entry in entries for name, digest in entry.detail.items()
    }


def transition_hash(row: Sequence[str | int | None]) -> str:
    """SHA-256, as hex, of a row's `TRANSITION_COLUMNS`: `audit verify` knows a changed one by it."""
    return hashlib.sha256(json.dumps(row, separators=(",", ":")).encode()).hexdigest()


def queue_line(connection: sqlite3.Connection, run_id: str, line: str) -> None:
    """Inside the open transaction: let `line` be appended to the run's `alerts.log`."""
    connection.execute("INSERT INTO alert_lines (run_id, line) VALUES (?, ?)", (run_id, line))


def stamped(now: datetime, word: str, text: str) -> str:
    """A line of `alerts.log`: `2026-02-23 14:31:07 [ISSUE] …`."""
    return visible(f"{iso(now).replace('T', ' ').removesuffix('Z')} [{word}] {text}")


@reads_rows
def read_firings(connection: sqlite3.Connection, run_id: str) -> dict[str, list[Firing]]:
    """By rule, in the order of their generations."""
    firings: dict[str, list[Firing]] = {}
    rows = connection.execute(
        "SELECT rule, generation, state, severity, timestep, value, at, message, rule_hash, id "
        "FROM alert_transitions "
        "WHERE run_id = ? ORDER BY rule, generation, state",
        (run_id,),
    )
    for rule, generation, state, severity, timestep, value, at, message, rule_hash, row_id in rows:
        known = firings.setdefault(rule, [])
        if state == "firing":
            number = None if value is None else float(value)
            known.append(
                Firing(
                    rule,
                    generation,
                    severity,
                    timestep,
                    number,
                    parse_iso(at),
                    message,
                    rule_hash,
                    id=row_id,
                )
            )
        elif known and known[-1].generation == generation:
            known[-1] = replace(known[-1], resolved_at=parse_iso(at))
    return firings


def log_line(record: TransitionRecord) -> str:
    """The transition's line in `alerts.log`: `2026-02-23 14:31:07 [CRITICAL] kl_spike #1 firing: …`."""
    level = record.severity.upper() if record.state == "firing" else "INFO"
    action = f". {record.action}" if record.action and record.state == "firing" else ""
    told = f"{record.rule} #{record.generation} {record.state}: {record.message}{action}"
    return stamped(record.at, level, told)


def lines_waiting(connection: sqlite3.Connection, run_id: str) -> bool:
    query = "SELECT EXISTS (SELECT 1 FROM alert_lines WHERE run_id = ? AND written = 0)"
    return bool(connection.execute(query, (run_id,)).fetchone()[0])


def flush_lines(connection: sqlite3.Connection, run_id: str, path: Path) -> int:
    """Inside the open transaction: append the waiting lines to `path`, those not there yet."""
    waiting = connection.execute(
        "SELECT id, line FROM alert_lines WHERE run_id = ? AND written = 0 ORDER BY id", (run_id,)
    ).fetchall()
    appended = 0
    try:
        tail = _tail(path)
        present = set(tail.split("\n"))
        if tail and not tail.endswith("\n"):
            append_line(path, "")
        for number, line in waiting:
            if line not in present:
                append_line(path, line)
                appended += 1
            connection.execute("DELETE FROM alert_lines WHERE id = ?", (number,))
    except OSError as error:
        raise UnreadableError(
            f"{path} could not be written: {error.strerror}",
            hint="The alerts are kept and their lines follow when the file can be written.",
        ) from error
    return appended


def _tail(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            stream.seek(0, 2)
            stream.seek(max(0, stream.tell() - _TAIL))
            return stream.read().decode(errors="replace")
    except FileNotFoundError:
        return ""


def _same_firing(known: Sequence[Firing], record: TransitionRecord) -> Firing | None:
    if record.by_row:
        for firing in reversed(known):
            if firing.timestep == record.timestep and same_number(firing.value, record.value):
                return firing
        return None
    return known[-1] if known and known[-1].open else None


def same_number(first: float | None, second: float | None) -> bool:
    """Equal as far as a file that rounds its numbers can tell: TensorBoard keeps seven digits."""
    if first is None or second is None:
        return first is second
    return math.isclose(first, second, rel_tol=1e-3) or (math.isnan(first) and math.isnan(second))


def _firing(record: TransitionRecord, generation: int) -> Firing:
    return Firing(
        record.rule,
        generation,
        record.severity,
        record.timestep,
        record.value,
        record.at,
        record.message,
        record.rule_hash,
    )


def _closing(firing: Firing, successor: TransitionRecord) -> TransitionRecord:
    return TransitionRecord(
        rule=firing.rule,
        state="resolved",
        generation=firing.generation,
        severity=firing.severity,
        timestep=successor.timestep,
        value=None,
        at=successor.at,
        message="replaced by a new firing",
        by_row=successor.by_row,
        run_name=successor.run_name,
        seen_at=successor.seen_at,
        notify=successor.notify,
    )
