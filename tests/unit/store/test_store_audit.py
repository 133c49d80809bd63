"""The audit log cannot be changed by statement, and a changed file is found with the entry's number."""

from __future__ import annotations

import contextlib
import random
import shutil
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest

from core.errors import UnreadableError, UsageError
from core.store.audit import GENESIS, AuditReport, Noted, entry_hash, verify
from core.store.database import Store
from core.store.operator import OperatorIdentity

DROP = "DROP TRIGGER audit_log_no_update; DROP TRIGGER audit_log_no_delete; DROP TRIGGER audit_log_in_order;"


def fill(store: Store, now: datetime, count: int = 8) -> None:
    for index in range(count):
        store.record("note", f"subject {index}", {"index": index, "text": f"entry number {index} äöü"}, now)


def tamper(path: Path, script: str) -> AuditReport:
    with closing(sqlite3.connect(path)) as raw:
        raw.executescript(script)
        raw.commit()
    return verify(path)


def test_entry_names_operator_and_host(store: Store, now: datetime) -> None:
    entry = store.record("train_start", "run-1", {"seed": 0, "paths": (Path("a/b"),)}, now)
    assert (entry.number, entry.previous) == (1, GENESIS)
    assert (entry.operator, entry.role, entry.host, entry.client) == (
        "ada",
        "ML Engineer",
        "trainer-1",
        "10.0.0.7",
    )
    assert store.entries() == [entry] and entry.at == now
    assert store.audit_head() == (1, entry.hash)


def test_head_of_an_empty_log(store: Store, path: Path) -> None:
    assert store.audit_head() == (0, GENESIS)
    report = verify(path)
    assert (report.whole, report.entries, report.head) == (True, 0, GENESIS)


def test_entries_by_kind_and_newest(store: Store, now: datetime) -> None:
    fill(store, now, 3)
    store.tick("item", now)
    assert [entry.kind for entry in store.entries()] == ["note", "note", "note", "tick"]
    assert [entry.number for entry in store.entries("note", limit=2)] == [2, 3]


def test_text_in_an_entry_is_visible_and_numbers_are_json(store: Store, now: datetime) -> None:
    detail = {"note": "a\x1b[31m\nb", "kl": float("nan"), "peak": float("inf"), "nested": [{"x\x07": 1.5}]}
    entry = store.record("note\x1b", "subject\u202e", detail, now)
    assert entry.detail == {"note": "a␛[31m\nb", "kl": "nan", "peak": "inf", "nested": [{"x␇": 1.5}]}
    assert "\x1b" not in entry.kind and "\u202e" not in entry.subject
    assert store.entries()[0].detail == entry.detail


def test_hash_is_sha256_over_previous_and_canonical_json() -> None:
    """The formula, spelled out, so that anyone can check a chain without this program."""
    import hashlib

    values = {"number": 1, "detail": '{"ä":1}', "at": "2026-02-23T14:00:00Z"}
    text = GENESIS + '{"at":"2026-02-23T14:00:00Z","detail":"{\\"\\u00e4\\":1}","number":1}'
    assert entry_hash(GENESIS, values) == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_log SET detail = '{}' WHERE number = 2",
        "DELETE FROM audit_log WHERE number = 8",
        "DELETE FROM audit_log",
        "INSERT OR REPLACE INTO audit_log SELECT 2, at, kind, subject, operator, role, host, client, '{}', "
        "previous, hash FROM audit_log WHERE number = 2",
        "INSERT INTO audit_log SELECT 99, at, kind, subject, operator, role, host, client, detail, previous, "
        "hash FROM audit_log WHERE number = 2",
    ],
    ids=["update", "delete", "clear", "replace", "gap"],
)
def test_append_only(store: Store, path: Path, now: datetime, statement: str) -> None:
    fill(store, now)
    with closing(sqlite3.connect(path)) as raw, pytest.raises(sqlite3.IntegrityError, match="append-only"):
        raw.execute(statement)
    assert verify(path).whole


@pytest.mark.parametrize(
    ("script", "broken"),
    [
        ("UPDATE audit_log SET detail = replace(detail, 'number 4', 'number 5') WHERE number = 5", 5),
        ("UPDATE audit_log SET operator = 'eve' WHERE number = 1", 1),
        ("UPDATE audit_log SET at = '2026-02-23T14:00:01Z' WHERE number = 8", 8),
        ("UPDATE audit_log SET hash = upper(hash) WHERE number = 3", 3),
        ("DELETE FROM audit_log WHERE number = 4", 4),
        ("DELETE FROM audit_log WHERE number = 1", 1),
        ("UPDATE audit_log SET number = number + 100 WHERE number = 6", 6),
        ("UPDATE audit_log SET previous = hash WHERE number = 7", 7),
    ],
)
def test_changed_row_is_named(store: Store, path: Path, now: datetime, script: str, broken: int) -> None:
    fill(store, now)
    report = tamper(path, DROP + script)
    assert not report.whole and report.broken == broken and report.reason
    assert report.entries == broken - 1
    if script.startswith("DELETE"):
        assert f"entry {broken} is missing" in report.reason


def test_removed_protection_is_told(store: Store, path: Path, now: datetime) -> None:
    fill(store, now)
    report = tamper(path, "DROP TRIGGER audit_log_no_update")
    assert not report.whole and report.broken is None and "audit_log_no_update" in report.reason


def test_cut_tail_is_found_by_a_report_s_head(store: Store, path: Path, now: datetime) -> None:
    """A cut tail leaves a whole chain; the head that a report holds tells."""
    fill(store, now)
    number, digest = store.audit_head()
    head = [Noted(source="--head", number=number, hash=digest[:12])]
    fill(store, now, 1)
    assert verify(path, head).compared == (Noted(source="--head", number=number, hash=digest),)
    create = (
        "CREATE TRIGGER audit_log_no_delete BEFORE DELETE ON audit_log "
        "BEGIN SELECT RAISE(ABORT, 'audit_log is append-only'); END;"
    )
    script = f"DROP TRIGGER audit_log_no_delete; DELETE FROM audit_log WHERE number > 6; {create}"
    assert tamper(path, script).whole
    report = verify(path, head)
    assert report.broken == 7
    assert report.reason == "entries 7 to 8 are missing: the log was cut; --head names entry 8"
    fill(store, now, 4)
    report = verify(path, head)
    assert report.broken == 8 and "another entry 8" in report.reason


def test_a_hash_without_a_number_is_looked_up_in_the_whole_log(
    store: Store, path: Path, now: datetime
) -> None:
    """A report names only the hash."""
    fill(store, now, 3)
    report = Noted(source="report.json", hash=store.audit_head()[1])
    fill(store, now, 3)
    assert [each.number for each in verify(path, [report]).compared] == [3]
    assert verify(path, [Noted(source="report.json", hash=GENESIS)]).compared[0].number == 0
    other = verify(path, [report, Noted(source="history.json", hash="f" * 64)])
    assert other.broken == 7 and other.reason.startswith("history.json names an entry that is not in the log")


def test_a_report_whose_decision_the_log_does_not_hold_is_told(
    store: Store, path: Path, now: datetime
) -> None:
    """The report is written before its decision is entered: its head alone would not miss that entry."""
    fill(store, now, 2)
    report = [Noted(source="report.json", hash=store.audit_head()[1], model="abc")]
    store.record("decision", "GO", {"model": "another"}, now)
    told = verify(path, report)
    assert told.whole and told.undecided == ("report.json",)
    store.record("decision", "GO", {"model": "abc"}, now)
    assert verify(path, report).whole


def test_any_changed_byte_is_found_or_changes_nothing(
    tmp_path: Path, path: Path, ada: OperatorIdentity, now: datetime
) -> None:
    """Flip a byte anywhere in the file: either verify says broken, or every entry reads as before."""
    with Store(path, ada) as store:
        fill(store, now, 12)
        original = store.entries()
        number, digest = store.audit_head()
        head = [Noted(source="--head", number=number, hash=digest)]
    whole = path.read_bytes()
    rng = random.Random(7)
    starts = [index for index in range(len(whole)) if whole.startswith(b"entry number", index)]
    offsets = [start + 3 for start in starts] + rng.sample(range(len(whole)), 400)
    assert len(starts) >= 12
    found = 0
    copy = tmp_path / "copy.sqlite3"
    for offset in offsets:
        shutil.copyfile(path, copy)
        with copy.open("r+b") as stream:
            stream.seek(offset)
            stream.write(bytes([whole[offset] ^ (1 << rng.randrange(8))]))
        try:
            report = verify(copy, head)
        except UnreadableError:
            found += 1
            continue
        if not report.whole:
            found += 1
            continue
        with contextlib.suppress(UnreadableError), Store(copy, ada) as store:
            assert store.entries() == original, f"byte {offset} changed an entry unseen"
    assert found >= 12


def test_each_entry_s_text_is_covered(path: Path, ada: OperatorIdentity, now: datetime) -> None:
    """One changed byte inside entry n is reported as entry n."""
    with Store(path, ada) as store:
        fill(store, now, 5)
    whole = path.read_bytes()
    for number in range(1, 6):
        mark = f"entry number {number - 1}".encode()
        offset = whole.index(mark)
        changed = bytearray(whole)
        changed[offset] ^= 1
        path.write_bytes(changed)
        assert verify(path).broken == number
    path.write_bytes(whole)
    assert verify(path).whole


def test_verify_of_nothing_and_of_no_store(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        verify(tmp_path / "none.sqlite3")
    assert not (tmp_path / "none.sqlite3").exists()
    text = tmp_path / "text"
    text.write_text("no database " * 100)
    with pytest.raises(UnreadableError, match="not a database"):
        verify(text)
    with closing(sqlite3.connect(tmp_path / "other.sqlite3")) as raw:
        raw.execute("CREATE TABLE songs (title TEXT)")
        raw.commit()
    with pytest.raises(UnreadableError, match="no audit_log"):
        verify(tmp_path / "other.sqlite3")
