"""The tables and how an older database becomes a newer one.

`migrate` runs each missing step once, inside the caller's transaction, so that two consoles that open a new
workspace at the same moment make one database. Trap avoided: taking another program's database for ours.
"""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from core.errors import UnreadableError

APPLICATION_ID = 0x50504F43
"""`PPOC`, in the file's header."""

_FIRST = (
    """
    CREATE TABLE audit_log (
        number   INTEGER PRIMARY KEY,
        at       TEXT NOT NULL,
        kind     TEXT NOT NULL,
        subject  TEXT NOT NULL,
        operator TEXT NOT NULL,
        role     TEXT NOT NULL,
        host     TEXT NOT NULL,
        client   TEXT NOT NULL,
        detail   TEXT NOT NULL,
        previous TEXT NOT NULL,
        hash     TEXT NOT NULL
    ) STRICT
    """,
    """
    CREATE TRIGGER audit_log_no_update BEFORE UPDATE ON audit_log
    BEGIN SELECT RAISE(ABORT, 'audit_log is append-only'); END
    """,
    """
    CREATE TRIGGER audit_log_no_delete BEFORE DELETE ON audit_log
    BEGIN SELECT RAISE(ABORT, 'audit_log is append-only'); END
    """,
    # INSERT OR REPLACE deletes without firing the trigger above; only the next number is let in.
    """
    CREATE TRIGGER audit_log_in_order BEFORE INSERT ON audit_log
    WHEN NEW.number IS NOT (SELECT COALESCE(MAX(number), 0) + 1 FROM audit_log)
    BEGIN SELECT RAISE(ABORT, 'audit_log is append-only'); END
    """,
    """
    CREATE TABLE ticks (
        item_id  TEXT PRIMARY KEY,
        state    TEXT NOT NULL CHECK (state IN ('ticked', 'unticked', 'overridden')),
        operator TEXT NOT NULL,
        at       TEXT NOT NULL,
        note     TEXT NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE alert_transitions (
        id         INTEGER PRIMARY KEY,
        run_id     TEXT NOT NULL,
        rule       TEXT NOT NULL,
        generation INTEGER NOT NULL,
        state      TEXT NOT NULL CHECK (state IN ('firing', 'resolved')),
        key        TEXT NOT NULL,
        severity   TEXT NOT NULL,
        timestep   INTEGER,
        value      TEXT,
        at         TEXT NOT NULL,
        message    TEXT NOT NULL,
        rule_hash  TEXT NOT NULL,
        UNIQUE (run_id, rule, generation, state)
    ) STRICT
    """,
    """
    CREATE TABLE alert_lines (
        id      INTEGER PRIMARY KEY,
        run_id  TEXT NOT NULL,
        line    TEXT NOT NULL,
        written INTEGER NOT NULL DEFAULT 0
    ) STRICT
    """,
    "CREATE INDEX alert_lines_waiting ON alert_lines (run_id, id) WHERE written = 0",
    """
    CREATE TABLE acknowledgements (
        key      TEXT PRIMARY KEY,
        operator TEXT NOT NULL,
        at       TEXT NOT NULL,
        note     TEXT NOT NULL
    ) STRICT
    """,
)

_ALERTING = (
    "ALTER TABLE acknowledgements ADD COLUMN severity TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE acknowledgements ADD COLUMN after_transition INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE acknowledgements ADD COLUMN expires_at TEXT",
    """
    CREATE TABLE silences (
        id         INTEGER PRIMARY KEY,
        matcher    TEXT NOT NULL,
        starts_at  TEXT NOT NULL,
        ends_at    TEXT NOT NULL,
        creator    TEXT NOT NULL,
        comment    TEXT NOT NULL,
        created_at TEXT NOT NULL,
        ended_at   TEXT,
        ended_by   TEXT
    ) STRICT
    """,
    """
    CREATE TABLE outbox (
        id          INTEGER PRIMARY KEY,
        run_id      TEXT NOT NULL,
        rule        TEXT NOT NULL,
        generation  INTEGER NOT NULL,
        state       TEXT NOT NULL CHECK (state IN ('firing', 'resolved')),
        target      TEXT NOT NULL,
        severity    TEXT NOT NULL,
        title       TEXT NOT NULL,
        body        TEXT NOT NULL,
        status      TEXT NOT NULL CHECK (status IN ('waiting', 'sent', 'failed', 'cancelled')),
        attempts    INTEGER NOT NULL DEFAULT 0,
        error       TEXT NOT NULL DEFAULT '',
        queued_at   REAL NOT NULL,
        next_at     REAL NOT NULL,
        deadline    REAL NOT NULL,
        done_at     REAL,
        owner       TEXT,
        lease_until REAL,
        UNIQUE (run_id, rule, generation, state, target)
    ) STRICT
    """,
    "CREATE INDEX outbox_waiting ON outbox (next_at) WHERE status = 'waiting'",
    """
    CREATE TABLE steps_taken (
        id          INTEGER PRIMARY KEY,
        run_id      TEXT NOT NULL,
        occasion    TEXT NOT NULL,
        procedure   TEXT NOT NULL,
        step        TEXT NOT NULL,
        operator    TEXT NOT NULL,
        at          TEXT NOT NULL,
        note        TEXT NOT NULL,
        line        TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX steps_of_run ON steps_taken (run_id, id)",
)

_WEEK = (
    """
    CREATE TABLE ticks_of_week (
        item_id  TEXT PRIMARY KEY,
        state    TEXT NOT NULL CHECK (state IN ('ticked', 'unticked', 'overridden', 'not_applicable')),
        operator TEXT NOT NULL,
        at       TEXT NOT NULL,
        note     TEXT NOT NULL,
        evidence TEXT NOT NULL DEFAULT '',
        sensed   INTEGER NOT NULL DEFAULT 0
    ) STRICT
    """,
    "INSERT INTO ticks_of_week (item_id, state, operator, at, note) "
    "SELECT item_id, state, operator, at, note FROM ticks",
    "DROP TABLE ticks",
    "ALTER TABLE ticks_of_week RENAME TO ticks",
    """
    CREATE TABLE last_looks (
        operator   TEXT PRIMARY KEY,
        at         TEXT NOT NULL,
        entry      INTEGER NOT NULL,
        transition INTEGER NOT NULL
    ) STRICT
    """,
)

_HASHED = ("ALTER TABLE alert_transitions ADD COLUMN hash TEXT NOT NULL DEFAULT ''",)

MIGRATIONS: tuple[tuple[str, ...], ...] = (_FIRST, _ALERTING, _WEEK, _HASHED)
"""Statement lists; the database's user_version counts how many have run."""


_TABLES = (
    *("audit_log", "ticks", "alert_transitions", "alert_lines", "acknowledgements"),
    *("silences", "outbox", "steps_taken", "last_looks"),
)


def one_line(statement: str) -> str:
    """Without the line breaks that a hand which puts it back may set otherwise."""
    return " ".join(statement.split())


AUDIT_TRIGGERS = frozenset(
    (statement.split()[2], one_line(statement))
    for statements in MIGRATIONS
    for statement in statements
    if statement.split()[:2] == ["CREATE", "TRIGGER"] and " ON audit_log" in statement
)
"""Name and text of each."""


def definitions(connection: sqlite3.Connection) -> dict[str, str]:
    """What the database's tables, indexes and triggers were made by: `table ticks` → its statement, without
    the quotes and line breaks that a version of SQLite may set otherwise."""
    found = connection.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    return {f"{kind} {name}": one_line(str(text).replace('"', "")) for kind, name, text in found}


def expected_definitions(version: int) -> dict[str, str]:
    """`definitions` of a database on which so many of `MIGRATIONS` have run."""
    with contextlib.closing(sqlite3.connect(":memory:")) as fresh:
        for statements in MIGRATIONS[:version]:
            for statement in statements:
                fresh.execute(statement)
        return definitions(fresh)


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the database up to date, inside the open transaction.

    Raises UnreadableError for another program's database and for one that a newer version wrote.
    """
    application = int(connection.execute("PRAGMA application_id").fetchone()[0])
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    objects = int(connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0])
    if application != APPLICATION_ID and (objects or application or version):
        raise UnreadableError(
            f"{path} is a database of another program; expected a ppo-console store or no file",
            hint="Set paths.store in config.toml to another file; nothing was changed.",
        )
    if version > len(MIGRATIONS):
        raise UnreadableError(
            f"{path} was written by a newer ppo-console: version {version}, this one knows {len(MIGRATIONS)}",
            hint="Update ppo-console on this machine; nothing was changed.",
        )
    loose = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND NOT strict"
    for (name,) in connection.execute(f"{loose} AND name IN ({', '.join('?' * len(_TABLES))})", _TABLES):
        raise UnreadableError(
            f"{path} is damaged: its table {name} takes values of any type, so it was made by another hand",
            hint="Put a backup in its place; nothing was changed.",
        )
    if version == len(MIGRATIONS) and application == APPLICATION_ID:
        return
    for statements in MIGRATIONS[version:]:
        for statement in statements:
            connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
