"""A workspace with a run and a store, for the runbook to look at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.runbook.context import Context
from core.store.database import Store
from core.store.operator import OperatorIdentity
from core.telemetry.health import Health
from core.telemetry.model import Run, RunInfo, Series
from core.workspace import Workspace, init_workspace

NOW = datetime(2026, 2, 24, 14, 0, tzinfo=UTC)


@dataclass
class Desk:
    """A workspace with a run and a store."""

    workspace: Workspace
    store: Store
    run: Run
    health: Health
    now: datetime = NOW

    @property
    def context(self) -> Context:
        return Context(self.workspace, self.workspace.settings, self.run, self.health, self.now)

    def metric(self, name: str, *values: float, begin: int = 150_000) -> None:
        series = self.run.series[name] = Series(name)
        for index, value in enumerate(values):
            series.append(begin + 2048.0 * index, value, NOW.timestamp() + index - len(values))

    def log(self) -> list[str]:
        return (self.workspace.logs / "alerts.log").read_text().splitlines()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    workspace = init_workspace(tmp_path / "w")
    info = RunInfo(
        "run-1", workspace.logs, tag="F12", symbols=("OGNUSDT",), mode="paper", total_timesteps=500_000
    )
    with Store(workspace.store, OperatorIdentity("ada", "ML Engineer", "host", "")) as store:
        yield Desk(workspace, store, Run(info), Health("RUNNING", "steps advance"))
