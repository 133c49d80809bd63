"""A run of known rows, its health, its files."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.alerts.view import AlertView
from core.store.database import Store
from core.store.operator import OperatorIdentity
from core.telemetry.health import Health
from core.telemetry.model import Checkpoint, Run, RunInfo, Series, Source
from core.workspace import Workspace, init_workspace

START = datetime(2026, 2, 23, 14, 0, tzinfo=UTC)
ROLLOUT = 2048
EVERY = timedelta(minutes=20)
"""A rollout in 20 minutes: 500,000 steps in 3.4 days, as in the manual."""


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return init_workspace(tmp_path / "week")


@pytest.fixture
def store(workspace: Workspace) -> Any:
    with Store(workspace.store, OperatorIdentity("ana", "ML Engineer", "box", "")) as opened:
        yield opened


@pytest.fixture
def make_run(workspace: Workspace) -> Callable[..., Run]:
    """`make_run(rows=…, reward=f(row), kl=f(row), …)`: row n ends at step n·2048, n·20 min after 14:00."""

    def make(
        rows: int = 60,
        *,
        reward: Callable[[int], float] = lambda row: 1.0 + 0.5 * row,
        kl: Callable[[int], float] = lambda row: 0.008,
        timed: bool = True,
        checkpoint_steps: tuple[int, ...] = (50_000, 100_000),
        files: bool = True,
        **info: Any,
    ) -> Run:
        names = ("reward", "approx_kl", "value_loss", "entropy", "policy_loss")
        series = {name: Series(name) for name in names}
        for row in range(1, rows + 1):
            when = (START + row * EVERY).timestamp() if timed else math.nan
            values = (reward(row), kl(row), 10.0 / row, 1.6 - 0.005 * row, -0.02)
            for name, value in zip(names, values, strict=True):
                series[name].append(row * ROLLOUT, value, when)
        known: dict[str, Any] = {"total_timesteps": 500_000, "started_at": START, "tag": "F12", "pid": 4711}
        run = Run(RunInfo(id="run-1", directory=workspace.logs, **{**known, **info}))
        run.series = series if rows else {}
        run.sources = [Source(workspace.logs / "convergence_dashboard.csv", "csv", rows)]
        run.process = "alive"
        reached = rows * ROLLOUT
        run.checkpoints = [
            Checkpoint(workspace.checkpoints / f"ppo_{step}_steps.zip", step, at_step(step))
            for step in checkpoint_steps
            if step <= reached
        ]
        run.last_row_at = run.last_step_at = START + rows * EVERY if rows else None
        if files:
            write_logs(workspace)
        return run

    return make


def at_step(step: float) -> datetime:
    return START + math.ceil(step / ROLLOUT) * EVERY


def write_logs(workspace: Workspace) -> None:
    names = ("run.json", "training.log", "convergence_dashboard.csv", "training_metrics.csv", "alerts.log")
    for name in names:
        (workspace.logs / name).write_text("")
    (workspace.logs / "tensorboard").mkdir(exist_ok=True)
    (workspace.logs / "tensorboard" / "events.out.tfevents.1.box").write_bytes(b"")


@pytest.fixture
def make_health() -> Callable[..., Health]:
    def make(status: Any = "RUNNING", reason: str = "", **fields: Any) -> Health:
        known: dict[str, Any] = {
            "steps_per_second": ROLLOUT / EVERY.total_seconds(),
            "eta_seconds": 216_000.0,
        }
        if status != "RUNNING":
            known["eta_seconds"] = None
        return Health(status, reason or f"it is {status}", **{**known, **fields})

    return make


@pytest.fixture
def make_alert() -> Callable[..., AlertView]:
    def make(rule: str, severity: Any = "critical", state: Any = "firing", message: str = "") -> AlertView:
        return AlertView(
            rule=rule,
            state=state,
            severity=severity,
            value=0.12,
            threshold=0.1,
            since_timestep=1,
            since=START,
            metric="approx_kl",
            message=message or "approx_kl 0.12 > 0.1",
            action="",
            runbook="",
            key=f"run-1/{rule}/1",
            generation=1,
        )

    return make


@pytest.fixture
def write_evaluations(workspace: Workspace) -> Callable[..., None]:
    """`write_evaluations((step, sharpe, drawdown, win rate, factor, trades), …)`."""

    def write(*rows: tuple[Any, ...]) -> None:
        lines = ["timestep,mean_reward,sharpe,max_drawdown_pct,win_rate_pct,profit_factor,trades"]
        lines += [f"{step},1.0," + ",".join(str(value) for value in rest) for step, *rest in rows]
        (workspace.logs / "evaluations.csv").write_text("\n".join(lines) + "\n")

    return write
