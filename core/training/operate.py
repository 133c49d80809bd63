"""What an operator does with a workspace's training: look, start, resume, stop. Gated, and on record.

The commands and the screen share it. Trap avoided: a start from a screen that skips what the command asks:
the data, the preflight with its override, the archive of the earlier run, the audit log.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from core.errors import ConsoleError, RejectedError, UnreadableError, UsageError
from core.process import ProcessIdentity, process_state
from core.training.archive import archive_run, old_run_files
from core.training.checkpoints import newest_whole
from core.training.control import Ended, running_trainer, start_training, stop_training
from core.training.guard import refuse_live
from core.training.plan import TrainRequest, check_data, check_request, other_observations
from core.training.runfile import RunRecord, read_run
from core.workspace import Workspace

if TYPE_CHECKING:
    from core.checklist.model import ChecklistResult
    from core.store.database import Store

Deed = Literal["start", "resume", "fresh", "stop", "force"]
CLEAN_AFTER = 60.0
"""Seconds that a clean end is waited for."""
FORCE_AFTER = 10.0
"""Seconds that a training which is ended by force gets for a clean end first."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What there is, and what an operator can do about it now."""

    offers: tuple[Deed, ...]
    record: RunRecord | None = None
    """The run of the workspace, as its `run.json` tells."""
    process: Literal["alive", "gone", "unseen", "none"] = "none"
    """`none`: no run, or one that ended and said so."""
    checkpoint: int | None = None
    """The step from which a resume goes on."""
    notes: tuple[str, ...] = ()
    """Why something that one may expect is not offered, one sentence each."""


def look(workspace: Workspace, now: datetime) -> Situation:
    """What can be done now. Reads and checks the newest checkpoint of a run that does not run. Never raises
    for the run's sake."""
    try:
        record = read_run(workspace.logs)
    except UnreadableError as error:
        return Situation(("fresh",), notes=(error.title,))
    process = "none" if record is None or record.ended_at is not None else process_state(record.process)
    if process == "alive":
        return Situation(("stop", "force"), record, process)
    try:
        refuse_live(workspace, now)
    except ConsoleError as error:
        return Situation((), record, process, notes=(error.title, error.hint))
    if not old_run_files(workspace):
        return Situation(("start",), record, process)
    if record is None:
        return Situation(("fresh",), notes=("The run folder holds a run of another trainer.",))
    found, problems = newest_whole(workspace.checkpoints, record.id)
    why = None if found is None else other_observations(found.manifest)
    if found is None:
        why = problems[0] if problems else f"no checkpoint of {record.id} was found"
    if found is None or why is not None:
        return Situation(("fresh",), record, process, notes=(f"It cannot be resumed: {why}.",))
    return Situation(("resume", "fresh"), record, process, found.manifest.timesteps)


def check_start(workspace: Workspace, request: TrainRequest, *, fresh: bool) -> None:
    """What makes a start pointless, before anything is looked at or moved. Raises UsageError."""
    check_request(request)
    if request.resume and fresh:
        raise UsageError("--resume and --fresh exclude each other")
    if fresh or request.symbols:
        check_data(workspace, request.symbols or workspace.settings.training.symbols)


def launch(
    workspace: Workspace,
    store: Store,
    request: TrainRequest,
    preflight: ChecklistResult,
    now: datetime,
    *,
    fresh: bool = False,
    say: Callable[[str], None],
) -> ProcessIdentity:
    """Start or resume after `preflight`, with `fresh` after the earlier run moved away; all of it recorded.

    Returns before the training library is loaded. Raises RejectedError (BLOCKED without an override, a live
    trainer), UsageError (nothing to resume, a run in the way) and UnreadableError.
    """
    check_start(workspace, request, fresh=fresh)
    if preflight.status == "BLOCKED":
        if not request.override:
            raise RejectedError(
                "the preflight is BLOCKED; the training was not started",
                hint="Mend what fails there, or give a reason to start anyway (--override), which is "
                "recorded.",
            )
        detail = {"reason": request.override, "status": preflight.status}
        store.record("override", "preflight", detail, now)
    from core.checklist.preflight import record_preflight

    record_preflight(store, preflight, now)
    if fresh and (old := old_run_files(workspace)):
        store.record("run_archive", workspace.relative(old[0].parent), {"tag": request.tag}, now)
        moved = archive_run(workspace, now)
        if moved is not None:
            say(f"the earlier run is now in {workspace.relative(moved)}")
    about = {
        "tag": request.tag,
        "timesteps": request.timesteps,
        "resume": request.resume,
        "preflight": preflight.status,
    }
    with start_on_record(store, now, about) as begins:
        return start_training(workspace, request, now, preflight=preflight, before=begins)


@contextmanager
def start_on_record(
    store: Store, now: datetime, detail: Mapping[str, object]
) -> Iterator[Callable[[RunRecord], object]]:
    """`training_start` before the trainer is there, so that none runs without an entry; `training_failed`
    where it then did not come to be."""
    begun: list[RunRecord] = []

    def begins(record: RunRecord) -> None:
        store.record("training_start", record.id, detail, now)
        begun.append(record)

    try:
        yield begins
    except ConsoleError as error:
        if begun:
            store.record("training_failed", begun[0].id, {"failed": error.title}, now)
        raise


def end(
    workspace: Workspace,
    store: Store,
    now: datetime,
    *,
    force: bool = False,
    timeout: float = CLEAN_AFTER,
    expected: ProcessIdentity | None = None,
    say: Callable[[str], None],
) -> Ended:
    """Ask the training to save and end, and wait until it is gone; with `force` kill it after `timeout`.

    `expected`: the one that a person was asked about; another one goes on. Recorded before the signal is
    sent. Raises UsageError when none runs or another one does, UnreadableError when it is still there or may
    not be signalled.
    """
    identity = running_trainer(workspace)
    if None not in (identity, expected) and identity != expected:
        raise UsageError(
            "another training runs by now: it was not stopped",
            hint="Look at what runs, and stop that one.",
        )
    if identity is not None:
        store.record("training_stop", str(identity.pid), {"force": force}, now)
        say(f"asking process {identity.pid} to {'end now' if force else 'save and end'}")
    return stop_training(workspace, force=force, timeout=timeout)
