"""Nobody else at work on the run: one start or archiving at a time, and no second trainer.

Traps avoided: two consoles that both look, both see no trainer, and both start one; a start that waits
for ever, and nobody is told for whom.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import IO

from core.clock import from_epoch, iso
from core.errors import ConsoleError, RejectedError, UnreadableError
from core.files import read_regular
from core.process import process_state, this_host
from core.telemetry.discovery import find_files
from core.text import visible
from core.training.runfile import read_run
from core.units import age
from core.workspace import Workspace

_FOREIGN_QUIET = 600.0
"""Seconds without a change after which a run of another trainer counts as ended."""


_LOOK_AGAIN = 0.05
"""Seconds between two looks whether the lock is free."""
_LONGEST_NOTE = 500


@contextlib.contextmanager
def start_lock(workspace: Workspace, what: str, now: datetime, *, patience: float = 10.0) -> Iterator[None]:
    """One start or archiving at a time, over all consoles of the workspace.

    `what` is done under it: others are told. Raises RejectedError, naming who holds it, after `patience`
    seconds, and UnreadableError where there is no lock to be had.
    """
    path = workspace.store.parent / "training.lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        stream = path.open("ab", buffering=0)
    except OSError as error:
        raise UnreadableError(f"{path} could not be written: {error.strerror}") from error
    with stream:
        until = time.monotonic() + patience
        while not _locked(stream, path):
            if time.monotonic() >= until:
                raise RejectedError(
                    f"{_holder(path)} has held {workspace.relative(path)} for longer than this waited",
                    hint="Start again once it is done: an archive on another volume is copied, which takes a "
                    "while.",
                )
            time.sleep(_LOOK_AGAIN)
        with contextlib.suppress(OSError):  # on a full disk it is held without a name
            stream.truncate(0)
            stream.write(f"{what} by process {os.getpid()} on {this_host()} since {iso(now)}".encode())
        yield


def _locked(stream: IO[bytes], path: Path) -> bool:
    """Take the lock; False while somebody else holds it."""
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise UnreadableError(
            f"{path} could not be locked: {error.strerror}", hint="Keep the workspace on a local disk."
        ) from error
    return True


def _holder(path: Path) -> str:
    """Who holds the lock, as it wrote there."""
    try:
        note = read_regular(path, _LONGEST_NOTE).decode("utf-8", "replace")
    except (OSError, ConsoleError):
        note = ""
    return visible(note) or "another process"


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
