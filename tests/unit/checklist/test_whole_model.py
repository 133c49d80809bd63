"""A checkpoint is compared with its manifest, without loading it."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import msgspec

from core.checklist.whole_model import model_problem
from core.models.manifest import Manifest, manifest_name, member_names

NAME = "ppo_50000_steps"


def write(folder: Path) -> Path:
    members = member_names(NAME)
    with zipfile.ZipFile(folder / members[0], "w") as archive:
        archive.writestr("data", "weights")
    for name in members[1:]:
        (folder / name).write_text(name)
    manifest = Manifest(
        name=NAME,
        role="checkpoint",
        run_id="run-1",
        timesteps=50_000,
        updates=1,
        created_at="2026-02-24T10:00:00Z",
        files={name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in members},
        feature_names=("a",),
        net_arch=(16,),
        activation="Tanh",
        n_actions=5,
    )
    (folder / manifest_name(NAME)).write_bytes(msgspec.json.encode(manifest))
    return folder / members[0]


def test_a_whole_one_and_one_that_was_changed(tmp_path: Path) -> None:
    path = write(tmp_path)
    assert model_problem(path)[0] is True
    (tmp_path / f"{NAME}.policy.npz").write_text("other")
    assert model_problem(path) == (False, f"{NAME}.policy.npz does not match its manifest")


def test_a_half_written_zip_is_none(tmp_path: Path) -> None:
    path = write(tmp_path)
    path.write_bytes(path.read_bytes()[:40])
    assert model_problem(path) == (False, f"{NAME}.zip is no whole zip")


def test_without_a_manifest_nothing_is_claimed(tmp_path: Path) -> None:
    path = write(tmp_path)
    (tmp_path / manifest_name(NAME)).unlink()
    assert model_problem(path)[0] is None


def test_a_missing_part_is_told(tmp_path: Path) -> None:
    path = write(tmp_path)
    (tmp_path / f"{NAME}.normalisation.json").unlink()
    assert model_problem(path) == (False, f"{NAME}.normalisation.json is missing")
