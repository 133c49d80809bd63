"""Baselines: measured through the engine, keyed by the candles, comparable by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np
import pytest

from core.backtest.baselines import (
    baseline_metrics,
    baseline_path,
    load_baselines,
    measure_baselines,
    run_baselines,
    save_baselines,
)
from core.backtest.summary import summarise
from core.config.settings import Settings
from core.errors import UnreadableError
from core.market.model import Universe
from core.market.synthetic import synthetic_universe, write_universe
from core.market.universe import data_hash
from core.workspace import init_workspace

NOW = datetime(2026, 2, 27, 16, tzinfo=UTC)
SETTINGS = msgspec.structs.replace(
    Settings(), trading=msgspec.structs.replace(Settings().trading, episode_candles=100)
)


def test_buy_and_hold_is_bought_once_and_sold_at_the_end(flat_universe: Callable[..., Universe]) -> None:
    """Against arithmetic: capital / (open · 1.0003 · 1.0004) units, sold at close · 0.9997 · 0.9996."""
    rising = 50 * 1.004 ** np.arange(200)
    falling = 80 * 0.99 ** np.arange(200)
    universe = flat_universe(np.stack((rising, falling)), score_from=100)
    run = run_baselines(universe, SETTINGS, episodes=1).buy_and_hold
    for index, close in enumerate((rising, falling)):
        bought = close[99] * 1.0003 * 1.0004
        sold = close[199] * 0.9997 * 0.9996
        assert run.equity[index, 0, -1] == pytest.approx(10_000 * sold / bought, rel=1e-9)
    assert len(run.trades) == 2, "no stop and no target ended it, however far the price went"
    assert run.exposed.tolist() == [[100], [100]]


def test_both_pay_their_costs(universe: Universe) -> None:
    free = msgspec.structs.replace(
        SETTINGS, trading=msgspec.structs.replace(SETTINGS.trading, fee_bp=0.0, slippage_bp=0.0)
    )
    paid, unpaid = (
        baseline_metrics(run_baselines(universe, settings, episodes=4), settings)
        for settings in (SETTINGS, free)
    )
    assert paid["random"]["trades"] is not None and paid["random"]["trades"] > 100
    for name in ("random", "buy_and_hold"):
        assert (paid[name]["total_return_pct"] or 0) < (unpaid[name]["total_return_pct"] or 0)
    assert paid["buy_and_hold"]["trades"] == 4 * 4, "one purchase per symbol and window"
    assert paid["buy_and_hold"]["expectancy_r"] is None


def test_the_seed_rules_the_random_baseline(universe: Universe) -> None:
    def measured(seed: int) -> object:
        settings = msgspec.structs.replace(
            SETTINGS, revalidation=msgspec.structs.replace(SETTINGS.revalidation, seed=seed)
        )
        return baseline_metrics(run_baselines(universe, settings, episodes=4), settings)

    assert measured(3) == measured(3)
    assert measured(3) != measured(4)


def test_progress_runs_over_both(universe: Universe) -> None:
    seen: list[tuple[int, int]] = []
    run_baselines(universe, SETTINGS, episodes=2, on_progress=lambda *pair: seen.append(pair))
    assert seen[0] == (0, 200) and seen[-1] == (200, 200)


def test_saved_baselines_are_found_by_their_candles_alone(tmp_path: Path) -> None:
    metrics: dict[str, dict[str, float | int | None]] = {"random": {"sharpe_ratio": -3.0, "trades": 5}}
    path = save_baselines(tmp_path, "ab" * 32, metrics, settings=SETTINGS, now=NOW)
    assert path == baseline_path(tmp_path, "ab" * 32)
    assert load_baselines(tmp_path, "ab" * 32) == metrics
    assert load_baselines(tmp_path, "cd" * 32) is None
    assert load_baselines(tmp_path, "ab" * 8 + "00" * 24) is None, "the same file name is not the same hash"


def test_a_broken_baseline_file_is_an_error_with_a_way_out(tmp_path: Path) -> None:
    path = baseline_path(tmp_path, "ab" * 32)
    path.parent.mkdir(parents=True)
    path.write_text('{"metrics": [')
    with pytest.raises(UnreadableError) as caught:
        load_baselines(tmp_path, "ab" * 32)
    assert str(path) in caught.value.title and "data baselines" in caught.value.hint


def test_on_few_lanes_many_random_policies_draw_and_the_median_counts(universe: Universe) -> None:
    runs = run_baselines(universe, SETTINGS, episodes=2)
    assert len(runs.random) == 20
    assert all(run.equity.shape == (4, 2, 100) for run in runs.random)
    sharpes = [summarise(run, min_stream_trades=10).metrics["sharpe_ratio"] for run in runs.random]
    assert len(set(sharpes)) == 20, "they draw different actions"
    metrics = baseline_metrics(runs, SETTINGS)["random"]
    assert metrics["sharpe_ratio"] == pytest.approx(np.median([s for s in sharpes if s is not None]))
    assert metrics["policies"] == 20


def test_a_repetition_is_a_whole_backtest_of_its_own(universe: Universe) -> None:
    """Its trades earn what its equity moved by."""
    for run in run_baselines(universe, SETTINGS, episodes=2).random:
        assert set(run.trades.episode.tolist()) == {0, 1}
        earned = np.zeros((4, 2))
        np.add.at(earned, (run.trades.symbol, run.trades.episode), run.trades.pnl)
        assert earned == pytest.approx(run.equity[:, :, -1] - 10_000, abs=0.005)
        assert run.unique_candles == 200


def test_a_workspace_s_baselines_are_measured_saved_and_found(tmp_path: Path) -> None:
    workspace = init_workspace(tmp_path / "work")
    write_universe(synthetic_universe(seed=1, symbols=2, candles=600, edge=0.0), workspace.backtest_data)
    saved = measure_baselines(workspace, NOW)
    assert saved.path.is_file()
    assert load_baselines(workspace.reports, data_hash(workspace.backtest_data)) == saved.metrics
    assert set(saved.metrics) == {"random", "buy_and_hold"}
