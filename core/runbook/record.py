"""A step taken: in the store, in the audit log, and as the documents' journal line in `alerts.log`.

Trap avoided: a line in a folder that is not ours; only a run folder of our trainer, or the workspace's own,
gets one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from core.runbook.scenario import JournalKind, Step
from core.store.alert_states import stamped
from core.store.database import Store
from core.store.steps import StepTaken
from core.telemetry.model import Run
from core.workspace import Workspace

ALERTS_LOG = "alerts.log"


def journal_path(workspace: Workspace | None, run: Run) -> Path | None:
    """Where this run's journal stands; None for a foreign folder."""
    folder = run.info.directory
    own = workspace is not None and folder.resolve() == workspace.logs.resolve()
    return folder / ALERTS_LOG if own or (folder / "run.json").is_file() else None


def take_step(
    store: Store,
    run: Run,
    procedure: str,
    step: Step,
    now: datetime,
    *,
    journal: Path | None,
    note: str = "",
    occasion: str = "",
    detail: Mapping[str, Any] | None = None,
) -> StepTaken:
    """`procedure`: the scenario's or the path's id; `occasion`: the key of the alert that led here.

    Raises ConsoleError; then nothing was recorded, unless only `alerts.log` could not be written: its line
    follows when it can.
    """
    words = f"{step.line}: {note.strip()}" if note.strip() else step.line
    return write_entry(
        store, run.info.id, procedure, step.id, step.kind, words, now, journal, note, occasion, detail
    )


def write_entry(
    store: Store,
    run_id: str,
    procedure: str,
    step: str,
    kind: JournalKind,
    words: str,
    now: datetime,
    journal: Path | None,
    note: str = "",
    occasion: str = "",
    detail: Mapping[str, Any] | None = None,
) -> StepTaken:
    line = stamped(now, kind, f"{words} ({store.operator.name}, {procedure})") if journal is not None else ""
    taken = store.take_step(run_id, procedure, step, line, now, note=note, occasion=occasion, detail=detail)
    if journal is not None:
        store.write_alert_lines(run_id, journal)
    return taken
