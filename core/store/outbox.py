"""Notifications that wait to be delivered, one row per transition and target.

A row is written in the transaction that records the transition, so that a kill loses neither. A console takes
a row for a while before it delivers it (a lease), so that several consoles deliver it once; only a console
that is killed in the middle of a delivery leaves it to another, after the lease. Failures are tried again
with back-off until a deadline. Traps avoided: a resolved that overtakes its firing; a silenced alert that is
forgotten when the silence ends and it still fires; a clock set back by hours that holds deliveries as long.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from core.clock import from_epoch, iso
from core.store.audit import append_entry
from core.store.connection import reads_rows
from core.store.operator import OperatorIdentity
from core.store.silences import read_silences, silencing
from core.text import visible

if TYPE_CHECKING:
    from core.config.settings import Notify
    from core.store.alert_states import TransitionRecord

DeliveryStatus = Literal["waiting", "sent", "failed", "cancelled"]

_SEVERITIES = ("info", "warning", "critical")
_FIRST_WAIT = 5.0
_LONGEST_WAIT = 600.0
_SILENCED = "silenced"
_DUE = (
    "status = 'waiting' "
    f"AND (next_at <= :now OR next_at > :now + {_LONGEST_WAIT} AND error NOT LIKE '{_SILENCED}%') "
    f"AND (lease_until IS NULL OR lease_until <= :now OR lease_until > :now + {_LONGEST_WAIT})"
)
"""A time further ahead than anything here waits was written before the clock was set back."""
_COLUMNS = (
    "id, run_id, rule, generation, state, target, severity, title, body, status, attempts, error, "
    "queued_at, next_at, deadline, done_at"
)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One notification to one target. Times are aware UTC."""

    id: int
    run_id: str
    rule: str
    generation: int
    state: Literal["firing", "resolved"]
    target: str
    """The target's name in `config.toml`; its URL stands nowhere here."""
    severity: str
    title: str
    body: str
    status: DeliveryStatus
    attempts: int
    error: str
    """Why the last attempt failed, or why it waits; without secrets."""
    queued_at: datetime
    next_at: datetime
    deadline: datetime
    done_at: datetime | None


def back_off(attempts: int) -> float:
    """Seconds to wait after so many attempts: 5, 10, 20, … at most 600."""
    return min(_LONGEST_WAIT, _FIRST_WAIT * 2.0 ** max(0, min(attempts, 20) - 1))


def queue(connection: sqlite3.Connection, notify: Notify, run_id: str, record: TransitionRecord) -> None:
    """Inside the open transaction: one row per target, for a transition that is worth telling."""
    now = (record.seen_at or record.at).timestamp()
    for target in notify.targets:
        if record.state == "firing":
            if not record.notify:
                continue
            if _SEVERITIES.index(record.severity) < _SEVERITIES.index(notify.severity):
                continue
        elif not notify.resolved or not _was_told(connection, run_id, record, target):
            continue
        title, body = _words(run_id, record)
        connection.execute(
            "INSERT OR IGNORE INTO outbox (run_id, rule, generation, state, target, severity, title, body, "
            "status, queued_at, next_at, deadline) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'waiting', ?, ?, ?)",
            (
                run_id,
                record.rule,
                record.generation,
                record.state,
                target,
                record.severity,
                title,
                body,
                now,
                now,
                now + notify.retry_for,
            ),
        )


def due(connection: sqlite3.Connection, now: float) -> bool:
    row = connection.execute(f"SELECT EXISTS (SELECT 1 FROM outbox WHERE {_DUE})", {"now": now}).fetchone()
    return bool(row[0])


def claim(
    connection: sqlite3.Connection,
    operator: OperatorIdentity,
    owner: str,
    targets: Collection[str],
    now: datetime,
    lease: float,
    limit: int,
) -> list[Delivery]:
    """Inside the open transaction: the rows that `owner` shall deliver now, oldest first."""
    moment = now.timestamp()
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM outbox AS mine WHERE {_DUE} AND NOT EXISTS ("
        "SELECT 1 FROM outbox AS earlier WHERE earlier.status = 'waiting' AND earlier.id < mine.id "
        "AND earlier.run_id = mine.run_id AND earlier.rule = mine.rule "
        "AND earlier.generation = mine.generation AND earlier.target = mine.target) ORDER BY id LIMIT 200",
        {"now": moment},
    ).fetchall()
    silences = read_silences(connection) if rows else []
    taken: list[Delivery] = []
    for delivery in map(_delivery, rows):
        if delivery.target not in targets:
            error = f"target {delivery.target} is no longer in config.toml"
            _end(connection, operator, delivery, "failed", error, now)
            continue
        silence = silencing(silences, delivery.rule, delivery.severity, delivery.run_id, now)
        if silence is not None:
            _hold(connection, delivery, silence.until, silence.creator)
        elif delivery.error.startswith(_SILENCED) and _over(connection, delivery):
            for each in _chain(connection, delivery):
                _end(connection, operator, each, "cancelled", "it ended while it was silenced", now)
        elif delivery.attempts and delivery.deadline < now:
            _end(connection, operator, delivery, "failed", delivery.error or "not delivered in time", now)
        elif len(taken) < limit:
            connection.execute(
                "UPDATE outbox SET owner = ?, lease_until = ?, attempts = attempts + 1 WHERE id = ?",
                (owner, moment + lease, delivery.id),
            )
            taken.append(delivery)
    return [one(connection, delivery.id) for delivery in taken]


def finish(
    connection: sqlite3.Connection,
    operator: OperatorIdentity,
    number: int,
    owner: str,
    error: str,
    now: datetime,
) -> Delivery:
    """Inside the open transaction: what became of an attempt. One that another console took over after the
    lease is left to it, unless it was delivered."""
    row = connection.execute("SELECT owner, status FROM outbox WHERE id = ?", (number,)).fetchone()
    if row is None or row[1] != "waiting" or (error and row[0] != owner):
        return one(connection, number)
    delivery = one(connection, number)
    if not error:
        _end(connection, operator, delivery, "sent", "", now)
    elif now >= delivery.deadline:
        _end(connection, operator, delivery, "failed", error, now)
    else:
        again = min(now.timestamp() + back_off(delivery.attempts), delivery.deadline.timestamp())
        connection.execute(
            "UPDATE outbox SET error = ?, next_at = ?, owner = NULL, lease_until = NULL WHERE id = ?",
            (visible(error, 300), again, number),
        )
    return one(connection, number)


def one(connection: sqlite3.Connection, number: int) -> Delivery:
    row = connection.execute(f"SELECT {_COLUMNS} FROM outbox WHERE id = ?", (number,)).fetchone()
    return _delivery(row)


def read(connection: sqlite3.Connection, limit: int) -> list[Delivery]:
    """The newest so many, newest first."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM outbox ORDER BY id DESC LIMIT ?", (limit,))
    return [_delivery(row) for row in rows]


def counts(connection: sqlite3.Connection) -> dict[str, int]:
    found = {"waiting": 0, "sent": 0, "failed": 0, "cancelled": 0}
    found.update(connection.execute("SELECT status, COUNT(*) FROM outbox GROUP BY status"))
    return found


def _was_told(connection: sqlite3.Connection, run_id: str, record: TransitionRecord, target: str) -> bool:
    row = connection.execute(
        "SELECT 1 FROM outbox WHERE run_id = ? AND rule = ? AND generation = ? AND state = 'firing' "
        "AND target = ? AND status != 'cancelled'",
        (run_id, record.rule, record.generation, target),
    ).fetchone()
    return row is not None


def _over(connection: sqlite3.Connection, delivery: Delivery) -> bool:
    row = connection.execute(
        "SELECT 1 FROM alert_transitions WHERE run_id = ? AND rule = ? AND generation = ? "
        "AND state = 'resolved'",
        (delivery.run_id, delivery.rule, delivery.generation),
    ).fetchone()
    return row is not None


def _chain(connection: sqlite3.Connection, delivery: Delivery) -> list[Delivery]:
    """What waits for this firing and target: the firing and its end."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM outbox WHERE status = 'waiting' AND run_id = ? AND rule = ? "
        "AND generation = ? AND target = ?",
        (delivery.run_id, delivery.rule, delivery.generation, delivery.target),
    )
    return [_delivery(row) for row in rows.fetchall()]


def _hold(connection: sqlite3.Connection, delivery: Delivery, until: datetime, creator: str) -> None:
    """Until the silence ends; the time to deliver it counts from then."""
    patience = delivery.deadline - delivery.queued_at
    connection.execute(
        "UPDATE outbox SET next_at = ?, deadline = ?, error = ? WHERE id = ?",
        (
            until.timestamp(),
            max(delivery.deadline, until + patience).timestamp(),
            f"{_SILENCED} by {creator} until {iso(until)}",
            delivery.id,
        ),
    )


def _end(
    connection: sqlite3.Connection,
    operator: OperatorIdentity,
    delivery: Delivery,
    status: DeliveryStatus,
    error: str,
    now: datetime,
) -> None:
    connection.execute(
        "UPDATE outbox SET status = ?, error = ?, done_at = ?, owner = NULL, lease_until = NULL WHERE id = ?",
        (status, visible(error, 300), now.timestamp(), delivery.id),
    )
    if status == "failed":
        key = f"{delivery.run_id}/{delivery.rule}/{delivery.generation}"
        detail = {"state": delivery.state, "target": delivery.target, "error": error}
        append_entry(connection, operator, "notify_failed", key, detail, now)


def _words(run_id: str, record: TransitionRecord) -> tuple[str, str]:
    """Title and body, plain text."""
    name = record.run_name or run_id
    title = f"[{record.severity.upper()}] {record.rule} {record.state}: {name}"
    lines = [record.message, f"{iso(record.at)}  run {run_id}  {record.rule} #{record.generation}"]
    if record.state == "firing":
        if record.action:
            lines.append(f"Do: {record.action}")
        if record.runbook:
            lines.append(f"Runbook: ppo-console runbook {record.runbook}")
        key = f"{run_id}/{record.rule}/{record.generation}"
        lines.append(f"Own it: ppo-console alerts ack '{key}' --note …")
    return visible(title, 200), "\n".join(visible(line, 500) for line in lines)


@reads_rows
def _delivery(row: tuple[Any, ...]) -> Delivery:
    (number, run_id, rule, generation, state, target, severity, title, body, status, *rest) = row
    attempts, error, queued, following, deadline, done = rest
    return Delivery(
        id=number,
        run_id=run_id,
        rule=rule,
        generation=generation,
        state=state,
        target=target,
        severity=severity,
        title=title,
        body=body,
        status=status,
        attempts=attempts,
        error=error,
        queued_at=from_epoch(queued),
        next_at=from_epoch(following),
        deadline=from_epoch(deadline),
        done_at=None if done is None else from_epoch(done),
    )
