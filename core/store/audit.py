"""The audit log: append-only, hash-chained, and the check that finds one changed byte.

Each entry's hash is the SHA-256 of the previous entry's hash and a canonical JSON of the entry (sorted keys,
no spaces, ASCII). Triggers in the schema forbid UPDATE and DELETE. Trap avoided: a cut tail leaves a whole
chain, so the head goes into every report, and `verify` is given the heads that stand outside the log.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePath
from typing import Any

import msgspec

from core.clock import iso, parse_iso
from core.errors import UnreadableError, UsageError
from core.store.connection import connect, sqlite_errors
from core.store.operator import OperatorIdentity
from core.store.schema import AUDIT_TRIGGERS, one_line
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


class Noted(msgspec.Struct, frozen=True, kw_only=True):
    """An entry named outside the log, where no one who cuts the log changes it too."""

    source: str
    """Where it stands, for a person: `reports/revalidation/revalidation_result.json`, `--head`."""
    hash: str
    """The entry's hash, or its first digits."""
    number: int | None = None
    """The entry's number; None: it may be any."""
    model: str | None = None
    """The hash of a model that was judged then: a decision about it must follow the entry."""


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
    compared: tuple[Noted, ...] = ()
    """What stands outside the log and was found in it, with the entries' numbers."""
    undecided: tuple[str, ...] = ()
    """Reports whose head is in the log, while no decision about their model follows it: the program ended
    between report and entry, or the end of the log was cut; the chain alone cannot tell which."""
    unchecked: tuple[str, ...] = ()
    """What of a whole store the log says nothing of, in words."""

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


def read_some(connection: sqlite3.Connection, kinds: Sequence[str]) -> Iterator[AuditEntry]:
    """Those of `kinds`, oldest first, one after another."""
    holes = ", ".join("?" * len(kinds))
    for row in connection.execute(f"{_SELECT} WHERE kind IN ({holes}) ORDER BY number", tuple(kinds)):
        yield _entry(row)


def read_entries(connection: sqlite3.Connection, kind: str | None, limit: int | None) -> list[AuditEntry]:
    """Oldest first; with `limit` the newest so many."""
    where, values = ("", ()) if kind is None else (" WHERE kind = ?", (kind,))
    rows = connection.execute(
        f"{_SELECT}{where} ORDER BY number DESC LIMIT ?", (*values, -1 if limit is None else limit)
    )
    return [_entry(row) for row in reversed(rows.fetchall())]


def verify(path: Path, noted: Sequence[Noted] = ()) -> AuditReport:
    """Walk the whole chain. Every entry of `noted` must still be there, and the tables beside the log must
    hold what it says.

    Raises UsageError where no file is, UnreadableError where the file is no store.
    """
    if not path.exists():
        raise UsageError(
            f"{path} does not exist; expected the store of a workspace",
            hint="It is made when the console first records something.",
        )
    with sqlite_errors(path), contextlib.closing(connect(path, create=False)) as connection:
        triggers = {
            (str(name), one_line(str(text)))
            for name, text in connection.execute(
                "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_log'"
            )
        }
        table = connection.execute("SELECT COUNT(*) FROM sqlite_master WHERE name = 'audit_log'").fetchone()
        if not table[0]:
            raise UnreadableError(
                f"{path} holds no audit_log table; expected a ppo-console store",
                hint="Check paths.store in config.toml.",
            )
        from core.store.beside_log import difference, unchecked

        connection.execute("BEGIN")  # one picture: what another console writes meanwhile is not in it
        walk = _Walk()
        broken = walk.whole(connection)
        beside = "" if broken else difference(connection)
        rest = () if broken or beside else unchecked(connection)
    report = AuditReport(path=str(path), entries=walk.number, head=walk.head, unchecked=rest)
    if broken:
        return msgspec.structs.replace(report, broken=walk.number + 1, reason=broken)
    found: list[Noted] = []
    for each in noted:
        match walk.find(each):
            case Noted() as entry:
                found.append(entry)
            case reason:
                first = min(each.number or walk.number + 1, walk.number + 1)
                return msgspec.structs.replace(report, broken=first, reason=reason)
    undecided = tuple(each.source for each in found if walk.undecided(each))
    report = msgspec.structs.replace(report, compared=tuple(found), undecided=undecided)
    if not triggers >= AUDIT_TRIGGERS:
        missing = ", ".join(sorted(name for name, _text in AUDIT_TRIGGERS - triggers))
        return msgspec.structs.replace(report, reason=f"the append-only protection was removed: {missing}")
    return msgspec.structs.replace(report, reason=beside)


class _Walk:
    """Goes through the chain once and remembers what noted entries are looked up by."""

    def __init__(self) -> None:
        self.number, self.head = 0, GENESIS
        """Of the last whole entry."""
        self._hashes = [GENESIS]
        """By number."""
        self._decided: dict[str, int] = {}
        """Per judged model the number of the newest decision about it."""

    def whole(self, connection: sqlite3.Connection) -> str:
        """Why the entry after the last whole one is broken; empty where the chain is whole."""
        try:
            for row in connection.execute(f"{_SELECT} ORDER BY number"):
                *fields, linked, digest = row
                if not isinstance(fields[0], int) or not all(isinstance(text, str) for text in fields[1:]):
                    return "a value has another type than it was written with"
                if fields[0] != self.number + 1:
                    return f"entry {self.number + 1} is missing; entry {fields[0]} follows"
                if linked != self.head:
                    return "it does not follow from the entry before it"
                values = dict(zip(_COLUMNS, fields, strict=True))
                if digest != entry_hash(self.head, values):
                    return "its content does not match its hash"
                self.number, self.head = fields[0], digest
                self._hashes.append(digest)
                if values["kind"] == "decision":
                    self._decided[_model_of(values["detail"])] = self.number
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            return f"it cannot be read: {visible(str(error), 200)}"
        return ""

    def find(self, noted: Noted) -> Noted | str:
        """The noted entry with its number, or why it is not the one in the log."""
        source = visible(noted.source, 300)
        if noted.number is not None and noted.number > self.number:
            first = self.number + 1
            missing = (
                f"entries {first} to {noted.number} are" if noted.number > first else f"entry {first} is"
            )
            return f"{missing} missing: the log was cut; {source} names entry {noted.number}"
        numbers = range(self.number + 1) if noted.number is None else (noted.number,)
        at = next((number for number in numbers if self._hashes[number].startswith(noted.hash)), None)
        if at is None:
            which = (
                "an entry that is" if noted.number is None else f"another entry {noted.number} than stands"
            )
            end = "not in the log" if noted.number is None else "in the log"
            return f"{source} names {which} {end}: the log was cut or replaced"
        return msgspec.structs.replace(noted, number=at, hash=self._hashes[at])

    def undecided(self, noted: Noted) -> bool:
        """A report was written then, but no decision about its model follows."""
        return noted.model is not None and self._decided.get(noted.model, 0) <= (noted.number or 0)


def _model_of(detail: str) -> str:
    """The hash of the model that a decision's entry is about; empty where it names none."""
    try:
        return str(json.loads(detail).get("model") or "")
    except (ValueError, AttributeError):
        return ""


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
