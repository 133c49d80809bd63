"""What fills need of each candle, laid out so that one gather reads it for all lanes."""

from __future__ import annotations

import numpy as np

from core.market.model import FloatArray, Universe
from core.trading.features import average_true_range, warmed_up
from core.trading.windows import fill_missing

OPEN, HIGH, LOW, CLOSE, ATR, TRADABLE, FUNDING = range(7)
"""The table's columns; the last one only in a market with funding."""


def bar_table(universe: Universe, atr_candles: int) -> FloatArray:
    """(S·T, 6 or 7): per candle its open, high, low, last known close, the ATR one candle earlier, whether an
    order decided one candle earlier can fill on it (both candles are there, the features warmed up), and in a
    market with funding its rate, 0 where none falls due."""
    present = ~np.isnan(universe.close)
    decidable = present & warmed_up(universe)
    atr = average_true_range(universe, atr_candles)
    table = np.zeros((*universe.close.shape, 6 if universe.funding is None else 7))
    if universe.funding is not None:
        table[..., FUNDING] = np.nan_to_num(universe.funding, nan=0.0)
    table[..., OPEN] = universe.open
    table[..., HIGH] = universe.high
    table[..., LOW] = universe.low
    table[..., CLOSE] = np.nan_to_num(fill_missing(universe).close, nan=0.0)
    table[:, 0, ATR] = np.nan
    table[:, 1:, ATR] = atr[:, :-1]
    table[:, 1:, TRADABLE] = present[:, 1:] & decidable[:, :-1]
    return table.reshape(-1, table.shape[-1])
