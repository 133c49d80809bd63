"""A file or folder that can be no store is left alone, and said in words."""

from __future__ import annotations

import os
import sqlite3
from datetime import datetime
from pathlib import Path

import pytest

from core.errors import UnreadableError, UsageError
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
