"""A small synthetic market, a model that nobody trained, and results made from chosen numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np
import pytest

from core.backtest.summary import Summary
from core.config.settings import Settings
from core.market.synthetic import synthetic_universe, write_universe
from core.models.artifacts import write_artifacts
from core.models.manifest import Manifest, Normalisation, Statistics
from core.models.weights import Weights
from core.revalidation.pipeline import RevalidationRequest
from core.revalidation.result import RevalidationResult
from core.trading.observation import OBSERVATION_NAMES

NOW = datetime(2026, 2, 27, 16, 0, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three symbols, 700 candles of which 48 are warm-up: one episode of 500 fits."""
    folder = tmp_path_factory.mktemp("market")
    write_universe(synthetic_universe(seed=5, symbols=3, candles=700, edge=0.0), folder)
    return folder


def write_model(
    folder: Path,
    *,
    seed: int = 1,
    names: tuple[str, ...] = OBSERVATION_NAMES,
    head_bias: tuple[float, ...] = (),
    scale: float = 1.0,
    run_id: str = "run-1",
    data_hash: str | None = None,
    actions: int = 5,
    observation_var: float = 1.0,
) -> Path:
    """An untrained 16x16 model; a large `head_bias` makes it always choose one action."""
    random = np.random.default_rng(seed)
    size = len(names)

    def layer(out: int, into: int) -> tuple[np.ndarray, np.ndarray]:
        weight = random.normal(0, scale / np.sqrt(into), (out, into)).astype(np.float32)
        return weight, np.zeros(out, np.float32)

    head = (layer(actions, 16)[0], np.array(head_bias or (0.0,) * actions, np.float32))
    statistics = Statistics(
        enabled=True, mean=(0.0,) * size, var=(observation_var,) * size, count=1.0, clip=10.0, epsilon=1e-8
    )
    rewards = Statistics(enabled=True, mean=(0.0,), var=(1.0,), count=1.0, clip=10.0, epsilon=1e-8)
    return write_artifacts(
        folder,
        manifest=Manifest(
            name="best_model",
            role="best",
            run_id=run_id,
            timesteps=1000,
            updates=1,
            created_at="2026-02-27T00:00:00Z",
            files={},
            feature_names=names,
            net_arch=(16, 16),
            activation="tanh",
            n_actions=actions,
            data_hash=data_hash,
        ),
        zip_bytes=_empty_zip(),
        weights=Weights((layer(16, size), layer(16, 16)), head, "tanh"),
        normalisation=Normalisation(names=names, observations=statistics, rewards=rewards, gamma=0.99),
    )


def _empty_zip() -> bytes:
    import io
    import zipfile

    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("data", "{}")
    return stream.getvalue()


@pytest.fixture
def make_model() -> Callable[..., Path]:
    return write_model


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that trades at random but the same way every time."""
    return write_model(tmp_path_factory.mktemp("model"))


@pytest.fixture
def request_for(model: Path, market: Path, tmp_path: Path) -> Callable[..., RevalidationRequest]:
    """A request for the small model on the small market; keyword arguments change it."""

    def make(**changes: object) -> RevalidationRequest:
        plain = RevalidationRequest(
            model_path=model,
            data_dir=market,
            episodes=10,
            policy="manual",
            save_report=True,
            reports_dir=tmp_path / "reports",
            settings=Settings(),
            config_hash="c" * 64,
            audit_head="a" * 64,
            judged_before=0,
            now=NOW,
        )
        return replace(plain, **changes)  # type: ignore[arg-type]

    return make


GOOD_METRICS: dict[str, float | int | None] = {
    "sharpe_ratio": 1.5,
    "max_drawdown_pct": 10.0,
    "win_rate_pct": 55.0,
    "profit_factor": 1.8,
    "consecutive_losses": 3.0,
    "calmar_ratio": 3.0,
    "trades": 200,
}


@pytest.fixture
def make_summary() -> Callable[..., Summary]:
    """A summary that passes all six gates; keyword arguments change its fields or its metrics."""
    plain = Summary(
        metrics=dict(GOOD_METRICS),
        trades=200,
        unique_candles=1000,
        eligible_streams=5,
        coverage=1.0,
        varies=True,
        no_losing_trade=False,
        broken=None,
    )
    fields = set(Summary.__dataclass_fields__)

    def make(**changes: object) -> Summary:
        metrics = {**plain.metrics, **{k: v for k, v in changes.items() if k not in fields}}
        return replace(plain, metrics=metrics, **{k: v for k, v in changes.items() if k in fields})  # type: ignore[arg-type]

    return make


@pytest.fixture
def make_result(make_summary: Callable[..., Summary]) -> Callable[..., RevalidationResult]:
    """A result from such a summary, its evidence not computed; keyword arguments change the result."""
    from core.revalidation.build import build_result
    from core.revalidation.evidence.assess import Assessment
    from core.revalidation.result import Evidence, Hashes

    evidence = Evidence(note="no PSR; no placebo test", not_computed=("everything: made by hand",))

    def make(summary: Summary | None = None, **changes: object) -> RevalidationResult:
        result = build_result(
            summary or make_summary(),
            settings=Settings(),
            policy="manual",
            now=NOW,
            symbols=[],
            curve=None,
            hashes=Hashes(),
            data={},
            assessment=Assessment(evidence),
        )
        return msgspec.structs.replace(result, **changes)

    return make


@pytest.fixture
def make_counter() -> Callable[[int], Callable[[], bool]]:
    """A question that answers False so many times, then True."""

    def make(times: int) -> Callable[[], bool]:
        asked = 0

        def cancelled() -> bool:
            nonlocal asked
            asked += 1
            return asked > times

        return cancelled

    return make
