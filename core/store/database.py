"""The store: everything that must survive the console, behind one object.

Each method is one transaction; when it returns, its change is on disk and in the audit log. Safe from any
thread and any number of processes. Trap avoided: a tick without its audit entry, or the other way round.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from core.config.settings import Notify
from core.store import acknowledgements, alert_states, audit, last_looks, outbox, silences, steps, ticks
from core.store.acknowledgements import Acknowledgement
from core.store.alert_states import Firing, Placed, TransitionRecord
from core.store.audit import AuditEntry
from core.store.connection import Connections
from core.store.last_looks import Recorded
from core.store.operator import OperatorIdentity
from core.store.outbox import Delivery
from core.store.schema import migrate
from core.store.silences import Silence
from core.store.steps import StepTaken
from core.store.ticks import Tick, TickState


class Store:
    """An open workspace database.

    Every method raises ConsoleError: UsageError where the file cannot be written, UnreadableError where it
    is damaged, locked by another process for 30 s, or the disk is full; then nothing was recorded.
    """

    def __init__(self, path: Path, operator: OperatorIdentity, notify: Notify | None = None) -> None:
        """Opens the database, or makes it with its folder. `notify`: whom each new transition is told to."""
        self.path = path
        self.operator = operator
        self._notify = notify
        self._connections = Connections(path, lambda connection: migrate(connection, path))

    def close(self) -> None:
        self._connections.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def change_counter(self) -> int:
        """Differs from an earlier call's answer when anyone has written in between. Cheap."""
        with self._connections.reading() as connection:
            return int(connection.execute("PRAGMA data_version").fetchone()[0])

    def copy_to(self, path: Path) -> None:
        """A whole copy of the database as it is now, while others go on writing to it."""
        with self._connections.reading() as connection, contextlib.closing(sqlite3.connect(path)) as copy:
            connection.backup(copy)

    # The audit log

    def record(self, kind: str, subject: str, detail: Mapping[str, Any], now: datetime) -> AuditEntry:
        """Add one entry to the audit log; `detail` holds what JSON can say, and dates, paths and structs."""
        with self._connections.transaction() as connection:
            return audit.append_entry(connection, self.operator, kind, subject, detail, now)

    def record_after(
        self, head: int, kind: str, subject: str, detail: Mapping[str, Any], now: datetime
    ) -> AuditEntry | None:
        """As `record`, where `head` still is the newest entry's number; None, and nothing is recorded, where
        anyone recorded something since."""
        with self._connections.transaction() as connection:
            if audit.head(connection)[0] != head:
                return None
            return audit.append_entry(connection, self.operator, kind, subject, detail, now)

    def entries(self, kind: str | None = None, limit: int | None = None) -> list[AuditEntry]:
        """Audit entries, oldest first; with `limit` the newest so many."""
        with self._connections.reading() as connection:
            return audit.read_entries(connection, kind, limit)

    def audit_head(self) -> tuple[int, str]:
        """Number and hash of the newest entry; goes into every report."""
        with self._connections.reading() as connection:
            return audit.head(connection)

    # Handover

    def since_last_look(self, since: datetime | None = None) -> Recorded:
        """What was recorded since this operator's last `mark_look`, or since a time."""
        with self._connections.reading() as connection:
            return last_looks.recorded_since(connection, self.operator, since)

    def mark_look(self, now: datetime, entry: int | None = None, transition: int | None = None) -> None:
        """This operator has seen what is recorded now, or up to this entry and this transition.

        No audit entry: reading changes nothing.
        """
        with self._connections.transaction() as connection:
            last_looks.mark_look(connection, self.operator, now, entry, transition)

    # Ticks

    def tick(self, item_id: str, now: datetime, note: str = "", evidence: str = "") -> Tick:
        """A person says that the item is done. `evidence`: what that rests on, `ItemResult.evidence`."""
        return self._write_tick(item_id, "ticked", note, now, evidence)

    def override(self, item_id: str, reason: str, now: datetime) -> Tick:
        """A person passes over a failing item. Raises UsageError without a reason."""
        return self._write_tick(item_id, "overridden", reason, now)

    def not_applicable(self, item_id: str, reason: str, now: datetime) -> Tick:
        """A person says that the item does not apply. Raises UsageError without a reason."""
        return self._write_tick(item_id, "not_applicable", reason, now)

    def settle(
        self, kind: str, subject: str, detail: Mapping[str, Any], seen: Mapping[str, str], now: datetime
    ) -> AuditEntry:
        """Record a look at a checklist: one entry, and `seen` (item id → evidence) ticks itself."""
        with self._connections.transaction() as connection:
            ticks.settle_ticks(connection, self.operator, seen, now)
            return audit.append_entry(connection, self.operator, kind, subject, detail, now)

    def untick(self, item_id: str, now: datetime, reason: str, seen: Tick | None = None) -> Tick | None:
        """Take back what was said of an item; None (and no audit entry) when nothing was, or when it is not
        `seen` any more."""
        with self._connections.transaction() as connection:
            return ticks.write_tick(connection, self.operator, item_id, "unticked", reason, now, seen=seen)

    def ticks(self) -> dict[str, Tick]:
        """By item id; an un-ticked item stays, as `unticked`, with the reason in `note`."""
        with self._connections.reading() as connection:
            return ticks.read_ticks(connection)

    def _write_tick(
        self, item_id: str, state: TickState, note: str, now: datetime, evidence: str = ""
    ) -> Tick:
        with self._connections.transaction() as connection:
            tick = ticks.write_tick(connection, self.operator, item_id, state, note, now, evidence)
        assert tick is not None
        return tick

    # Alerts

    def acknowledge(
        self, alert_key: str, note: str, now: datetime, expires_at: datetime | None = None
    ) -> Acknowledgement:
        """Own a firing. Raises UsageError for an unknown key and for a critical alert without a note."""
        with self._connections.transaction() as connection:
            return acknowledgements.write_acknowledgement(
                connection, self.operator, alert_key, note, now, expires_at
            )

    def acknowledgements(self) -> dict[str, Acknowledgement]:
        """By alert key."""
        with self._connections.reading() as connection:
            return acknowledgements.read_acknowledgements(connection)

    def load_alert_states(self, run_id: str) -> dict[str, list[Firing]]:
        """What has fired in this run, by rule, oldest first; the last one may still be open."""
        with self._connections.reading() as connection:
            return alert_states.read_firings(connection, run_id)

    def save_alert_states(self, run_id: str, transitions: Sequence[TransitionRecord]) -> list[Placed]:
        """Record transitions once each, whatever the number of consoles; says for each if it was new."""
        with self._connections.transaction() as connection:
            return alert_states.write_transitions(
                connection, self.operator, run_id, transitions, self._notify
            )

    def write_alert_lines(self, run_id: str, path: Path) -> int:
        """Append the recorded lines that are not yet in `path` (`alerts.log`); returns how many.

        A kill between the append and its commit neither loses nor doubles a line. Raises ConsoleError.
        """
        if not self._lines_waiting(run_id):
            return 0
        with self._connections.transaction() as connection:
            return alert_states.flush_lines(connection, run_id, path)

    def _lines_waiting(self, run_id: str) -> bool:
        with self._connections.reading() as connection:
            return alert_states.lines_waiting(connection, run_id)

    # Silences

    def silence(
        self, matcher: str, *, starts_at: datetime, ends_at: datetime, comment: str, now: datetime
    ) -> Silence:
        """Tell nobody of the alerts that `matcher` names, for a while. Raises UsageError."""
        with self._connections.transaction() as connection:
            return silences.write_silence(
                connection, self.operator, matcher, starts_at, ends_at, comment, now
            )

    def end_silence(self, number: int, now: datetime) -> Silence:
        """Raises UsageError where no such silence is in force or to come."""
        with self._connections.transaction() as connection:
            return silences.end_silence(connection, self.operator, number, now)

    def silences(self) -> list[Silence]:
        """All of them, oldest first, those that are over too."""
        with self._connections.reading() as connection:
            return silences.read_silences(connection)

    # Runbook and escalation

    def take_step(
        self,
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
        """A person took a step; `line` is queued for the run's `alerts.log`."""
        with self._connections.transaction() as connection:
            return steps.write_step(
                connection,
                self.operator,
                run_id,
                procedure,
                step,
                line,
                now,
                note=note,
                occasion=occasion,
                detail=detail,
            )

    def steps_taken(self, run_id: str) -> list[StepTaken]:
        """Of one run, oldest first."""
        with self._connections.reading() as connection:
            return steps.read_steps(connection, run_id)

    # Notifications

    def deliveries_due(self, now: datetime) -> bool:
        """Whether `claim_deliveries` would find anything. Cheap."""
        with self._connections.reading() as connection:
            return outbox.due(connection, now.timestamp())

    def claim_deliveries(
        self, owner: str, targets: Collection[str], now: datetime, *, lease: float = 60.0, limit: int = 10
    ) -> list[Delivery]:
        """Take what is due for `lease` seconds: no other console delivers it meanwhile."""
        with self._connections.transaction() as connection:
            return outbox.claim(connection, self.operator, owner, targets, now, lease, limit)

    def finish_delivery(self, number: int, owner: str, error: str, now: datetime) -> Delivery:
        """`error` empty: it was delivered. Else it is tried again later, until its deadline."""
        with self._connections.transaction() as connection:
            return outbox.finish(connection, self.operator, number, owner, error, now)

    def outbox(self, limit: int = 50) -> list[Delivery]:
        """The newest so many notifications, newest first."""
        with self._connections.reading() as connection:
            return outbox.read(connection, limit)

    def outbox_counts(self) -> dict[str, int]:
        """By status: waiting, sent, failed, cancelled."""
        with self._connections.reading() as connection:
            return outbox.counts(connection)
