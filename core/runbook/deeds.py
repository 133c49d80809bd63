"""What the console does itself in an incident: stop, force stop, back up the logs, back up the checkpoint.

Nothing happens without `confirmed`; what happened, and what failed, is recorded. Trap avoided: a second
backup that overwrites the first, which held the evidence.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from core.errors import ConsoleError, UnreadableError, UsageError
from core.files import replacing, sha256_file
from core.runbook.record import ALERTS_LOG, write_entry
from core.runbook.scenario import DeedId, Step
from core.store.database import Store
from core.workspace import Workspace

CRASH_BACKUP = "CRASH_backup.log"
MODEL_BACKUP = "backup_before_bad_data.zip"

WORDS: dict[DeedId, str] = {
    "stop": "Stop the training: SIGTERM, it saves and ends",
    "force_stop": "End the training by force, SIGKILL if it does not answer: "
    "the steps since the last checkpoint are lost",
    "backup_logs": f"Copy training.log to {CRASH_BACKUP}",
    "backup_checkpoint": f"Copy best_model.zip to {MODEL_BACKUP}",
}
"""What a confirmation says."""


@dataclass(frozen=True, slots=True)
class DeedDone:
    deed: DeedId
    text: str
    path: Path | None = None
    """The copy that was made."""


def do_deed(
    deed: DeedId,
    workspace: Workspace,
    store: Store,
    run_id: str,
    now: datetime,
    *,
    confirmed: bool,
    procedure: str = "",
    step: Step | None = None,
    occasion: str = "",
    note: str = "",
    patience: float = 60.0,
) -> DeedDone:
    """Do it and record it. `patience`: seconds that a stop waits for the process.

    Raises UsageError unless `confirmed` and where there is nothing to stop or to copy, UnreadableError where
    it did not work. That it was begun is recorded first, and a failed attempt, too.
    """
    if not confirmed:
        raise UsageError(f"not done without a confirmation: {WORDS[deed]}", hint="Confirm it: --yes.")
    detail: dict[str, object] = {"deed": deed}
    store.record("deed_begun", deed, {"run": run_id, "procedure": procedure}, now)
    try:
        done = _DEEDS[deed](workspace, now, patience)
    except ConsoleError as error:
        store.record("deed", deed, {**detail, "failed": error.title, "run": run_id}, now)
        raise
    detail["done"] = done.text
    if done.path is not None:
        detail["sha256"] = sha256_file(done.path)
    words = f"{step.line}: {done.text}" if step is not None else done.text
    name = step.id if step is not None else deed
    write_entry(
        store,
        run_id,
        procedure or "deed",
        name,
        "ISSUE",
        words,
        now,
        workspace.logs / ALERTS_LOG,
        note,
        occasion,
        detail,
    )
    return done


def _stop(workspace: Workspace, now: datetime, patience: float) -> DeedDone:
    from core.training.control import ENDED, stop_training

    how = stop_training(workspace, force=False, timeout=patience)
    words = "the training was stopped"
    return DeedDone("stop", words if how == "stopped" else f"{words}: {ENDED[how]}")


def _force_stop(workspace: Workspace, now: datetime, patience: float) -> DeedDone:
    from core.training.control import ENDED, stop_training

    how = stop_training(workspace, force=True, timeout=min(patience, 10.0))
    words = "the training was killed" if how == "killed" else "the training was stopped"
    return DeedDone("force_stop", f"{words}: {ENDED[how]}" if how == "unrecorded" else words)


def _backup_logs(workspace: Workspace, now: datetime, patience: float) -> DeedDone:
    target = _copy(workspace.logs / "training.log", workspace.logs / CRASH_BACKUP, now)
    return DeedDone("backup_logs", f"training.log copied to {workspace.relative(target)}", target)


def _backup_checkpoint(workspace: Workspace, now: datetime, patience: float) -> DeedDone:
    target = _copy(workspace.models / "best_model.zip", workspace.models / MODEL_BACKUP, now)
    return DeedDone("backup_checkpoint", f"best_model.zip copied to {workspace.relative(target)}", target)


def _copy(source: Path, target: Path, now: datetime) -> Path:
    """A whole copy under `target`; an earlier, different one keeps its place under its own time."""
    if not source.is_file():
        raise UsageError(f"{source} is not there; nothing to back up")
    try:
        if target.exists() and sha256_file(target) != sha256_file(source):
            stamp = now.strftime("%Y%m%dT%H%M%SZ")
            target = target.with_name(f"{target.stem}_{stamp}{target.suffix}")
        with replacing(target) as temporary:
            shutil.copyfile(source, temporary)
    except OSError as error:
        raise UnreadableError(
            f"{source} could not be copied to {target.name}: {error.strerror}",
            hint="Check free space and permissions; the original is unchanged.",
        ) from error
    return target


_DEEDS = {
    "stop": _stop,
    "force_stop": _force_stop,
    "backup_logs": _backup_logs,
    "backup_checkpoint": _backup_checkpoint,
}
