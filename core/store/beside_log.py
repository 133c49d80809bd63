"""Whether the tables beside the audit log say what the log says.

Ticks and acknowledgements stand in tables of their own, for quick reading; each was written with its entry.
Trap avoided: a chain that is whole while a tick was set by hand in the table that the checklists read.
"""

from __future__ import annotations

import sqlite3

from core.store.acknowledgements import read_acknowledgements
from core.store.audit import read_some
from core.store.ticks import read_ticks
from core.store.view import TICK_KINDS, ticks_from
from core.text import visible


def difference(connection: sqlite3.Connection) -> str:
    """The first thing that the tables hold otherwise than the log, in words; empty: nothing.

    Inside a transaction, else what another console writes meanwhile reads as one.
    """
    try:
        for (found,) in connection.execute("PRAGMA integrity_check(1)"):
            if found != "ok":
                return f"the file is damaged: {visible(str(found), 200)}"
        return _ticks(connection) or _acknowledgements(connection)
    except (sqlite3.DatabaseError, ValueError, TypeError) as error:
        return f"a table beside the log cannot be read: {visible(str(error), 200)}"


def _ticks(connection: sqlite3.Connection) -> str:
    if not _has(connection, "ticks", "sensed"):
        return ""
    said, held = ticks_from(read_some(connection, TICK_KINDS)), read_ticks(connection)
    for item_id in sorted({*said, *held}):
        if said.get(item_id) != held.get(item_id):
            return _words("tick", item_id, item_id in said, item_id in held)
    return ""


def _acknowledgements(connection: sqlite3.Connection) -> str:
    if not _has(connection, "acknowledgements", "expires_at"):
        return ""
    said = {
        entry.subject: (entry.operator, entry.at, entry.detail.get("note"), entry.detail.get("severity"))
        for entry in read_some(connection, ("acknowledge",))
    }
    held = {
        key: (each.operator, each.at, each.note, each.severity)
        for key, each in read_acknowledgements(connection).items()
    }
    for key in sorted({*said, *held}):
        if said.get(key) != held.get(key):
            return _words("acknowledgement", key, key in said, key in held)
    return ""


def _words(what: str, subject: str, said: bool, held: bool) -> str:
    name = f"the {what} of {visible(subject, 120)}"
    if not said:
        return f"{name} is in no entry of the log: it was set by hand"
    how = "is not what its entry says" if held else "is gone, its entry is not"
    return f"{name} {how}: it was changed by hand"


def _has(connection: sqlite3.Connection, table: str, column: str) -> bool:
    """Whether the file is new enough to have it."""
    return any(row[1] == column for row in connection.execute(f"PRAGMA table_info({table})"))
