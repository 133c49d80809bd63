"""`--fresh` moves the earlier run whole, overwrites none, and leaves no half behind."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from unittest import mock

import pytest

from core.errors import UnreadableError
from core.models.arrays import read_policy
from core.training import archive
from core.training.archive import archive_run, old_run_files
from core.training.runfile import RunRecord, write_run
from core.workspace import Workspace

WriteModel = Callable[..., Path]


@pytest.fixture
def old_run(
    workspace: Workspace, write_model: WriteModel, make_record: Callable[..., RunRecord]
) -> RunRecord:
    record = make_record(ended_at="2026-02-23T15:00:00Z", outcome="finished")
    write_run(workspace.logs, record)
    (workspace.logs / "convergence_dashboard.csv").write_text("timestep\n")
    (workspace.logs / "tensorboard").mkdir()
    (workspace.logs / "tensorboard" / "events.out.tfevents.1").write_text("x")
    write_model(workspace.models)
    write_model(workspace.checkpoints, "ppo_2048_steps", role="checkpoint")
    return record


def test_a_run_moves_whole_with_its_models_and_checkpoints(
    workspace: Workspace, now: datetime, old_run: RunRecord
) -> None:
    target = archive_run(workspace, now)
    assert target == workspace.archive / "run-1"
    assert (target / "run.json").is_file() and (target / "tensorboard" / "events.out.tfevents.1").is_file()
    assert read_policy(target / "models" / "best_model")
    assert read_policy(target / "checkpoints" / "ppo_2048_steps")
    assert old_run_files(workspace) == []
    assert list(workspace.logs.iterdir()) == [], "the folder is there and empty"


def test_nothing_to_move_is_no_error(workspace: Workspace, now: datetime) -> None:
    assert archive_run(workspace, now) is None
    assert not workspace.archive.exists()


def test_an_archived_run_is_never_overwritten(
    workspace: Workspace, now: datetime, old_run: RunRecord
) -> None:
    archive_run(workspace, now)
    write_run(workspace.logs, old_run)
    assert archive_run(workspace, now) == workspace.archive / "run-1-2"


@pytest.mark.parametrize(
    ("ends", "told"),
    [(OSError(errno.ENOSPC, "No space left on device"), UnreadableError), (KeyboardInterrupt(), None)],
)
def test_a_move_to_another_volume_that_ends_half_way_leaves_no_half_run_there(
    workspace: Workspace,
    now: datetime,
    old_run: RunRecord,
    ends: BaseException,
    told: type[BaseException] | None,
) -> None:
    real_rename, real_copy = Path.rename, shutil.copy2
    full = [True]

    def rename(self: Path, target: Path) -> Path:
        if self == workspace.logs:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return real_rename(self, target)

    def copy(source: str, target: str, **options: bool) -> object:
        if full[0] and source.endswith("convergence_dashboard.csv"):
            raise ends
        return real_copy(source, target, **options)

    with mock.patch.object(Path, "rename", rename), mock.patch.object(archive, "_copy_file", copy):
        with pytest.raises(told or type(ends), match=told and "No space left on device"):
            archive_run(workspace, now)
        assert list(workspace.archive.iterdir()) == []
        assert (workspace.logs / "convergence_dashboard.csv").is_file()
        full[0] = False
        target = archive_run(workspace, now)
    assert target == workspace.archive / "run-1" and read_policy(target / "models" / "best_model")
    assert (target / "convergence_dashboard.csv").is_file() and list(workspace.logs.iterdir()) == []


def test_a_move_that_fails_half_way_is_completed_by_the_next(
    workspace: Workspace, now: datetime, old_run: RunRecord
) -> None:
    real = archive._move_one

    def fails_on_logs(source: Path, target: Path) -> None:
        if source == workspace.logs:
            raise OSError(28, "No space left on device")
        real(source, target)

    with (
        mock.patch.object(archive, "_move_one", fails_on_logs),
        pytest.raises(UnreadableError, match="No space left"),
    ):
        archive_run(workspace, now)
    assert (workspace.logs / "run.json").is_file()
    target = archive_run(workspace, now)
    assert target is not None and read_policy(target / "models" / "best_model")
    assert read_policy(target / "checkpoints" / "ppo_2048_steps")


def test_what_has_no_run_file_is_archived_as_unknown(
    workspace: Workspace, now: datetime, write_model: WriteModel
) -> None:
    write_model(workspace.models)
    target = archive_run(workspace, now)
    assert target is not None and target.name == "unknown-20260223T140000Z"
