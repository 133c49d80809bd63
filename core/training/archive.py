"""`--fresh`: the earlier run with its models and checkpoints moves to the archive.

Trap avoided: a move that is killed half-way and leaves the models of one run beside the files of the next:
models and checkpoints first move into the run folder, then the run folder moves in one rename. To another
volume it is copied first, under a temporary name, so that a full one leaves no half run in the archive.
"""

from __future__ import annotations

import contextlib
import errno
import shutil
from datetime import UTC, datetime
from pathlib import Path

from core.errors import UnreadableError
from core.files import TEMPORARY
from core.telemetry.discovery import find_files
from core.text import visible
from core.training.guard import refuse_live, start_lock
from core.training.runfile import RUN_FILE, read_run
from core.workspace import Workspace

_copy_file = shutil.copy2


def old_run_files(workspace: Workspace) -> list[Path]:
    """Files of an earlier run, whoever trained it, its models or checkpoints: a new run must not mix with
    them."""
    there = find_files(workspace.logs)
    found = sorted(workspace.logs.glob(RUN_FILE))
    found += [*(path for path, _rank in there.rows), *there.monitors, *there.events]
    found += [there.log] if there.log is not None else []
    for folder in (workspace.checkpoints, workspace.models):
        found += sorted(folder.glob("*.zip"))
    return found


def archive_run(workspace: Workspace, now: datetime) -> Path | None:
    """Move the earlier run to `<archive>/<run id>/`, its models and checkpoints into folders there.

    Returns the folder, None when there is nothing to move. Raises RejectedError while a trainer is live or
    another start is at work, and UnreadableError when a move fails; run it again to complete it.
    """
    with start_lock(workspace, "the archiving of a run", now):
        with contextlib.suppress(UnreadableError):  # a malformed run.json is a reason to start afresh
            refuse_live(workspace, now)
        if not old_run_files(workspace):
            return None
        return _move(workspace, now)


def _move(workspace: Workspace, now: datetime) -> Path:
    record = None
    with contextlib.suppress(UnreadableError):
        record = read_run(workspace.logs)
    name = record.id if record is not None else f"unknown-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    target = workspace.archive / name
    copy = 2
    while target.exists():
        target = workspace.archive / f"{name}-{copy}"
        copy += 1
    try:
        workspace.logs.mkdir(parents=True, exist_ok=True)
        for label, folder in (("checkpoints", workspace.checkpoints), ("models", workspace.models)):
            into = workspace.logs / label
            for path in sorted(folder.iterdir()) if folder.is_dir() else []:
                into.mkdir(exist_ok=True)
                _move_one(path, into / path.name)
        target.parent.mkdir(parents=True, exist_ok=True)
        _move_one(workspace.logs, target)
        workspace.logs.mkdir(parents=True)
    except OSError as error:
        raise UnreadableError(
            f"the earlier run could not be moved to {workspace.relative(target)}: {_words(error)}",
            hint="Nothing is lost; correct it and start again with --fresh.",
        ) from error
    return target


def _move_one(source: Path, target: Path) -> None:
    """Rename, or copy to another volume: `target` is whole or not there. Raises OSError."""
    try:
        source.rename(target)
        return
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
    staged = target.with_name(f"{TEMPORARY}{target.name}")
    try:
        if source.is_dir():
            shutil.rmtree(staged, ignore_errors=True)
            shutil.copytree(source, staged, symlinks=True, copy_function=_copy_file)
        else:
            _copy_file(source, staged, follow_symlinks=False)
        staged.rename(target)
    except BaseException:  # Ctrl-C too
        shutil.rmtree(staged, ignore_errors=True) if source.is_dir() else staged.unlink(missing_ok=True)
        raise
    shutil.rmtree(source) if source.is_dir() else source.unlink()


def _words(error: OSError) -> str:
    """Why; of a folder's copy the first of its failures."""
    if isinstance(error, shutil.Error) and error.args and isinstance(error.args[0], list):
        return visible(str(error.args[0][0][-1]), 300)
    return error.strerror or type(error).__name__
