"""Judging the policy on the validation slice while it trains, and which evaluation makes `best_model`.

The numbers come from the backtest engine that also revalidates. Trap avoided: choosing the best model on the
reward it was trained with, on the candles it was trained on.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.config.settings import Settings
from core.errors import CancelledError
from core.models.manifest import Selection

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.backtest.policy import Policy
    from core.market.model import Universe


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One row of `evaluations.csv`; None where a number does not exist."""

    timestep: int
    mean_reward: float
    """Mean raw return of the episodes, as the environment pays it."""
    sharpe: float | None
    max_drawdown_pct: float | None
    win_rate_pct: float | None
    profit_factor: float | None
    """Infinite without a losing trade."""
    trades: int
    consecutive_losses: float | None = None
    """By the statistic that the decision uses."""
    calmar_ratio: float | None = None
    warnings: tuple[str, ...] = ()

    def row(self) -> tuple[float | int | None, ...]:
        return (
            self.timestep,
            self.mean_reward,
            self.sharpe,
            self.max_drawdown_pct,
            self.win_rate_pct,
            self.profit_factor,
            self.trades,
            self.consecutive_losses,
            self.calmar_ratio,
        )

    def selection(self, trial: int) -> Selection | None:
        """What this evaluation competes with for `best_model`; None when nothing in it is finite."""
        if self.sharpe is not None and math.isfinite(self.sharpe):
            return Selection(metric="sharpe", value=self.sharpe, trial=trial)
        if math.isfinite(self.mean_reward):
            return Selection(metric="mean_reward", value=self.mean_reward, trial=trial)
        return None


def is_better(new: Selection, best: Selection | None) -> bool:
    """Any Sharpe ratio beats a mean reward: the latter rules only where no ratio exists (no trades)."""
    if best is None:
        return True
    if new.metric != best.metric:
        return new.metric == "sharpe"
    return new.value > best.value


def evaluate(
    policy: Policy,
    validation: Universe,
    features: NDArray[np.float32],
    settings: Settings,
    *,
    timestep: int,
    cancelled: Callable[[], bool],
) -> Evaluation:
    """Run `policy` over the disjoint windows of the validation slice. Raises CancelledError.

    `features` is `market_features(validation)`, (S, T, F).
    """
    from core.backtest.engine import run_backtest
    from core.backtest.summary import summary_of

    backtest = run_backtest(
        validation,
        policy,
        episodes=settings.revalidation.episodes,
        trading=settings.trading,
        reward=settings.reward,
        features=features,
        whole_period=False,
        cancelled=cancelled,
    )
    summary = summary_of(backtest, settings)
    metrics = summary.metrics
    runs_known = summary.eligible_streams > 0 and summary.broken is None
    return Evaluation(
        timestep=timestep,
        mean_reward=_mean_reward(
            policy, validation, features, settings, backtest.starts, backtest.candles, cancelled
        ),
        sharpe=metrics.get("sharpe_ratio"),
        max_drawdown_pct=metrics.get("max_drawdown_pct"),
        win_rate_pct=metrics.get("win_rate_pct"),
        profit_factor=math.inf if summary.no_losing_trade else metrics.get("profit_factor"),
        trades=summary.trades,
        consecutive_losses=metrics.get("consecutive_losses") if runs_known else None,
        calmar_ratio=metrics.get("calmar_ratio") if summary.broken is None else None,
        warnings=backtest.warnings,
    )


def _mean_reward(
    policy: Policy,
    universe: Universe,
    features: NDArray[np.float32],
    settings: Settings,
    starts: NDArray[np.int64],
    candles: int,
    cancelled: Callable[[], bool],
) -> float:
    """Mean return of the same windows: a backtest is about money and keeps no rewards."""
    from core.trading.simulator import Lanes, Simulator

    symbols = len(universe.symbols)
    lanes = Lanes(
        symbol=np.repeat(np.arange(symbols, dtype=np.int64), len(starts)),
        start=np.tile(starts, symbols),
        candles=candles,
    )
    simulator = Simulator(universe, features, lanes, settings.trading, settings.reward, keep_trades=False)
    observations = simulator.reset()
    total = np.zeros(len(lanes.symbol))
    for _ in range(candles):
        if cancelled():
            raise CancelledError("the evaluation was cancelled")
        step = simulator.step(policy.actions(observations))
        observations = step.observations
        total += step.rewards
    return float(total.mean())
