"""A run that lies anywhere, of any trainer, becomes the run of a workspace: `config.toml` points to it.

Trap avoided: a workspace in the run's own folder, whose `--fresh` would move the workspace away with the run.
"""

from __future__ import annotations

import math
from datetime import date, datetime
from pathlib import Path

from core.clock import from_epoch
from core.config.edit import TomlValue
from core.errors import UsageError
from core.telemetry.discovery import check_target, find_files
from core.workspace import Workspace, init_workspace

_BESIDE = ("checkpoints", "models")
"""Folders of a run that the workspace takes over too, where they are there."""


def adopt_run(root: Path, run: Path, now: datetime, *, start: date | None = None) -> Workspace:
    """Make a workspace in `root` whose run is the one in the folder `run`, which stays as it is.

    The week begins on `start`, else on the day on which the run started, where its files tell. Raises
    UsageError (no run there, one file instead of a folder, a workspace already, the folders lie in each
    other) and UnreadableError.
    """
    root, run = root.expanduser().resolve(), run.expanduser().resolve()
    check_target(run)
    if not run.is_dir():
        raise UsageError(
            f"{run} is one file; a workspace needs the run's folder", hint=f"Give its folder: {run.parent}"
        )
    found = find_files(run)
    if not (found.rows or found.monitors or found.events or found.log or (run / "run.json").is_file()):
        raise UsageError(f"{run} holds no run: no CSV, monitor or TensorBoard file, no training.log")
    if root == run or run in root.parents:
        raise UsageError(
            f"{root} lies in the run's own folder {run}",
            hint="Choose a folder beside or above it: the run stays as it is, the workspace points to it.",
        )
    return init_workspace(root, start=start or started_on(run, now), changes=_paths(root, run))


def started_on(run: Path, now: datetime) -> date | None:
    """The day on which the run began, None where its files do not tell."""
    from core.telemetry.reader import RunReader

    reader = RunReader(run, now=now)
    try:
        reader.poll(now)
        if reader.run.info.started_at is not None:
            return reader.run.info.started_at.date()
        first = [one.time[0] for one in reader.run.series.values() if len(one) and math.isfinite(one.time[0])]
        return from_epoch(min(first)).date() if first else None
    finally:
        reader.close()


def _paths(root: Path, run: Path) -> dict[str, TomlValue]:
    changes: dict[str, TomlValue] = {"paths.logs": _told(root, run)}
    for name in _BESIDE:
        if (run / name).is_dir():
            changes[f"paths.{name}"] = _told(root, run / name)
    return changes


def _told(root: Path, path: Path) -> str:
    """Relative where it lies in the workspace, so that both can be moved together."""
    return str(path.relative_to(root)) if root in path.parents else str(path)
