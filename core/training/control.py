"""Starting, finding and stopping the training process.

The trainer gets its own session, its output in a file, no pipe and no terminal, so that it outlives the
console and the SSH connection. Traps avoided: two trainers on one run, a stranger under a reused pid, and a
start that is not on record before the process does its first work: `run.json` is written under a lock, and
the trainer waits until it finds itself in it.
"""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from core.child import environment, python
from core.config.settings import Settings
from core.errors import RejectedError, UnreadableError, UsageError
from core.files import atomic_write
from core.process import NONCE_VARIABLE, ProcessIdentity, identify, process_state, signal_process
from core.training.guard import refuse_live, start_lock
from core.training.plan import TrainRequest, make_plan
from core.training.runfile import RunRecord, read_run, write_run
from core.workspace import Workspace

if TYPE_CHECKING:
    from core.checklist.model import ChecklistResult

REQUEST_FILE = "trainer.request.json"
OUTPUT_FILE = "trainer.out"
END_SIGNALS = (signal.SIGTERM, signal.SIGINT)
"""What asks the trainer to end clean."""

__all__ = ["TrainRequest", "running_trainer", "start_training", "stop_training"]

Ended = Literal["stopped", "killed", "unrecorded"]
ENDED: dict[Ended, str] = {
    "stopped": "it saved and ended clean",
    "killed": "it was killed",
    "unrecorded": "it is gone, and no clean end is recorded: see training.log and the disk",
}

_children: list[subprocess.Popen[bytes]] = []
"""Trainers started by this process, so that the ended ones can be reaped."""


class TrainerRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What the child reads from its `--request` file; everything else stands in `run.json`."""

    workspace: str
    nonce: str
    settings: Settings
    checkpoint: str | None = None


def start_training(
    workspace: Workspace,
    request: TrainRequest,
    now: datetime,
    *,
    preflight: ChecklistResult | None = None,
    before: Callable[[RunRecord], object] = lambda record: None,
) -> ProcessIdentity:
    """Start the trainer and record it in `run.json`; returns at once, before the training library is loaded.

    `before` is called with the run once nothing speaks against it and before anything is written or started.

    Raises UsageError (live mode, a run already there, nothing to resume), RejectedError (a live trainer,
    another start at work, `preflight` BLOCKED without an override) and UnreadableError (a file could not be
    written).
    """
    _reap()
    with start_lock(workspace, "the start of a training", now):
        refuse_live(workspace, now)
        record, checkpoint = make_plan(workspace, request, now)
        _gate(preflight, request)
        record = msgspec.structs.replace(
            record,
            config_hash=workspace.config_hash() if workspace.config.is_file() else None,
            preflight=None if preflight is None else preflight.status,
            override=request.override,
        )
        settings = msgspec.structs.replace(
            workspace.settings,
            ppo=msgspec.structs.replace(workspace.settings.ppo, total_timesteps=record.total_timesteps),
        )
        before(record)
        return _launch(workspace, record, settings, checkpoint)


def running_trainer(workspace: Workspace) -> ProcessIdentity | None:
    """The live trainer of the workspace's run, or None. Raises UnreadableError for a malformed `run.json`."""
    _reap()
    record = read_run(workspace.logs)
    if record is None or record.ended_at is not None:
        return None
    return record.process if process_state(record.process) == "alive" else None


def stop_training(workspace: Workspace, *, force: bool = False, timeout: float = 60.0) -> Ended:
    """SIGTERM to the trainer and wait until it is gone; with `force`, SIGKILL after `timeout` seconds.

    `unrecorded`: it went, and `run.json` tells no clean end: it crashed, or a full disk took nothing more.

    Raises UsageError when none runs, UnreadableError when it is still there or may not be signalled.
    """
    identity = running_trainer(workspace)
    if identity is None:
        record = read_run(workspace.logs)
        if record is not None and record.ended_at is None and process_state(record.process) == "unseen":
            raise UnreadableError(
                f"process {record.pid} on {record.host}, which trains {record.id}, cannot be seen from here",
                hint=f"Stop it on {record.host}, as the user who started it.",
            )
        raise UsageError("no training is running", hint="`ppo-console status` says how the last run ended.")
    signal_process(identity, signal.SIGTERM)
    if _wait_gone(identity, timeout):
        return "stopped" if _ended_clean(workspace, identity) else "unrecorded"
    if not force:
        raise UnreadableError(
            f"process {identity.pid} is still running {timeout:.0f} s after SIGTERM",
            hint="Wait, or end it with `ppo-console stop --force`: steps since the last checkpoint are lost.",
        )
    signal_process(identity, signal.SIGKILL)
    if _wait_gone(identity, 10.0):
        return "killed"
    raise UnreadableError(
        f"process {identity.pid} is still there 10 s after SIGKILL", hint="See its state: ps."
    )


def _gate(preflight: ChecklistResult | None, request: TrainRequest) -> None:
    if preflight is None or preflight.status != "BLOCKED" or request.override:
        return
    failing = [item for item in preflight.items if item.state == "fail" and item.on_fail == "block"]
    reasons = "; ".join(f"{item.text}: {item.message}" if item.message else item.text for item in failing)
    raise RejectedError(
        f"preflight is BLOCKED: {reasons}",
        hint="`ppo-console preflight` lists every item; --override REASON starts anyway and is recorded.",
    )


def _launch(
    workspace: Workspace, record: RunRecord, settings: Settings, checkpoint: Path | None
) -> ProcessIdentity:
    logs = workspace.logs
    request = TrainerRequest(
        workspace=str(workspace.root),
        nonce=record.nonce,
        settings=settings,
        checkpoint=None if checkpoint is None else str(checkpoint),
    )
    try:
        for folder in (logs, workspace.checkpoints, workspace.models):
            folder.mkdir(parents=True, exist_ok=True)
        atomic_write(logs / REQUEST_FILE, msgspec.json.format(msgspec.json.encode(request), indent=1))
        with (logs / OUTPUT_FILE).open("ab") as output, _held_back():
            child = subprocess.Popen(
                python("core.training.trainer", "--request", str(logs / REQUEST_FILE)),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=workspace.root,
                env={
                    **environment(settings.training.torch_threads),
                    NONCE_VARIABLE: record.nonce,
                    "PYTHONUNBUFFERED": "1",
                },
                start_new_session=True,
            )
    except OSError as error:
        raise UnreadableError(
            f"the training could not be started: {error.filename or sys.executable}: {error.strerror}",
            hint="Check free space and the permissions of the workspace's folders.",
        ) from error
    _children.append(child)
    try:
        identity = identify(child.pid, record.nonce)
        write_run(
            logs,
            msgspec.structs.replace(
                record,
                pid=identity.pid,
                process_started=identity.started,
                boot_id=identity.boot_id,
                host=identity.host,
            ),
        )
    except BaseException:
        child.kill()
        raise
    return identity


@contextlib.contextmanager
def _held_back() -> Iterator[None]:
    """A child started inside inherits these signals blocked, until the trainer has its handlers in place."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, END_SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _ended_clean(workspace: Workspace, identity: ProcessIdentity) -> bool:
    """Also where another run stands there by now: nobody starts one over a trainer that is alive."""
    record = read_run(workspace.logs)
    return record is None or record.nonce != identity.nonce or record.outcome in ("finished", "stopped")


def _wait_gone(identity: ProcessIdentity, timeout: float) -> bool:
    end = time.monotonic() + timeout
    while process_state(identity) == "alive":
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    _reap()
    return True


def _reap() -> None:
    _children[:] = [child for child in _children if child.poll() is None]
