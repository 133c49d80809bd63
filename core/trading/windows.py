"""What features are made of: candles without gaps, and windows over the past.

Arrays have shape (S, T). A window is combined lag by lag, newest first, so that its value at t is the same
to the last bit whatever follows t or precedes the window.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from core.market.model import Universe

Array = NDArray[np.float64]


class Filled:
    """OHLCV (S, T) without gaps: a missing candle stands at the last close with no volume."""

    __slots__ = ("close", "high", "low", "open", "volume")

    def __init__(self, open_: Array, high: Array, low: Array, close: Array, volume: Array) -> None:
        self.open, self.high, self.low, self.close, self.volume = open_, high, low, close, volume


def fill_missing(universe: Universe) -> Filled:
    """The universe with gaps filled from the past; what precedes a symbol's first candle stays NaN."""
    missing = np.isnan(universe.close)
    if not missing.any():
        return Filled(universe.open, universe.high, universe.low, universe.close, universe.volume)
    last = np.where(missing, 0, np.arange(universe.close.shape[1]))
    np.maximum.accumulate(last, axis=1, out=last)
    close = np.take_along_axis(universe.close, last, axis=1)
    return Filled(
        np.where(missing, close, universe.open),
        np.where(missing, close, universe.high),
        np.where(missing, close, universe.low),
        close,
        np.where(missing, 0.0, universe.volume),
    )


def lagged(values: Array, lag: int) -> Array:
    """`values` (S, T) moved `lag` candles into the future; NaN where there is no past."""
    out = np.full_like(values, np.nan)
    out[:, lag:] = values[:, : values.shape[1] - lag]
    return out


def rolling_sum(values: Array, window: int) -> Array:
    """Sum over the last `window` candles (S, T), newest first; NaN until there are that many."""
    return _rolling(values, window, np.add)


def rolling_max(values: Array, window: int) -> Array:
    """Largest of the last `window` candles (S, T)."""
    return _rolling(values, window, np.maximum)


def rolling_min(values: Array, window: int) -> Array:
    """Smallest of the last `window` candles (S, T)."""
    return _rolling(values, window, np.minimum)


def _rolling(values: Array, window: int, combine: Callable[..., Array]) -> Array:
    size = values.shape[1]
    out = values.copy()
    for lag in range(1, min(window, size)):
        combine(out[:, lag:], values[:, : size - lag], out=out[:, lag:])
    out[:, : window - 1] = np.nan
    return out


def candles_since_first(close: Array) -> NDArray[np.int64]:
    """How many candles (S, T) lie between a symbol's first one and each, both counted; 0 before it."""
    seen = np.maximum.accumulate(~np.isnan(close), axis=1)
    return np.cumsum(seen, axis=1, dtype=np.int64)
