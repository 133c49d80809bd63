"""A file or folder that can be no store is left alone, and said in words."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from core.errors import UnreadableError, UsageError
from core.store import connection
from core.store.database import Store
from core.store.operator import OperatorIdentity
from core.store.schema import MIGRATIONS


@pytest.mark.parametrize(
    "content",
    [b"hello, I am a text file\n" * 100, b"SQLite format 3\0" + b"\xff" * 4000],
    ids=["text", "junk"],
)
def test_file_that_is_no_database(path: Path, ada: OperatorIdentity, content: bytes) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    with pytest.raises(UnreadableError, match=path.name) as caught:
        Store(path, ada)
    assert caught.value.exit_code == 1 and caught.value.hint
    assert path.read_bytes() == content


@pytest.mark.parametrize("damage", ["cut", "overwritten"])
def test_damaged_database(path: Path, ada: OperatorIdentity, now: datetime, damage: str) -> None:
    with Store(path, ada) as store:
        for index in range(100):
            store.tick(f"item{index}", now, "note " * 20)
    content = bytearray(path.read_bytes())
    if damage == "cut":
        del content[len(content) // 2 :]
    else:
        content[4096:16384] = os.urandom(12288)
    path.write_bytes(content)
    with pytest.raises(UnreadableError, match="damaged") as caught:
        Store(path, ada)
    assert str(path) in caught.value.title and "backup" in caught.value.hint


def test_database_of_another_program_is_left_alone(path: Path, ada: OperatorIdentity) -> None:
    path.parent.mkdir(parents=True)
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE songs (title TEXT)")
    other.commit()
    other.close()
    before = path.read_bytes()
    with pytest.raises(UnreadableError, match="another program"):
        Store(path, ada)
    assert path.read_bytes() == before


def test_newer_version_is_refused(path: Path, ada: OperatorIdentity) -> None:
    Store(path, ada).close()
    raw = sqlite3.connect(path)
    raw.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    raw.commit()
    raw.close()
    with pytest.raises(UnreadableError, match="newer"):
        Store(path, ada)


def test_folder_that_cannot_be_made(tmp_path: Path, ada: OperatorIdentity) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    with pytest.raises(UsageError) as caught:
        Store(tmp_path / "state" / "console.sqlite3", ada)
    assert caught.value.exit_code == 2 and str(tmp_path / "state") in caught.value.title


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_folder_without_permission(tmp_path: Path, ada: OperatorIdentity) -> None:
    folder = tmp_path / "state"
    folder.mkdir(mode=0o500)
    with pytest.raises(UsageError, match="writ"):
        Store(folder / "console.sqlite3", ada)


def test_path_that_is_a_folder(tmp_path: Path, ada: OperatorIdentity) -> None:
    with pytest.raises(UsageError, match="is a folder"):
        Store(tmp_path, ada)


def test_deleted_database_does_not_swallow_ticks(store: Store, path: Path, now: datetime) -> None:
    """A write into a file that has no name any more would be lost without a word."""
    path.unlink()
    with pytest.raises(UnreadableError, match="moved, deleted or replaced"):
        store.tick("item", now)


def test_full_disk_is_said(store: Store, now: datetime) -> None:
    with store._connections.transaction() as writer:
        pages = writer.execute("PRAGMA page_count").fetchone()[0]
    store._connections._writer.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(UnreadableError, match="disk is full"):
        store.record("note", "x", {"text": "y" * 15_000}, now)
    assert store.entries() == []


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("UPDATE silences SET comment = CAST(x'ff1b5d' AS TEXT) WHERE id = 2", "holds text that is no UTF-8"),
        ("UPDATE silences SET ends_at = 'x' || char(27) WHERE id = 2", "holds a value that was not written"),
        ("ALTER TABLE silences DROP COLUMN comment", "no such column: comment"),
        ("DROP TABLE silences", "no such table: silences"),
    ],
)
def test_what_a_hand_put_into_the_store_is_one_message_and_keeps_nobody_from_recording(
    path: Path, ada: OperatorIdentity, now: datetime, monkeypatch: pytest.MonkeyPatch, damage: str, said: str
) -> None:
    """A reading that stopped half way would hold its lock for as long as its error is shown."""
    monkeypatch.setattr(connection, "BUSY_SECONDS", 0.1)
    with Store(path, ada) as store, Store(path, ada) as other:
        for _ in range(3):
            store.silence("rule=kl_*", starts_at=now, ends_at=now + timedelta(hours=1), comment="c", now=now)
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as raw:
            raw.execute(damage)
        with pytest.raises(UnreadableError) as shown:
            store.silences()
        assert said in shown.value.title and "\x1b" not in str(shown.value) and shown.value.exit_code == 1
        with pytest.raises(UnreadableError):
            store.end_silence(1, now)
        other.tick("preflight.gpu", now)
        store.tick("preflight.disk_free", now)


def test_a_table_that_takes_any_type_is_refused_by_name(
    path: Path, store: Store, ada: OperatorIdentity
) -> None:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as raw:
        raw.executescript("DROP TABLE last_looks; CREATE TABLE last_looks (operator, at, entry, transition)")
    with pytest.raises(UnreadableError, match="its table last_looks takes values of any type"):
        Store(path, ada)
