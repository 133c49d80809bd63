"""The placebo: the model's own actions at another time, through the same engine."""

from __future__ import annotations

import numpy as np
import pytest

from core.backtest.engine import Backtest, cut_windows, run_backtest
from core.backtest.summary import summarise
from core.config.settings import Reward, Trading
from core.errors import CancelledError
from core.market.model import Universe
from core.market.synthetic import synthetic_universe
from core.revalidation.evidence.blocks import MEAN_BLOCK
from core.revalidation.evidence.placebo import Placebo, lags, rank_p, run_placebo
from core.trading.actions import CLOSE, OPEN_LONG, OPEN_SHORT

TRADING = Trading(episode_candles=120)


class Foresight:
    """Opens in the direction of the next ten candles and closes after them: it reads the future."""

    def __init__(self, universe: Universe, starts: np.ndarray) -> None:
        self._close = universe.close
        self._starts = starts
        self._candle = 0

    def actions(self, observations: np.ndarray) -> np.ndarray:
        now = self._starts - 1 + self._candle
        ahead = np.minimum(now + 10, self._close.shape[1] - 1)
        rises = self._close[:, ahead] > self._close[:, now]
        opens = np.where(rises, OPEN_LONG, OPEN_SHORT)
        chosen = {0: opens, 9: np.full_like(opens, CLOSE)}.get(self._candle % 10, np.zeros_like(opens))
        self._candle += 1
        return chosen.reshape(-1)


@pytest.fixture(scope="module")
def universe() -> Universe:
    return synthetic_universe(seed=8, symbols=2, candles=330, edge=0.0)


@pytest.fixture(scope="module")
def foreseen(universe: Universe) -> Backtest:
    starts = cut_windows(universe.score_from, 282, 2, 120)[0]
    return run_backtest(
        universe,
        Foresight(universe, starts),
        episodes=2,
        trading=TRADING,
        reward=Reward(),
        whole_period=False,
        record=True,
    )


def replay(universe: Universe, backtest: Backtest, shifts: np.ndarray) -> Placebo:
    return run_placebo(universe, backtest, shifts, trading=TRADING, reward=Reward())


def test_no_shift_is_the_model_itself(universe: Universe, foreseen: Backtest) -> None:
    assert foreseen.starts.tolist() == [69, 210] and foreseen.actions is not None
    metrics = summarise(foreseen, min_stream_trades=1).metrics
    placebo = replay(universe, foreseen, np.array([0, 30, 0]))
    for at in (0, 2):
        assert placebo.sharpe[at] == pytest.approx(metrics["sharpe_ratio"], rel=1e-9)
        assert placebo.factor[at] == pytest.approx(metrics["profit_factor"], rel=1e-9)
    assert placebo.sharpe[1] != placebo.sharpe[0]


def test_timing_that_sees_the_future_beats_its_placebos(universe: Universe, foreseen: Backtest) -> None:
    metrics = summarise(foreseen, min_stream_trades=1).metrics
    shifts = lags(foreseen.candles, seed=0)
    placebo = replay(universe, foreseen, shifts)
    assert placebo.shifts == len(shifts) == 97
    assert rank_p(float(metrics["sharpe_ratio"] or 0), placebo.sharpe) == pytest.approx(1 / 98)
    assert rank_p(float(metrics["profit_factor"] or 0), placebo.factor) == pytest.approx(1 / 98)


def test_actions_that_never_change_prove_nothing(universe: Universe) -> None:
    """Always long: every shift is the same, so the model is no better than any of them."""

    class AlwaysLong:
        def actions(self, observations: np.ndarray) -> np.ndarray:
            return np.full(len(observations), OPEN_LONG)

    run = run_backtest(
        universe,
        AlwaysLong(),
        episodes=2,
        trading=TRADING,
        reward=Reward(),
        whole_period=False,
        record=True,
    )
    observed = summarise(run, min_stream_trades=1).metrics["sharpe_ratio"]
    placebo = replay(universe, run, lags(run.candles, seed=0)[:19])
    assert rank_p(float(observed or 0), placebo.sharpe) == 1.0


def test_lags_are_different_and_far_from_none() -> None:
    found = lags(500, seed=1)
    assert len(found) == len(set(found.tolist())) == 199
    assert found.min() >= MEAN_BLOCK and found.max() <= 500 - MEAN_BLOCK
    assert lags(500, seed=1).tolist() == found.tolist() != lags(500, seed=2).tolist()
    assert len(lags(30, seed=0)) == 7 and len(lags(5, seed=0)) == 0


def test_a_placebo_without_a_value_counts_against_the_model() -> None:
    assert rank_p(1.0, np.array([np.nan, 0.5, np.inf])) == 3 / 4
    assert rank_p(1.0, np.array([1.0 + 1e-12, 0.5, 0.2])) == 2 / 4, "equal but for rounding"


def test_a_placebo_can_be_cancelled(universe: Universe, foreseen: Backtest) -> None:
    with pytest.raises(CancelledError):
        run_placebo(
            universe,
            foreseen,
            np.array([20]),
            trading=TRADING,
            reward=Reward(),
            cancelled=lambda: True,
        )
