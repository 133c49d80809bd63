"""A workspace, and models written into it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.models.artifacts import write_artifacts
from core.models.manifest import Manifest, Normalisation, Role, Statistics
from core.models.weights import Weights
from core.training.runfile import RunRecord
from core.workspace import Workspace, init_workspace

NAMES = ("return", "volatility", "position")
NOW = datetime(2026, 2, 23, 14, 0, tzinfo=UTC)

WriteModel = Callable[..., Path]


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return init_workspace(tmp_path / "workspace")


def random_weights(seed: int = 0, hidden: int = 4) -> Weights:
    random = np.random.default_rng(seed)

    def layer(rows: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
        weight, bias = random.normal(size=(rows, columns)), random.normal(size=rows)
        return weight.astype(np.float32), bias.astype(np.float32)

    return Weights((layer(hidden, 3), layer(hidden, hidden)), layer(5, hidden), "tanh")


def statistics(size: int, enabled: bool = True) -> Statistics:
    mean = tuple(0.1 * index for index in range(size))
    return Statistics(enabled=enabled, mean=mean, var=(2.0,) * size, count=10.0, clip=10.0, epsilon=1e-8)


@pytest.fixture
def make_record() -> Callable[..., RunRecord]:
    """`make_record(outcome="stopped", …)`."""
    fields: dict[str, Any] = {"id": "run-1", "mode": "paper", "total_timesteps": 500_000, "seed": 0}
    fields |= {"hyperparameters": {}, "started_at": "2026-02-23T14:00:00Z", "nonce": ""}
    fields |= {"lanes": 16, "torch_threads": 1, "net_arch": (64, 64)}
    return lambda **changes: RunRecord(**{**fields, **changes})


@pytest.fixture
def write_model() -> WriteModel:
    def write(
        folder: Path,
        name: str = "best_model",
        *,
        role: Role = "best",
        run_id: str = "run-1",
        timesteps: int = 2048,
        seed: int = 0,
        weights: Weights | None = None,
        normalisation: Normalisation | None = None,
        normalised: bool = True,
    ) -> Path:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            archive.writestr("data", f"{seed}")
        manifest = Manifest(
            name=name,
            role=role,
            run_id=run_id,
            timesteps=timesteps,
            updates=10,
            created_at="2026-02-23T14:00:00Z",
            files={},
            feature_names=NAMES,
            net_arch=(4, 4),
            activation="tanh",
            n_actions=5,
        )
        return write_artifacts(
            folder,
            manifest=manifest,
            zip_bytes=stream.getvalue(),
            weights=weights or random_weights(seed),
            normalisation=normalisation
            or Normalisation(
                names=NAMES,
                observations=statistics(3, normalised),
                rewards=statistics(1),
                gamma=0.99,
            ),
        )

    return write
