"""Nobody else at work on the run: one start or archiving at a time, and no second trainer.

Trap avoided: two consoles that both look, both see no trainer, and both start one.
"""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from core.clock import from_epoch
from core.errors import RejectedError, UnreadableError
from core.process import process_state
from core.telemetry.discovery import find_files
from core.training.runfile import read_run
from core.units import age
from core.workspace import Workspace

_FOREIGN_QUIET = 600.0
"""Seconds without a change after which a run of another trainer counts as ended."""


@contextlib.contextmanager
def start_lock(workspace: Workspace) -> Iterator[None]:
    """One start or archiving at a time, over all consoles of the workspace."""
    path = workspace.store.parent / "training.lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        stream = path.open("ab")
    except OSError as error:
        raise UnreadableError(f"{path} could not be written: {error.strerror}") from error
    with stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def refuse_live(workspace: Workspace, now: datetime) -> None:
    """Raises RejectedError, naming the process, while the run has a live trainer.

    One that cannot be seen (another host or user) counts as live while the run's files still change.
    """
    record = read_run(workspace.logs)
    if record is None:
        _refuse_foreign(workspace, now)
        return
    if record.ended_at is not None:
        return
    state = process_state(record.process)
    if state == "alive":
        raise RejectedError(
            f"{record.id} is being trained by process {record.pid} since {record.started_at}",
            hint="Watch it with `ppo-console`, or stop it with `ppo-console stop`.",
        )
    quiet = (now - _newest_write(workspace.logs)).total_seconds()
    if state == "unseen" and quiet < workspace.settings.health.stalled_after:
        raise RejectedError(
            f"{record.id} may be live: process {record.pid} on {record.host} cannot be seen from here, "
            f"and its files changed {age(quiet)} ago",
            hint=f"Stop it on {record.host}; after {age(workspace.settings.health.stalled_after)} "
            "without a change it counts as ended.",
        )


def _refuse_foreign(workspace: Workspace, now: datetime) -> None:
    """A run without `run.json` has no process to ask for: it counts as live while its files change."""
    there = find_files(workspace.logs)
    paths = [*(path for path, _rank in there.rows), *there.monitors, *there.events]
    quiet = _FOREIGN_QUIET
    for path in paths:
        with contextlib.suppress(OSError):
            quiet = min(quiet, now.timestamp() - path.stat().st_mtime)
    if quiet < _FOREIGN_QUIET:
        raise RejectedError(
            f"another trainer may be at work in {workspace.relative(workspace.logs)}: "
            f"its files changed {age(max(0.0, quiet))} ago",
            hint=f"After {age(_FOREIGN_QUIET)} without a change it counts as ended; to train beside it, "
            "point paths.logs in config.toml to another folder.",
        )


def _newest_write(folder: Path) -> datetime:
    times = [path.stat().st_mtime for path in folder.iterdir() if path.is_file()]
    return from_epoch(max(times, default=0.0))
