"""What the bootstrap draws from: candles with their returns, and trades with the candle each one closed in.

A stream is a sleeve whose losing runs count on their own: a symbol, within an episode. Trap avoided: trades
drawn apart from the candles that made them, so that a draw's win rate and its Sharpe ratio tell of two
different histories.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.backtest import metrics as m
from core.backtest.engine import Backtest
from core.backtest.summary import Curves

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Sample:
    """E episodes of N candles, n trades in exit order. Episodes are disjoint and in time order."""

    returns: m.Floats
    """(E, N) the portfolio's, per candle; finite and above -1."""
    periods: float
    """Candles in a year."""
    candle: Integers
    """(n,) where each trade closed: episode · N + candle within it."""
    stream: Integers
    """(n,) its sleeve, from 0, the same number in every episode."""
    streams: int
    """How many sleeves there are."""
    profits: m.Floats
    """(n,) in currency."""
    capital: float

    @property
    def trades(self) -> int:
        return len(self.profits)


def backtest_sample(backtest: Backtest, curves: Curves) -> Sample:
    """The sample of a backtest; `curves` is `portfolio_curves(backtest)` and not broken."""
    trades = backtest.trades
    return Sample(
        returns=np.array([m.returns_of(curve) for curve in curves.episodes]),
        periods=backtest.periods_per_year,
        candle=trades.episode * backtest.candles + trades.exit_index - backtest.starts[trades.episode],
        stream=trades.symbol,
        streams=len(backtest.symbols),
        profits=trades.pnl,
        capital=backtest.capital,
    )
