"""The store: everything that must survive the console, behind one object.

Each method is one transaction; when it returns, its change is on disk and in the audit log. Safe from any
thread and any number of processes. Trap avoided: a tick without its audit entry, or the other way round.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from core.store import acknowledgements, alert_states, audit, ticks
from core.store.acknowledgements import Acknowledgement
from core.store.alert_states import Firing, Placed, TransitionRecord
from core.store.audit import AuditEntry
from core.store.connection import Connections
from core.store.operator import OperatorIdentity
from core.store.schema import migrate
from core.store.ticks import Tick, TickState


class Store:
    """An open workspace database.

    Every method raises ConsoleError: UsageError where the file cannot be written, UnreadableError where it
    is damaged, locked by another process for 30 s, or the disk is full; then nothing was recorded.
    """

    def __init__(self, path: Path, operator: OperatorIdentity) -> None:
        """Opens the database, or makes it with its folder."""
        self.path = path
        self.operator = operator
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

    # The audit log

    def record(self, kind: str, subject: str, detail: Mapping[str, Any], now: datetime) -> AuditEntry:
        """Add one entry to the audit log; `detail` holds what JSON can say, and dates, paths and structs."""
        with self._connections.transaction() as connection:
            return audit.append_entry(connection, self.operator, kind, subject, detail, now)

    def entries(self, kind: str | None = None, limit: int | None = None) -> list[AuditEntry]:
        """Audit entries, oldest first; with `limit` the newest so many."""
        with self._connections.reading() as connection:
            return audit.read_entries(connection, kind, limit)

    def audit_head(self) -> tuple[int, str]:
        """Number and hash of the newest entry; goes into every report."""
        with self._connections.reading() as connection:
            return audit.head(connection)

    # Ticks

    def tick(self, item_id: str, now: datetime, note: str = "") -> Tick:
        """A person says that the item is done."""
        return self._write_tick(item_id, "ticked", note, now)

    def override(self, item_id: str, reason: str, now: datetime) -> Tick:
        """A person passes over a failing item. Raises UsageError without a reason."""
        return self._write_tick(item_id, "overridden", reason, now)

    def untick(self, item_id: str, now: datetime, reason: str) -> Tick | None:
        """Take back a tick or an override; None (and no audit entry) when there is none."""
        with self._connections.transaction() as connection:
            return ticks.write_tick(connection, self.operator, item_id, "unticked", reason, now)

    def ticks(self) -> dict[str, Tick]:
        """By item id; an un-ticked item stays, as `unticked`, with the reason in `note`."""
        with self._connections.reading() as connection:
            return ticks.read_ticks(connection)

    def _write_tick(self, item_id: str, state: TickState, note: str, now: datetime) -> Tick:
        with self._connections.transaction() as connection:
            tick = ticks.write_tick(connection, self.operator, item_id, state, note, now)
        assert tick is not None
        return tick

    # Alerts

    def acknowledge(self, alert_key: str, note: str, now: datetime) -> Acknowledgement:
        """Own a firing. Raises UsageError for an unknown key and for a critical alert without a note."""
        with self._connections.transaction() as connection:
            return acknowledgements.write_acknowledgement(connection, self.operator, alert_key, note, now)

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
            return alert_states.write_transitions(connection, run_id, transitions)

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
