"""On the documents' own symbol: the split, the baselines, and a decision that repeats."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from core.backtest.baselines import BaselineRuns, baseline_metrics, run_baselines
from core.backtest.summary import summarise
from core.config.settings import Settings
from core.market.split import split_data
from core.market.universe import load_universe
from core.revalidation.gates import judge_gates

OGNUSDT = Path(__file__).parents[3] / "shared" / "data" / "ohlcv" / "OGNUSDT_4h.parquet"
NOW = datetime(2026, 2, 27, 16, tzinfo=UTC)
SETTINGS = Settings()


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> BaselineRuns:
    if not OGNUSDT.is_file():
        pytest.skip(f"no real candles at {OGNUSDT}")
    folder = tmp_path_factory.mktemp("ogn")
    split_data(OGNUSDT, folder / "train", folder / "backtest", SETTINGS.data, NOW)
    universe = load_universe(folder / "backtest", data=SETTINGS.data, now=NOW)
    return run_baselines(universe, SETTINGS, episodes=10)


def test_one_episode_of_500_candles_fits_and_it_is_said(runs: BaselineRuns) -> None:
    assert runs.buy_and_hold.unique_candles == 500
    assert "1 of 10 episodes judged" in runs.buy_and_hold.warnings[0]


def test_buy_and_hold_earns_what_the_price_did_less_costs(runs: BaselineRuns) -> None:
    held = runs.buy_and_hold
    metrics = baseline_metrics(runs, SETTINGS)["buy_and_hold"]
    (trade,) = held.trades.pnl
    assert metrics["total_return_pct"] == pytest.approx(100 * trade / held.capital)
    assert metrics["total_return_pct"] == pytest.approx(-40.5, abs=0.1)
    assert metrics["exposure_pct"] == 100.0


def test_chance_loses_in_the_median_and_every_gate_can_be_judged(runs: BaselineRuns) -> None:
    random = baseline_metrics(runs, SETTINGS)["random"]
    assert random["policies"] == 20
    assert random["sharpe_ratio"] is not None and random["sharpe_ratio"] < 0
    assert random["profit_factor"] is not None and random["profit_factor"] < 1
    for run in runs.random:
        gates = judge_gates(summarise(run, min_stream_trades=10), SETTINGS.gates, SETTINGS.evidence)
        assert {gate.status for gate in gates} <= {"PASS", "FAIL"}
        assert np.isfinite(run.equity).all()
