"""The features know the past alone, and no more of it than `LOOK_BACK` candles."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.market.model import LOOK_BACK, Universe
from core.market.synthetic import synthetic_universe
from core.trading import features as features_module
from core.trading import side_features
from core.trading.features import (
    FEATURE_NAMES,
    average_true_range,
    market_features,
    warmed_up,
)
from core.trading.windows import fill_missing, lagged, rolling_max, rolling_min, rolling_sum

SIZE = 160
PLANES = ("open", "high", "low", "close", "volume")


def example(seed: int = 3, *, holes: float = 0.0) -> Universe:
    universe = synthetic_universe(seed=seed, symbols=2, candles=SIZE, edge=0.3)
    if holes:
        gone = np.random.default_rng(seed).random(universe.close.shape) < holes
        for name in PLANES:
            getattr(universe, name)[gone] = np.nan
    return universe


def leaking_columns(universe: Universe) -> list[str]:
    """The features that change at t when everything after t is removed or replaced."""
    whole = market_features(universe)
    found: set[str] = set()
    for at in range(LOOK_BACK, SIZE - 1, 7):
        cut = market_features(universe.part(0, at + 1, score_from=LOOK_BACK))
        other = replace(universe, **{name: getattr(universe, name).copy() for name in PLANES})
        for name in PLANES:
            getattr(other, name)[:, at + 1 :] *= 1.5
        changed = market_features(other)
        for column, name in enumerate(FEATURE_NAMES):
            here = whole[:, at, column].tobytes()
            if cut[:, at, column].tobytes() != here or changed[:, at, column].tobytes() != here:
                found.add(name)
    return sorted(found)


@pytest.mark.parametrize("holes", [0.0, 0.05])
def test_every_feature_is_byte_identical_with_the_future_removed(holes):
    assert leaking_columns(example(holes=holes)) == []


@pytest.mark.parametrize("ahead", [1, 3])
def test_the_truncation_test_catches_a_planted_leak(monkeypatch, ahead):
    """One feature that looks `ahead` candles into the future is found, and only that one."""
    honest = features_module._columns

    def leaky(filled, time, step_ms):
        columns = honest(filled, time, step_ms)
        future = np.full_like(filled.close, filled.close[:, -1:])
        future[:, :-ahead] = filled.close[:, ahead:]
        columns["body"] = future / filled.close - 1
        return columns

    monkeypatch.setattr(features_module, "_columns", leaky)
    assert leaking_columns(example()) == ["body"]


def test_the_truncation_test_catches_a_higher_candle_that_has_not_closed(monkeypatch):
    def forming(close, atr, time, step_ms):
        """The close of the higher candle that contains t, known only when it closes."""
        last = np.minimum(np.arange(len(time)) // 4 * 4 + 3, len(time) - 1)
        return close[:, last] / close - 1

    monkeypatch.setattr(features_module, "_higher_trend", forming)
    assert leaking_columns(example()) == ["higher_trend"]


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.integers(LOOK_BACK, SIZE - 1))
def test_no_feature_remembers_more_than_the_look_back(seed, at):
    """So an embargo of `LOOK_BACK` really separates two slices."""
    universe = example(seed)
    whole = market_features(universe)[:, at]
    alone = market_features(universe.part(at - LOOK_BACK + 1, at + 1, score_from=1))[:, -1]
    assert whole.tobytes() == alone.tobytes()


def test_the_look_back_is_needed():
    """One candle less and some feature is not there yet: the constant is not merely generous."""
    universe = example()
    assert not warmed_up(universe)[:, LOOK_BACK - 2].any()
    assert warmed_up(universe)[:, LOOK_BACK - 1].all()
    assert (market_features(universe)[:, LOOK_BACK - 2] == 0).all()


def test_features_are_finite_bounded_and_float32():
    values = market_features(example(holes=0.3))
    assert values.dtype == np.float32
    assert values.shape == (2, SIZE, len(FEATURE_NAMES))
    assert np.isfinite(values).all()
    assert np.abs(values).max() <= 5.0
    own = len(FEATURE_NAMES) - len(side_features.NAMES)
    assert values[:, LOOK_BACK:, :own].std(axis=(0, 1)).min() > 0.01, "what never varies says nothing"
    assert not values[:, :, own:].any(), "without side data they are neutral"


def test_a_flat_market_gives_finite_features():
    universe = example()
    for name in PLANES:
        getattr(universe, name)[:] = 0.0 if name == "volume" else 100.0
    assert np.isfinite(market_features(universe)).all()


def test_prices_in_another_currency_give_the_same_features():
    """All features are dimensionless."""
    universe = example()
    other = replace(universe, **{name: getattr(universe, name) * 1e-6 for name in PLANES[:4]})
    assert np.allclose(market_features(universe), market_features(other), atol=1e-4)


def test_known_answers_of_rsi_range_and_moving_average():
    universe = example()
    size = universe.close.shape[1]
    rising = np.broadcast_to(100 * 1.01 ** np.arange(size), universe.close.shape)
    universe = replace(
        universe, open=rising / 1.01, close=rising.copy(), high=rising.copy(), low=rising / 1.01
    )
    values = dict(zip(FEATURE_NAMES, market_features(universe)[0, -1].tolist(), strict=True))
    assert values["rsi_14"] == pytest.approx(1.0)
    assert values["range_position_42"] == pytest.approx(1.0)
    assert values["efficiency_24"] == pytest.approx(1.0)
    assert values["body"] == pytest.approx(1.0)
    assert values["volume_flow_12"] == pytest.approx(1.0)
    assert values["volatility_ratio"] == pytest.approx(0.0, abs=1e-6)
    assert values["return_1"] == pytest.approx(1.0, rel=1e-6)
    assert values["higher_trend"] > 0


def test_average_true_range_counts_the_gap_from_the_last_close():
    universe = example()
    universe.open[:], universe.high[:], universe.low[:], universe.close[:] = 100.0, 101.0, 99.0, 100.0
    universe.open[:, 50], universe.high[:, 50], universe.low[:, 50], universe.close[:, 50] = (
        110,
        111,
        109,
        110,
    )
    atr = average_true_range(universe, 10)
    assert atr[0, 49] == pytest.approx(2.0)
    assert atr[0, 50] == pytest.approx((9 * 2 + 11) / 10)
    assert atr[0, 51] == pytest.approx((8 * 2 + 11 + 11) / 10)
    assert np.isnan(atr[0, 9])
    assert not np.isnan(atr[0, 10])


@settings(max_examples=40)
@given(st.integers(1, 12), st.integers(1, 30), st.integers(0, 999))
def test_rolling_windows_equal_the_plain_ones(window, size, seed):
    values = np.random.default_rng(seed).normal(size=(2, size))
    for rolling, plain in ((rolling_sum, np.sum), (rolling_max, np.max), (rolling_min, np.min)):
        got = rolling(values, window)
        for at in range(size):
            if at + 1 < window:
                assert np.isnan(got[:, at]).all()
            else:
                assert got[:, at] == pytest.approx(plain(values[:, at - window + 1 : at + 1], axis=1))


def test_a_missing_candle_stands_at_the_last_close_without_volume():
    universe = example()
    for name in PLANES:
        getattr(universe, name)[0, 60:63] = np.nan
        getattr(universe, name)[1, :5] = np.nan
    filled = fill_missing(universe)
    assert (filled.open[0, 60:63] == universe.close[0, 59]).all()
    assert (filled.high[0, 60:63] == filled.low[0, 60:63]).all()
    assert (filled.volume[0, 60:63] == 0).all()
    assert np.isnan(filled.close[1, :5]).all(), "before its first candle a symbol has no price"


def test_lagged_moves_into_the_future():
    assert lagged(np.array([[1.0, 2.0, 3.0]]), 1)[0, 1:].tolist() == [1.0, 2.0]
    assert np.isnan(lagged(np.array([[1.0, 2.0, 3.0]]), 1)[0, 0])
