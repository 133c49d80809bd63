"""A backup is a whole, verified copy, or nothing."""

from __future__ import annotations

import sqlite3
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from core.clock import parse_iso
from core.errors import RejectedError
from core.files import sha256_file
from core.operations.backup import BackupManifest, make_backup
from core.store.audit import verify
from core.store.database import Store
from core.store.operator import OperatorIdentity

NOW = parse_iso("2026-02-27T15:00:00Z")


def test_it_holds_the_store_the_configuration_and_their_hashes(workspace: Any, store: Store) -> None:
    store.tick("preparation.ready", NOW, "yes")
    folder, manifest = make_backup(workspace, store, NOW)
    assert folder == workspace.root / "backups" / "console-20260227T150000Z"
    assert sorted(path.name for path in folder.iterdir()) == ["backup.json", "config.toml", "console.sqlite3"]
    assert msgspec.json.decode((folder / "backup.json").read_bytes(), type=BackupManifest) == manifest
    assert {name: sha256_file(folder / name) for name in manifest.files} == manifest.files
    assert verify(folder / "console.sqlite3").head == manifest.head
    with Store(folder / "console.sqlite3", OperatorIdentity("eve", "", "", "")) as restored:
        assert restored.ticks()["preparation.ready"].note == "yes"
    assert store.entries("backup")[0].subject == folder.name


def test_it_is_whole_while_another_console_writes(workspace: Any, store: Store) -> None:
    done = threading.Event()

    def write() -> None:
        with Store(workspace.store, OperatorIdentity("bob", "", "", "")) as other:
            for index in range(200):
                other.tick(f"item.{index}", NOW)
                if done.is_set():
                    break

    thread = threading.Thread(target=write)
    thread.start()
    for second in range(3):
        folder, manifest = make_backup(workspace, store, NOW + timedelta(seconds=second))
        assert verify(folder / "console.sqlite3").entries == manifest.entries
    done.set()
    thread.join()


def test_a_broken_log_is_not_backed_up_and_nothing_is_left(
    workspace: Any, store: Store, tmp_path: Path
) -> None:
    store.tick("a", NOW)
    connection = sqlite3.connect(workspace.store)
    connection.execute("DROP TRIGGER audit_log_no_update")
    connection.execute("UPDATE audit_log SET subject = 'b'")
    connection.commit()
    connection.close()
    with pytest.raises(RejectedError, match="broken"):
        make_backup(workspace, store, NOW, tmp_path / "elsewhere")
    assert list((tmp_path / "elsewhere").iterdir()) == []
