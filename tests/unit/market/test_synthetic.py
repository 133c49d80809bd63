"""The synthetic market: seeded, marked as such, like a market, with and without an edge."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from core.config.settings import Data
from core.market.split import split_data
from core.market.synthetic import synthetic_universe, write_universe
from core.market.universe import load_universe

DATA = Data()
NOW = datetime(2026, 2, 23, 12, tzinfo=UTC)
PLANES = ("open", "high", "low", "close", "volume")


def test_the_same_seed_gives_the_same_market():
    one = synthetic_universe(seed=3, symbols=3, candles=200, edge=0.4)
    two = synthetic_universe(seed=3, symbols=3, candles=200, edge=0.4)
    other = synthetic_universe(seed=4, symbols=3, candles=200, edge=0.4)
    for name in PLANES:
        assert getattr(one, name).tobytes() == getattr(two, name).tobytes()
    assert one.close.tobytes() != other.close.tobytes()


def test_it_is_a_market_that_the_quality_report_accepts(tmp_path):
    universe = synthetic_universe(seed=3, symbols=4, candles=400, edge=0.4)
    write_universe(universe, tmp_path)
    read = load_universe(tmp_path, data=DATA, now=NOW)
    for name in PLANES:
        assert getattr(read, name).tobytes() == getattr(universe, name).tobytes()
    assert read.synthetic
    assert read.warnings == universe.warnings
    assert "synthetic market with a planted edge of 0.4" in read.warnings[0]


def test_the_mark_survives_a_split(tmp_path):
    write_universe(synthetic_universe(seed=3, symbols=2, candles=1500, edge=0.0), tmp_path / "s")
    split_data(tmp_path / "s", tmp_path / "t", tmp_path / "b", DATA, NOW)
    for name in ("t", "b"):
        universe = load_universe(tmp_path / name, data=DATA, now=NOW)
        assert universe.synthetic
        assert "with no edge" in universe.warnings[0]


def test_without_an_edge_the_expected_return_is_zero_and_with_one_regimes_drift():
    """200,000 candles: the mean simple return is within four standard errors of zero."""
    none = synthetic_universe(seed=8, symbols=50, candles=4000, edge=0.0)
    returns = none.close / none.open - 1
    error = returns.std() / np.sqrt(returns[0].size * 10)  # symbols share a factor: fewer than 50 are free
    assert abs(returns.mean()) < 4 * error

    def persistence(universe):
        moves = universe.close / universe.open - 1
        return float(np.corrcoef(moves[:, :-1].ravel(), moves[:, 1:].ravel())[0, 1])

    assert abs(persistence(none)) < 0.02
    assert persistence(synthetic_universe(seed=8, symbols=50, candles=4000, edge=0.5)) > 0.08


def test_symbols_share_a_factor_and_volatility_clusters():
    universe = synthetic_universe(seed=8, symbols=6, candles=4000, edge=0.0)
    returns = universe.close / universe.open - 1
    between = np.corrcoef(returns)[np.triu_indices(6, 1)]
    assert between.min() > 0.15
    size = np.abs(returns)
    assert np.corrcoef(size[:, :-1].ravel(), size[:, 1:].ravel())[0, 1] > 0.1
    kurtosis = ((returns / returns.std()) ** 4).mean()
    assert kurtosis > 4, "jumps and clusters make the tails fat"
