"""How the gates' values would vary over histories like the one judged: a block bootstrap of the whole result.

Each draw is a resampled history of as many episodes and candles as the real one (`blocks`). A drawn candle
brings the portfolio's return of that candle, which holds all symbols at once, and every trade that closed in
it; equity, drawdown, growth, win rate, factor and losing runs are then those of the drawn history, by the
same definitions and the same least evidence as the gates'. All draws advance together, one candle at a time,
so memory does not grow with the length. Trap avoided: a draw that passes a gate it could not have been
judged on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.backtest import metrics as m
from core.config.settings import Evidence, Gates
from core.errors import CancelledError
from core.revalidation.evidence.blocks import block_index
from core.revalidation.evidence.runs import LosingRuns, Statistic
from core.revalidation.evidence.sample import Sample
from core.revalidation.gates import ROUNDING, SPECS

DRAWS = 2000
INTERVAL = 0.90
_MAX_CELLS = 1_000_000
"""Draws · episodes · streams that advance together."""
_NO_SPREAD = 1e-12


@dataclass(frozen=True, slots=True)
class Draws:
    """The gates' values in every draw."""

    values: dict[str, m.Floats]
    """Gate → (draws,): NaN where there is none, infinite for a factor without a loss."""
    passed: dict[str, NDArray[np.bool_]]
    """Gate → (draws,) whether the drawn history passes it."""

    def interval(self, gate: str) -> tuple[float, float] | None:
        """The 5th and the 95th percentile; None where that many draws have no value, or an infinite one."""
        values = self.values[gate]
        known = np.sort(values[~np.isnan(values)])
        tail = (1 - INTERVAL) / 2
        if len(known) < (1 - tail) * len(values):
            return None
        low, high = (known[round(share * (len(known) - 1))] for share in (tail, 1 - tail))
        return (float(low), float(high)) if np.isfinite(high) else None

    def pass_probability(self) -> dict[str, float]:
        """The share of draws that pass at least 4, 5 and 6 gates."""
        count = np.sum(list(self.passed.values()), axis=0)
        return {str(least): float((count >= least).mean()) for least in (4, 5, 6)}


def resample(
    sample: Sample,
    *,
    limits: Gates,
    evidence: Evidence,
    statistic: Statistic,
    enough_candles: bool,
    seed: int,
    draws: int = DRAWS,
    on_progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Draws:
    """Draw `draws` histories. Without `enough_candles` no draw passes the gates that need them.
    `on_progress(done, total)` counts candles. Raises CancelledError."""
    episodes, candles = sample.returns.shape
    at_once = max(1, min(draws, _MAX_CELLS // (episodes * max(1, sample.streams))))
    sizes = [min(at_once, draws - first) for first in range(0, draws, at_once)]
    random = np.random.default_rng(seed)
    parts = []
    for number, size in enumerate(sizes):

        def step(candle: int, number: int = number) -> None:
            if cancelled is not None and cancelled():
                raise CancelledError("the revalidation was cancelled; no report was written")
            if on_progress is not None:
                on_progress(number * candles + candle, len(sizes) * candles)

        parts.append(_draw(sample, random, size, statistic, evidence.min_stream_trades, step))
    values = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    trades = values.pop("trades")
    return Draws(values, _passed(values, trades, limits, evidence, enough_candles))


def _draw(
    sample: Sample,
    random: np.random.Generator,
    draws: int,
    statistic: Statistic,
    least: int,
    step: Callable[[int], None],
) -> dict[str, m.Floats]:
    """The gates' values and the number of trades of `draws` histories."""
    episodes, candles = sample.returns.shape
    returns = sample.returns.reshape(-1)
    mean = float(returns.mean())
    centred = returns - mean
    with np.errstate(divide="ignore"):  # an equity that lost all but a rounding
        logarithm = np.log1p(returns)
    outcome = m.outcomes(sample.profits, sample.capital)
    closed = _closed(sample, outcome)
    runs = LosingRuns(sample, outcome, draws, statistic, least)
    shape = (draws, episodes)
    moved, squared, level, peak, fall = (np.zeros(shape) for _ in range(5))
    ledger = np.zeros((draws * episodes, 4))
    index = block_index(random, draws=draws, episodes=episodes, candles=candles)
    for candle, now in enumerate(index):
        step(candle)
        change = centred.take(now)
        moved += change
        squared += change * change
        level += logarithm.take(now)
        np.maximum(peak, level, out=peak)
        np.minimum(fall, level - peak, out=fall)
        flat = now.reshape(-1)
        with_trades = np.flatnonzero(closed[:, 0].take(flat))
        ledger[with_trades] += closed[flat[with_trades]]
        runs.add(now)
    trades, wins, profit, loss = ledger.reshape(*shape, 4).sum(axis=1).T
    size = episodes * candles
    total = moved.sum(axis=1)
    spread = np.sqrt(np.maximum(squared.sum(axis=1) - total**2 / size, 0.0) / max(1, size - 1))
    drawdown = -np.expm1(fall.min(axis=1))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        sharpe = (mean + total / size) / spread * np.sqrt(sample.periods)
        growth = np.expm1(level.sum(axis=1) * sample.periods / size)
        calmar = growth / drawdown
        factor = np.where(loss > 0, profit / loss, np.where(profit > 0, np.inf, np.nan))
        win_rate = 100.0 * wins / trades
    return {
        "sharpe_ratio": np.where(spread > _NO_SPREAD, sharpe, np.nan),
        "max_drawdown_pct": 100.0 * drawdown,
        "win_rate_pct": win_rate,
        "profit_factor": factor,
        "consecutive_losses": runs.values(),
        "calmar_ratio": np.where(np.isfinite(growth) & (drawdown > _NO_SPREAD), calmar, np.nan),
        "trades": trades,
    }


def _closed(sample: Sample, outcome: NDArray[np.int8]) -> m.Floats:
    """Per candle (E · N, 4) the trades that closed in it: number, won, gross profit, gross loss."""
    won, lost, profits = outcome > 0, outcome < 0, sample.profits
    columns = (np.ones(len(profits)), won, np.where(won, profits, 0.0), np.where(lost, -profits, 0.0))
    return np.column_stack([np.bincount(sample.candle, column, sample.returns.size) for column in columns])


def _passed(
    values: dict[str, m.Floats], trades: m.Floats, limits: Gates, evidence: Evidence, enough_candles: bool
) -> dict[str, NDArray[np.bool_]]:
    """Gate → (draws,), by the rules of `core.revalidation.gates`."""
    passed: dict[str, NDArray[np.bool_]] = {}
    for spec in SPECS:
        value, limit = values[spec.name], float(getattr(limits, spec.name))
        slack = ROUNDING * max(1.0, abs(limit))
        with np.errstate(invalid="ignore"):
            good = value >= limit - slack if spec.comparison == ">=" else value <= limit + slack
        good &= trades > 0
        if spec.name in ("win_rate_pct", "profit_factor"):
            good &= trades >= evidence.min_trades
            good &= np.isfinite(value) | (trades >= evidence.strong_trades)
        elif spec.name != "consecutive_losses":
            good &= enough_candles
        passed[spec.name] = good
    return passed
