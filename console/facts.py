"""What is known of a run right now, read once: the run, its health, its alerts.

For commands, which look once and leave. Trap avoided: commands that each judge a run in their own way.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from core.alerts.engine import AlertEngine
from core.alerts.view import AlertView
from core.config.settings import Settings
from core.errors import ConsoleError
from core.store.database import Store
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
    """The run at `target`, else the workspace's; writes nothing. Raises UsageError and UnreadableError.

    The alerts of a workspace's run come with who owns them.
    """
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
        with _record(workspace if target is None else None) as store:
            engine = AlertEngine(settings.alerts, reader.run.info.id, store, records=False)
            engine.update(reader.run, health, now)
            return Facts(reader.run, health, tuple(engine.alerts()))
    finally:
        reader.close()


@contextlib.contextmanager
def _record(workspace: Workspace | None) -> Iterator[Store | None]:
    """The store, where there is one that can be opened: without it the run can be looked at all the same."""
    from console.stores import open_store

    store = None
    if workspace is not None and workspace.store.is_file():
        with contextlib.suppress(ConsoleError):
            store = open_store(workspace)
    try:
        yield store
    finally:
        if store is not None:
            store.close()
