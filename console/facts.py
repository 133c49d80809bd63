"""What is known of a run right now, read once: the run, its health, its alerts.

For commands, which look once and leave. Trap avoided: commands that each judge a run in their own way.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from core.alerts.engine import AlertEngine, AlertView
from core.config.settings import Settings
from core.telemetry.health import Health, assess
from core.telemetry.model import Run
from core.telemetry.reader import RunReader
from core.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Facts:
    run: Run
    health: Health
    alerts: tuple[AlertView, ...]


def read_facts(workspace: Workspace | None, target: Path | None, now: datetime) -> Facts:
    """The run at `target`, else the workspace's. Reads only. Raises UsageError and UnreadableError."""
    settings = workspace.settings if workspace else Settings()
    if target is None:
        if workspace is None:
            raise ValueError("a run needs a workspace or a path")
        reader = RunReader(workspace.logs, checkpoints=workspace.checkpoints, now=now)
    else:
        reader = RunReader(target, checkpoints=None, now=now)
    try:
        reader.poll(now)
        health = assess(reader.run, settings.health, now)
        engine = AlertEngine(settings.alerts, reader.run.info.id, None)
        engine.update(reader.run, health, now)
        return Facts(reader.run, health, tuple(engine.alerts()))
    finally:
        reader.close()
