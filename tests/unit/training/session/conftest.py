"""A training session over fakes, with a clock that is set by hand."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any

import msgspec
import numpy as np
import pytest

from core.models.manifest import Selection
from core.training import session as session_module
from core.training.evaluation import Evaluation
from core.training.runfile import RunRecord
from core.training.session import TrainingSession, Validation
from core.training.writers import LogWriter
from core.workspace import Workspace


class FakeModel:
    """What a session uses of PPO."""

    def __init__(self) -> None:
        self.num_timesteps = 0
        self.logger = SimpleNamespace(name_to_value={})
        self.session: TrainingSession | None = None

    def dump_logs(self) -> None:
        assert self.session is not None
        self.session.logged(self.logger.name_to_value, self.num_timesteps)
        self.logger.name_to_value = {}


class FakeSaver:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.saved: list[str] = []
        self.fails: Exception | None = None

    def _save(self, what: str) -> Path:
        if self.fails:
            raise self.fails
        self.saved.append(what)
        return self.root / what

    def live_policy(self, record: RunRecord, now: datetime) -> object:
        if self.fails:
            raise self.fails
        return object()

    def checkpoint(self, record: RunRecord, keep: int, now: datetime) -> Path:
        return self._save(f"checkpoint {record.trials}")

    def best(self, record: RunRecord, selection: Selection, now: datetime) -> Path:
        return self._save(f"best {selection.trial}")

    def final(self, record: RunRecord, now: datetime) -> Path:
        return self._save("final")


class Stage:
    """A session over fakes, with a clock that is set by hand."""

    def __init__(
        self,
        workspace: Workspace,
        now: datetime,
        monkeypatch: pytest.MonkeyPatch,
        make_record: Callable[..., RunRecord],
    ) -> None:
        self._make_record = make_record
        self.now = now
        self.model = FakeModel()
        self.saver = FakeSaver(workspace.root)
        self.stop = Event()
        self.sharpes: list[float | None] = []
        self.days: list[str] = []
        self.on_pause: list[Callable[[], object]] = []
        self.workspace = workspace
        monkeypatch.setattr(session_module, "TrainedPolicy", lambda arrays: arrays)
        monkeypatch.setattr(session_module, "evaluate", self._evaluate)
        monkeypatch.setattr(
            session_module, "write_daily_summary", lambda _, day, now: self.days.append(day.isoformat())
        )

    def _evaluate(self, *_: object, timestep: int, **__: object) -> Evaluation:
        sharpe = self.sharpes.pop(0) if self.sharpes else None
        return Evaluation(timestep, 1.5, sharpe, 2.0, 50.0, math.inf, 3)

    def open(self, **changes: Any) -> TrainingSession:
        record = self._make_record(total_timesteps=10_000, **changes)
        base = self.workspace.settings
        settings = msgspec.structs.replace(
            base,
            training=msgspec.structs.replace(base.training, checkpoint_every=4000, evaluate_every=6000),
        )
        self.model.session = TrainingSession(
            self.workspace,
            settings,
            record,
            self.model,  # type: ignore[arg-type]
            self.saver,  # type: ignore[arg-type]
            Validation(None, np.zeros(0, np.float32)),  # type: ignore[arg-type]
            log=LogWriter(self.workspace.logs / "training.log"),
            clock=lambda: self.now,
            stop=self.stop,
            pause=lambda _: self.on_pause.pop(0)(),
        )
        return self.model.session

    def rollout(self, steps: int = 2048, **losses: float) -> None:
        """One rollout, its row, and the update after it."""
        assert self.model.session is not None
        self.model.session.rollout_started()
        self.model.num_timesteps += steps
        self.model.dump_logs()
        self.model.logger.name_to_value = {f"train/{name}": value for name, value in losses.items()}

    def rows(self, name: str) -> list[str]:
        return (self.workspace.logs / name).read_text().splitlines()[1:]

    @property
    def log(self) -> list[str]:
        return [line[20:] for line in (self.workspace.logs / "training.log").read_text().splitlines()]


@pytest.fixture
def stage(
    workspace: Workspace,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
    make_record: Callable[..., RunRecord],
) -> Stage:
    return Stage(workspace, now, monkeypatch, make_record)
