"""The audit log: append-only, hash-chained, and the check that finds one changed byte.

Each entry's hash is the SHA-256 of the previous entry's hash and a canonical JSON of the entry (sorted keys,
no spaces, ASCII). Triggers in the schema forbid UPDATE and DELETE. Trap avoided: a cut tail leaves a whole
chain, so the head goes into every report and `verify` can be given one.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePath
from typing import Any

import msgspec

from core.clock import iso, parse_iso
from core.errors import UnreadableError, UsageError
from core.store.connection import connect, sqlite_errors
from core.store.operator import OperatorIdentity
from core.store.schema import AUDIT_TRIGGERS
from core.text import visible

GENESIS = "0" * 64
"""The hash before the first entry."""

_COLUMNS = ("number", "at", "kind", "subject", "operator", "role", "host", "client", "detail")
_SELECT = f"SELECT {', '.join(_COLUMNS)}, previous, hash FROM audit_log"
_DETAIL_LIMIT = 20_000


@dataclass(frozen=True, slots=True)
class AuditEntry:
    number: int
    at: datetime
    kind: str
    """`tick`, `untick`, `override`, `acknowledge`, `preflight`, `train_start`, `decision`, …"""
    subject: str
    """What it is about: an item's id, an alert's key, a run's id, a report's path."""
    operator: str
    role: str
    host: str
    client: str
    detail: dict[str, Any]
    previous: str
    hash: str


class AuditReport(msgspec.Struct, frozen=True, kw_only=True):
    """What `verify` found: the JSON of `ppo-console audit verify`."""

    path: str
    entries: int
    """Entries that are whole, counted from the first."""
    head: str
    """The hash of the last whole entry."""
    broken: int | None = None
    """The number of the first entry that is not whole."""
    reason: str = ""

    @property
    def whole(self) -> bool:
        return not self.reason


def append_entry(
    connection: sqlite3.Connection,
    operator: OperatorIdentity,
    kind: str,
    subject: str,
    detail: Mapping[str, Any],
    now: datetime,
) -> AuditEntry:
    """Add one entry inside the open transaction. All text passes `visible`.

    A number that is not finite stands as the text `nan`, `inf` or `-inf`: JSON has none, and null is missing.
    """
    number, previous = head(connection)
    clean = _clean(msgspec.to_builtins(dict(detail), str_keys=True, enc_hook=_plain))
    values = {
        "number": number + 1,
        "at": iso(now),
        "kind": visible(kind, 80),
        "subject": visible(subject),
        "operator": operator.name,
        "role": operator.role,
        "host": operator.host,
        "client": operator.client,
        "detail": _canonical(clean),
    }
    digest = entry_hash(previous, values)
    connection.execute(
        f"INSERT INTO audit_log ({', '.join(_COLUMNS)}, previous, hash) VALUES ({', '.join('?' * 11)})",
        (*values.values(), previous, digest),
    )
    return _entry((*values.values(), previous, digest))


def entry_hash(previous: str, values: Mapping[str, Any]) -> str:
    """SHA-256, as hex, of the previous hash and the canonical JSON of the entry's nine values."""
    return hashlib.sha256((previous + _canonical(values)).encode()).hexdigest()


def head(connection: sqlite3.Connection) -> tuple[int, str]:
    """Number and hash of the newest entry; (0, GENESIS) in an empty log."""
    row = connection.execute("SELECT number, hash FROM audit_log ORDER BY number DESC LIMIT 1").fetchone()
    return (0, GENESIS) if row is None else (int(row[0]), str(row[1]))


def read_entries(connection: sqlite3.Connection, kind: str | None, limit: int | None) -> list[AuditEntry]:
    """Oldest first; with `limit` the newest so many."""
    where, values = ("", ()) if kind is None else (" WHERE kind = ?", (kind,))
    rows = connection.execute(
        f"{_SELECT}{where} ORDER BY number DESC LIMIT ?", (*values, -1 if limit is None else limit)
    )
    return [_entry(row) for row in reversed(rows.fetchall())]


def verify(path: Path, expected: tuple[int, str] | None = None) -> AuditReport:
    """Walk the whole chain. `expected` is a head from a report: that entry must still be there.

    Raises UsageError where no file is, UnreadableError where the file is no store.
    """
    if not path.exists():
        raise UsageError(
            f"{path} does not exist; expected the store of a workspace",
            hint="It is made when the console first records something.",
        )
    with sqlite_errors(path), contextlib.closing(connect(path, create=False)) as connection:
        triggers = {
            str(row[0])
            for row in connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_log'"
            )
        }
        table = connection.execute("SELECT COUNT(*) FROM sqlite_master WHERE name = 'audit_log'").fetchone()
        if not table[0]:
            raise UnreadableError(
                f"{path} holds no audit_log table; expected a ppo-console store",
                hint="Check paths.store in config.toml.",
            )
        number, digest, broken = _walk(connection, expected)
    report = AuditReport(path=str(path), entries=number, head=digest)
    if broken:
        return msgspec.structs.replace(report, broken=number + 1, reason=broken)
    if expected is not None and number < expected[0]:
        reason = f"entries {number + 1} to {expected[0]} are missing: the log was cut"
        return msgspec.structs.replace(report, broken=number + 1, reason=reason)
    if not triggers >= AUDIT_TRIGGERS:
        missing = ", ".join(sorted(AUDIT_TRIGGERS - triggers))
        return msgspec.structs.replace(report, reason=f"the append-only protection was removed: {missing}")
    return report


def _walk(connection: sqlite3.Connection, expected: tuple[int, str] | None) -> tuple[int, str, str]:
    """(number and hash of the last whole entry, why the next one is broken or empty)."""
    number, previous = 0, GENESIS
    try:
        for row in connection.execute(f"{_SELECT} ORDER BY number"):
            *fields, linked, digest = row
            if not isinstance(fields[0], int) or not all(isinstance(text, str) for text in fields[1:]):
                return number, previous, "a value has another type than it was written with"
            if fields[0] != number + 1:
                return number, previous, f"entry {number + 1} is missing; entry {fields[0]} follows"
            if linked != previous:
                return number, previous, "it does not follow from the entry before it"
            if digest != entry_hash(previous, dict(zip(_COLUMNS, fields, strict=True))):
                return number, previous, "its content does not match its hash"
            if expected is not None and fields[0] == expected[0] and digest != expected[1]:
                return number, previous, "it is another entry than the one the report names"
            number, previous = fields[0], digest
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        return number, previous, f"it cannot be read: {visible(str(error), 200)}"
    return number, previous, ""


def _entry(row: tuple[Any, ...]) -> AuditEntry:
    number, at, kind, subject, operator, role, host, client, detail, previous, digest = row
    try:
        moment, content = parse_iso(at), json.loads(detail)
    except (ValueError, TypeError) as error:
        raise UnreadableError(
            f"entry {number} of the audit log is damaged",
            hint="Run `ppo-console audit verify`.",
        ) from error
    return AuditEntry(number, moment, kind, subject, operator, role, host, client, content, previous, digest)


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def _plain(value: Any) -> Any:
    """Paths, and numbers of array libraries, as what JSON can say."""
    if isinstance(value, PurePath):
        return str(value)
    if hasattr(value, "item"):
        return value.item()
    raise TypeError(f"an audit entry cannot hold a {type(value).__name__}")


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return "\n".join(visible(line, _DETAIL_LIMIT) for line in value.split("\n"))
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else ("inf" if value > 0 else "-inf")
    if isinstance(value, dict):
        return {visible(str(key), 200): _clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    return value
