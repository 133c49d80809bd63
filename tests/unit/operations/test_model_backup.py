"""The models' folder is copied whole, hashes verified, and never over an earlier copy."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from core.clock import parse_iso
from core.errors import RejectedError, UsageError
from core.operations import model_backup
from core.operations.model_backup import backup_models, matching_backup

NOW = parse_iso("2026-02-27T14:05:00Z")


@pytest.fixture
def models(workspace: Any) -> Any:
    for name in ("best_model.zip", "best_model.manifest.json", "final_model.zip"):
        (workspace.models / name).write_bytes(name.encode())
    return workspace.models


def test_the_copy_has_the_manuals_name_and_the_same_bytes(workspace: Any, store: Any, models: Any) -> None:
    folder, manifest, made = backup_models(workspace, store, NOW)
    assert made
    assert folder == workspace.root / "models" / "ppo_phase4_BACKUP_27FEV"
    assert sorted(path.name for path in folder.iterdir()) == sorted([*manifest.files, "backup.json"])
    assert (folder / "best_model.zip").read_bytes() == b"best_model.zip"
    entry = store.entries("model_backup")[0]
    assert entry.detail["hashes"] == manifest.files
    found, others = matching_backup(workspace)
    assert found is not None and (found[0], others) == (folder, 0)


def test_the_same_models_are_not_copied_twice_and_others_overwrite_nothing(
    workspace: Any, store: Any, models: Any
) -> None:
    first, _, _ = backup_models(workspace, store, NOW)
    assert backup_models(workspace, store, NOW + timedelta(minutes=1))[2] is False
    (models / "best_model.zip").write_bytes(b"another")
    assert matching_backup(workspace) == (None, 1)
    second, _, made = backup_models(workspace, store, NOW + timedelta(minutes=2))
    assert made and second != first
    assert (first / "best_model.zip").read_bytes() == b"best_model.zip"
    assert second.name == "ppo_phase4_BACKUP_27FEV_140700"


def test_a_tampered_backup_is_none(workspace: Any, store: Any, models: Any) -> None:
    folder, _, _ = backup_models(workspace, store, NOW)
    (folder / "best_model.zip").write_bytes(b"changed")
    assert matching_backup(workspace)[0] is None


def test_a_file_that_changes_while_it_is_copied_leaves_nothing(
    workspace: Any, store: Any, models: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = model_backup.shutil.copyfile

    def torn(source: Any, target: Any) -> None:
        copy(source, target)
        with open(target, "ab") as stream:
            stream.write(b"x")

    monkeypatch.setattr(model_backup.shutil, "copyfile", torn)
    with pytest.raises(RejectedError, match="changed while it was copied"):
        backup_models(workspace, store, NOW)
    assert [path.name for path in (workspace.root / "models").iterdir()] == ["ppo_phase4"]


def test_without_a_model_there_is_nothing_to_back_up(workspace: Any, store: Any) -> None:
    with pytest.raises(UsageError, match="holds no model"):
        backup_models(workspace, store, NOW)
