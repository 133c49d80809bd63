"""An evaluation is the engine's numbers, and the best is chosen by Sharpe where there is one."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from core.backtest.policy import RandomPolicy
from core.config.settings import Settings
from core.errors import CancelledError
from core.market.model import Universe
from core.market.synthetic import synthetic_universe
from core.models.manifest import Selection
from core.trading.features import market_features
from core.training.evaluation import Evaluation, evaluate, is_better
from core.training.writers import HEADERS


class AlwaysHold:
    def actions(self, observations: np.ndarray) -> np.ndarray:
        return np.zeros(len(observations), np.int64)


@pytest.fixture(scope="module")
def universe() -> Universe:
    return synthetic_universe(seed=3, symbols=2, candles=300, edge=0.2)


@pytest.fixture
def settings() -> Settings:
    base = Settings()
    return msgspec.structs.replace(base, trading=msgspec.structs.replace(base.trading, episode_candles=100))


def test_an_evaluation_is_the_engines_numbers(universe: Universe, settings: Settings) -> None:
    from core.backtest.engine import run_backtest
    from core.backtest.summary import summarise

    features = market_features(universe)
    found = evaluate(RandomPolicy(1), universe, features, settings, timestep=2048, cancelled=lambda: False)
    backtest = run_backtest(
        universe, RandomPolicy(1), episodes=10, trading=settings.trading, reward=settings.reward
    )
    summary = summarise(backtest, min_stream_trades=10)
    assert found.sharpe == summary.metrics["sharpe_ratio"] and found.trades == summary.trades > 0
    assert found.timestep == 2048 and len(found.row()) == len(HEADERS["evaluations.csv"])
    assert found.consecutive_losses == summary.metrics["consecutive_losses"] is not None
    assert found.calmar_ratio == summary.metrics["calmar_ratio"] is not None
    assert found.row()[-2:] == (found.consecutive_losses, found.calmar_ratio)
    assert any("episodes judged" in warning for warning in found.warnings)


def test_without_a_trade_there_is_no_ratio_only_a_reward(universe: Universe, settings: Settings) -> None:
    found = evaluate(
        AlwaysHold(), universe, market_features(universe), settings, timestep=1, cancelled=lambda: False
    )
    assert (found.sharpe, found.profit_factor, found.win_rate_pct, found.trades) == (None, None, None, 0)
    assert (found.consecutive_losses, found.calmar_ratio) == (None, None), "nothing to judge is no 0"
    assert found.mean_reward == pytest.approx(100 * 0.0002), "100 candles out of the market"
    assert found.selection(1) == Selection(metric="mean_reward", value=found.mean_reward, trial=1)


def test_a_stop_cancels_an_evaluation(universe: Universe, settings: Settings) -> None:
    with pytest.raises(CancelledError):
        evaluate(
            AlwaysHold(), universe, market_features(universe), settings, timestep=1, cancelled=lambda: True
        )


def test_the_best_is_by_sharpe_and_by_reward_only_without_one() -> None:
    def selection(metric: str, value: float) -> Selection:
        return Selection(metric=metric, value=value, trial=1)  # type: ignore[arg-type]

    assert is_better(selection("mean_reward", -5), None)
    assert is_better(selection("sharpe", -1), selection("mean_reward", 50))
    assert not is_better(selection("mean_reward", 50), selection("sharpe", -1))
    assert is_better(selection("sharpe", 0.2), selection("sharpe", 0.1))
    assert not is_better(selection("sharpe", 0.1), selection("sharpe", 0.1)), "the earlier stays"


def test_what_is_not_finite_never_becomes_the_best() -> None:
    nan = float("nan")
    assert Evaluation(1, nan, nan, None, None, None, 0).selection(1) is None
    only_reward = Evaluation(1, 2.0, nan, None, None, None, 0).selection(3)
    assert only_reward == Selection(metric="mean_reward", value=2.0, trial=3)
