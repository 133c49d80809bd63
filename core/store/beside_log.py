"""Whether the tables beside the audit log say what the log says.

Ticks, acknowledgements, silences and steps stand in tables of their own, for quick reading; each was written
with its entry, alert transitions with one that holds their hashes. Traps avoided: a chain that is whole
while a tick was set by hand in the table that the checklists read, or a table's own definition was changed.
"""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable

from core.clock import iso, parse_iso
from core.store.acknowledgements import read_acknowledgements
from core.store.alert_states import ALERTS_ENTRY, TRANSITION_COLUMNS, recorded_hashes, transition_hash
from core.store.audit import read_some
from core.store.schema import APPLICATION_ID, MIGRATIONS, definitions, expected_definitions
from core.store.silences import read_silences
from core.store.ticks import read_ticks
from core.store.view import TICK_KINDS, ticks_from
from core.text import visible

_NO_ENTRY = "notifications and lines on their way, and each operator's last look, of which there is no entry"


def difference(connection: sqlite3.Connection) -> str:
    """The first thing that the tables hold otherwise than the log, in words; empty: nothing.

    Inside a transaction, else what another console writes meanwhile reads as one.
    """
    try:
        for (found,) in connection.execute("PRAGMA integrity_check(1)"):
            if found != "ok":
                return f"the file is damaged: {visible(str(found), 200)}"
        looks = (look for table, column, look in _COMPARED if _has(connection, table, column))
        return next(filter(None, (look(connection) for look in (_definitions, *looks))), "")
    except (sqlite3.DatabaseError, ValueError, TypeError, LookupError, AttributeError) as error:
        return f"a table beside the log cannot be read: {visible(str(error), 200)}"


def unchecked(connection: sqlite3.Connection) -> tuple[str, ...]:
    """What of a store in which `difference` found none the log says nothing of, in words."""
    found = [
        f"the table {table}, which an older version made"
        for table, column, _look in _COMPARED
        if not _has(connection, table, column)
    ]
    if int(connection.execute("PRAGMA user_version").fetchone()[0]) > len(MIGRATIONS):
        found.append("what a newer version added")
    if _has(connection, "alert_transitions", "hash"):
        said = recorded_hashes(read_some(connection, (ALERTS_ENTRY,)))
        held = int(connection.execute("SELECT COUNT(*) FROM alert_transitions").fetchone()[0])
        if held > len(said):
            found.append(f"{held - len(said)} of {held} alert transitions, which an older version recorded")
    return (*found, _NO_ENTRY)


def _definitions(connection: sqlite3.Connection) -> str:
    """A newer version's tables are its own matter."""
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        return "the file's mark is not that of a ppo-console store: it was changed"
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > len(MIGRATIONS):
        return ""
    held = definitions(connection)
    for name, text in sorted(expected_definitions(version).items()):
        if held.get(name) != text:
            state = "is not as it was made" if name in held else "is gone"
            return f"the {name} {state}: it was changed by hand"
    return ""


def _transitions(connection: sqlite3.Connection) -> str:
    """An older version left no entry, a store's first ones no hash either; a number none of them left out."""
    said = recorded_hashes(read_some(connection, (ALERTS_ENTRY,)))
    first, last = min(said, default=0), 0
    for number, digest, *row in connection.execute(
        f"SELECT id, hash, {TRANSITION_COLUMNS} FROM alert_transitions ORDER BY id"
    ):
        if number != last + 1:
            break
        last = number
        hashed = digest or 0 < first < number
        if said.get(number, digest) != digest or (hashed and digest != transition_hash(row)):
            which = visible(f"{row[1]} #{row[2]} {row[3]} of {row[0]}", 200)
            return f"alert transition {number} ({which}) is not what was recorded: it was changed by hand"
    held = int(connection.execute("SELECT COALESCE(MAX(id), 0) FROM alert_transitions").fetchone()[0])
    if last < max((held, *said)):
        return f"alert transition {last + 1} is gone: it was taken out by hand"
    return ""


def _ticks(connection: sqlite3.Connection) -> str:
    said, held = ticks_from(read_some(connection, TICK_KINDS)), read_ticks(connection)
    for item_id in sorted({*said, *held}):
        if said.get(item_id) != held.get(item_id):
            return _words("tick", item_id, item_id in said, item_id in held)
    return ""


def _acknowledgements(connection: sqlite3.Connection) -> str:
    said: dict[str, tuple[object, ...]] = {
        entry.subject: (entry.operator, entry.at, entry.detail.get("note"), entry.detail.get("severity"))
        for entry in read_some(connection, ("acknowledge",))
    }
    held: dict[str, tuple[object, ...]] = {
        key: (each.operator, each.at, each.note, each.severity)
        for key, each in read_acknowledgements(connection).items()
    }
    for key in sorted({*said, *held}):
        entry, row = said.get(key, ()), held.get(key, ())
        compared = 4 if row and row[3] else 3  # a store's first version kept no severity in the table
        if entry[:compared] != row[:compared]:
            return _words("acknowledgement", key, key in said, key in held)
    return ""


def _silences(connection: sqlite3.Connection) -> str:
    said: dict[str, tuple[str, ...]] = {}
    for entry in read_some(connection, ("silence", "silence_end")):
        if entry.kind == "silence":
            about = (str(entry.detail.get(name)) for name in ("matcher", "starts_at", "ends_at", "comment"))
            said[entry.subject] = (entry.operator, iso(entry.at), *about, "", "")
        elif entry.subject in said:
            said[entry.subject] = (*said[entry.subject][:-2], iso(entry.at), entry.operator)
    held = {
        str(each.id): (
            each.creator,
            iso(each.created_at),
            each.matcher,
            iso(each.starts_at),
            iso(each.ends_at),
            each.comment,
            "" if each.ended_at is None else iso(each.ended_at),
            each.ended_by,
        )
        for each in read_silences(connection)
    }
    for number in sorted({*said, *held}):
        if said.get(number) != held.get(number):
            return _words("silence", number, number in said, number in held)
    return ""


def _steps(connection: sqlite3.Connection) -> str:
    said = [
        (visible(f"{each.subject} of {each.detail['run']}", 300), each.operator, each.at, each.detail["note"])
        for each in read_some(connection, ("step",))
    ]
    held = [
        (visible(f"{procedure}/{step} of {run}", 300), operator, parse_iso(at), note)
        for run, procedure, step, operator, at, note in connection.execute(
            "SELECT run_id, procedure, step, operator, at, note FROM steps_taken ORDER BY id"
        )
    ]
    for entry, row in itertools.zip_longest(said, held):
        if entry != row:
            more, fewer = len(held) > len(said), len(held) < len(said)
            return _words("step", (row if more else entry)[0], not more, not fewer)
    return ""


def _words(what: str, subject: str, said: bool, held: bool) -> str:
    name = f"the {what} of {visible(subject, 120)}"
    if not said:
        return f"{name} is in no entry of the log: it was set by hand"
    how = "is not what its entry says" if held else "is gone, its entry is not"
    return f"{name} {how}: it was changed by hand"


_COMPARED: tuple[tuple[str, str, Callable[[sqlite3.Connection], str]], ...] = (
    ("ticks", "sensed", _ticks),
    ("alert_transitions", "hash", _transitions),
    ("acknowledgements", "expires_at", _acknowledgements),
    ("silences", "ended_by", _silences),
    ("steps_taken", "line", _steps),
)
"""Table, the newest column that the comparison needs, and the comparison."""


def _has(connection: sqlite3.Connection, table: str, column: str) -> bool:
    """Whether the file is new enough to have it."""
    return any(row[1] == column for row in connection.execute(f"PRAGMA table_info({table})"))
