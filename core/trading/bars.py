"""What fills need of each candle, laid out so that one gather reads it for all lanes."""

from __future__ import annotations

import numpy as np

from core.market.model import FloatArray, Universe
from core.trading.features import average_true_range, warmed_up
from core.trading.windows import fill_missing

OPEN, HIGH, LOW, CLOSE, ATR, TRADABLE = range(6)
"""The table's columns."""


def bar_table(universe: Universe, atr_candles: int) -> FloatArray:
    """(S·T, 6): per candle its open, high, low, last known close, the ATR one candle earlier, and whether
    an order decided one candle earlier can fill on it: both candles are there, the features warmed up."""
    present = ~np.isnan(universe.close)
    decidable = present & warmed_up(universe)
    atr = average_true_range(universe, atr_candles)
    table = np.zeros((*universe.close.shape, 6))
    table[..., OPEN] = universe.open
    table[..., HIGH] = universe.high
    table[..., LOW] = universe.low
    table[..., CLOSE] = np.nan_to_num(fill_missing(universe).close, nan=0.0)
    table[:, 0, ATR] = np.nan
    table[:, 1:, ATR] = atr[:, :-1]
    table[:, 1:, TRADABLE] = present[:, 1:] & decidable[:, :-1]
    return table.reshape(-1, 6)
