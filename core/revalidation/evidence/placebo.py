"""Would the same actions at another time have earned as much? A placebo test of the model's timing.

The model's own recorded actions, moved in time by one random lag that all symbols and episodes share, trade
the same candles at the same costs through the same engine; what goes beyond an episode's end comes in at its
beginning. A placebo trades as often and in the same direction, but not when the model saw a reason. Trap
avoided: comparing with a policy that behaves differently, where trading less already looks like skill.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.backtest import metrics as m
from core.backtest.engine import Backtest, run_backtest
from core.backtest.policy import RecordedPolicy
from core.config.settings import Reward, Trading
from core.market.model import Universe
from core.revalidation.evidence.blocks import MEAN_BLOCK
from core.revalidation.gates import ROUNDING

SHIFTS = 199
LEAST_SHIFTS = 19
"""Fewer cannot give a p of 0.05."""
_MAX_LANES = 8_000
"""Symbols · episodes · shifts that advance together."""


@dataclass(frozen=True, slots=True)
class Placebo:
    """What the shifted actions earned. NaN where a shift has no such value."""

    sharpe: m.Floats
    """(K,) annual."""
    factor: m.Floats
    """(K,) infinite without a losing trade."""

    @property
    def shifts(self) -> int:
        return len(self.sharpe)


def lags(candles: int, seed: int, shifts: int = SHIFTS) -> NDArray[np.int64]:
    """At most `shifts` different lags, each at least a mean block from no shift at all."""
    possible = np.arange(MEAN_BLOCK, candles - MEAN_BLOCK + 1)
    return np.random.default_rng(seed).permutation(possible)[:shifts]


def run_placebo(
    universe: Universe,
    backtest: Backtest,
    shifts: NDArray[np.int64],
    *,
    trading: Trading,
    reward: Reward,
    on_progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Placebo:
    """Replay `backtest.actions` at every lag of `shifts` (K,). `on_progress(done, total)` counts candles.

    Raises ValueError for a backtest without recorded actions, and CancelledError.
    """
    if backtest.actions is None:
        raise ValueError("the backtest has no recorded actions")
    symbols, episodes, candles = backtest.actions.shape
    at_once = max(1, _MAX_LANES // (symbols * episodes))
    batches = [shifts[first : first + at_once] for first in range(0, len(shifts), at_once)]
    nothing = np.zeros((symbols, len(universe.time), 0), np.float32)  # recorded actions look at no feature
    found = []
    for number, batch in enumerate(batches):

        def progress(done: int, _total: int, number: int = number) -> None:
            if on_progress is not None:
                on_progress(number * candles + done, len(batches) * candles)

        moved = run_backtest(
            universe,
            RecordedPolicy(backtest.actions, batch),
            episodes=episodes,
            trading=trading,
            reward=reward,
            features=nothing,
            whole_period=False,
            observed=False,
            repeats=len(batch),
            on_progress=progress,
            cancelled=cancelled,
        )
        found.append(_ratios(moved, len(batch)))
    sharpe, factor = (np.concatenate(values) for values in zip(*found, strict=True))
    return Placebo(sharpe, factor)


def rank_p(observed: float, placebo: m.Floats) -> float:
    """The share of placebos, the model itself among them, that do as well: a one-sided p.

    A placebo without a value counts as one that does as well, and so does one that differs by rounding.
    """
    as_well = int((~(placebo < observed - ROUNDING * max(1.0, abs(observed)))).sum())
    return (1 + as_well) / (1 + len(placebo))


def _ratios(moved: Backtest, shifts: int) -> tuple[m.Floats, m.Floats]:
    """Sharpe ratio and profit factor of each repetition."""
    curves = moved.equity.mean(axis=0) / moved.capital
    episodes = len(curves) // shifts
    portfolio = np.concatenate((np.ones((len(curves), 1)), curves), axis=1).reshape(shifts, episodes, -1)
    sharpe = [
        m.sharpe_ratio(np.concatenate([m.returns_of(curve) for curve in curves]), moved.periods_per_year)
        for curves in portfolio
    ]
    shift = moved.trades.episode // episodes
    outcome = m.outcomes(moved.trades.pnl, moved.capital)
    profit, loss = (
        np.bincount(shift[chosen], np.abs(moved.trades.pnl[chosen]), shifts)
        for chosen in (outcome > 0, outcome < 0)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = profit / loss  # nothing won and nothing lost: NaN
    return np.array([np.nan if value is None else value for value in sharpe]), factor
