"""A run with a fake clock, and consoles on one store."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from core.alerts.engine import AlertEngine
from core.alerts.rule import RunStatus
from core.alerts.view import AlertView
from core.store.database import Store
from core.store.operator import OperatorIdentity
from core.telemetry.model import Run, RunInfo, Series

START = datetime(2026, 2, 23, 14, 0, tzinfo=UTC)
ROLLOUT = 2048


@dataclass
class FakeHealth:
    """What the engine asks of `core.telemetry.health.Health`."""

    status: RunStatus = "RUNNING"
    reason: str = "steps advance"
    step_age_seconds: float | None = 1.0
    steps_per_second: float | None = 2048.0


class Scene:
    """A run with a fake clock: one second per rollout unless said otherwise."""

    def __init__(self, folder: Path) -> None:
        self.run = Run(RunInfo("run-1", folder, started_at=START))
        self.health = FakeHealth()
        self.now = START
        self.timestep = 0

    def row(self, timestep: int | None = None, seconds: float = 1.0, **values: float) -> None:
        """One row at the next rollout (or `timestep`), `seconds` after the last one."""
        self.timestep = self.timestep + ROLLOUT if timestep is None else timestep
        self.now += timedelta(seconds=seconds)
        for name, value in values.items():
            series = self.run.series.setdefault(name, Series(name))
            series.append(self.timestep, value, self.now.timestamp())

    def kl(self, values: Iterable[float]) -> None:
        for value in values:
            self.row(approx_kl=value)

    def later(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def part(self, rows: int) -> Run:
        """The run while only its first `rows` rows of each series are read."""
        part = Run(self.run.info)
        for name, series in self.run.series.items():
            part.series[name] = series.first(rows)
            part.history = rows / series.rows
        return part

    def look(self, engine: AlertEngine) -> list[tuple[str, str, bool]]:
        """What a look at the run tells: rule, state, whether it is new on record."""
        told = engine.update(self.run, self.health, self.now)
        return [(each.rule, each.state, each.new) for each in told]

    def view(self, engine: AlertEngine, rule: str) -> AlertView:
        return next(each for each in engine.alerts() if each.rule == rule)

    def lines(self) -> list[str]:
        """The transitions in `alerts.log`."""
        path = self.run.info.directory / "alerts.log"
        found = path.read_text().splitlines() if path.exists() else []
        return [line for line in found if "[ACK]" not in line]

    def known(self, **changes: object) -> None:
        self.run.info = msgspec.structs.replace(self.run.info, **changes)  # type: ignore[arg-type]


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    (tmp_path / "run.json").write_text("{}")
    return Scene(tmp_path)


@pytest.fixture
def console(tmp_path: Path) -> Iterable[Callable[[str], Store]]:
    """Opens the store of one workspace as another console (operator)."""
    opened: list[Store] = []

    def open_as(name: str = "ada") -> Store:
        store = Store(tmp_path / "state" / "console.sqlite3", OperatorIdentity(name, "ML", "host", ""))
        opened.append(store)
        return store

    yield open_as
    for store in opened:
        store.close()


@pytest.fixture
def nan() -> float:
    return math.nan
