"""A workspace, the facts of a good child process, and a store."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from core.checklist.catalogue_preflight import REWARD_COMPONENTS
from core.checklist.facts import BaselineFacts, DataFacts, EnvironmentFacts, Facts
from core.checklist.model import ChecklistResult, ItemResult
from core.checklist.preflight import run_preflight
from core.store.database import Store
from core.store.operator import OperatorIdentity
from core.workspace import Workspace, init_workspace

FEATURES = ("return_1", "swing_low", "bos_up", "choch", "order_block", "fvg_up", "liquidity_sweep")
NOW = datetime(2026, 2, 23, 8, 0, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return init_workspace(
        tmp_path / "week", changes={"checks.disk_free_gb": 0.0, "checks.memory_free_gb": 0.0}
    )


@pytest.fixture
def store(workspace: Workspace) -> Any:
    with Store(workspace.store, OperatorIdentity("ana", "ML Engineer", "box", "")) as opened:
        yield opened


@pytest.fixture
def good() -> dict[str, Any]:
    """What the child says of a workspace with nothing to complain of."""
    return {
        "environment": EnvironmentFacts(reward_components=REWARD_COMPONENTS, features=FEATURES),
        "train": DataFacts(
            verdict="ok",
            files=1,
            symbols=1,
            candles=400,
            scored=352,
            first="2025-09-01T00:00:00Z",
            first_scored="2025-09-09T00:00:00Z",
            last="2025-11-01T00:00:00Z",
            hash="a",
        ),
        "backtest": DataFacts(
            verdict="ok",
            files=1,
            symbols=1,
            candles=560,
            scored=512,
            first="2025-11-01T04:00:00Z",
            first_scored="2025-11-09T04:00:00Z",
            last="2026-02-01T00:00:00Z",
            hash="b",
        ),
        "baseline": BaselineFacts(saved=True, metrics={"sharpe_ratio": -1.5}),
    }


@pytest.fixture
def preflight(workspace: Workspace, good: dict[str, Any]) -> Any:
    """`preflight(store=None, **changed facts)` → the result; `preflight.item(name)` of the last one."""

    class Runner:
        result: ChecklistResult

        def __call__(
            self, store: Store | None = None, *, now: datetime = NOW, **changes: Any
        ) -> ChecklistResult:
            options = {name: changes.pop(name) for name in ("timesteps",) if name in changes}
            facts = Facts(**{**good, **changes})
            self.result = run_preflight(workspace, store, now, probe=lambda _w, _n: facts, **options)
            return self.result

        def item(self, name: str) -> ItemResult:
            return next(item for item in self.result.items if item.id == f"preflight.{name}")

    return Runner()
