"""The market features: what is known of a symbol at a candle's close, and nothing later.

Each feature reads at most the `LOOK_BACK` candles that end with the one it belongs to, so an embargo of that
length really separates two slices. All are dimensionless (in volatilities, ranges or shares) and clipped to
±5. The Smart Money Concepts family is `core.trading.smart_money`'s. Trap avoided: a feature that knows the
future. Windows are summed lag by lag, in one order, so the value
at t is the same to the last bit whatever follows t or precedes t − LOOK_BACK + 1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.market.model import LOOK_BACK, Universe
from core.trading import side_features as side
from core.trading import smart_money
from core.trading.windows import (
    Array,
    Filled,
    candles_since_first,
    fill_missing,
    lagged,
    rolling_max,
    rolling_min,
    rolling_sum,
)

_CLIP = 5.0
_SLOW = 42  # a week of 4-hour candles
_MOMENTA = (1, 3, 6, 12, 24, 42)
_TINY = 1e-12
_HIGHER = 4  # candles of the timeframe that make one of the higher

FEATURE_NAMES: tuple[str, ...] = (
    *(f"return_{lag}" for lag in _MOMENTA),
    "volatility",
    "volatility_ratio",
    "atr_14",
    "rsi_14",
    "ma_position_8",
    "ma_position_24",
    "ma_position_42",
    "range_position_14",
    "range_position_42",
    "body",
    "wicks",
    "volume_ratio",
    "volume_flow_12",
    "efficiency_24",
    "higher_trend",
    *smart_money.NAMES,
    *side.NAMES,
)


def market_features(universe: Universe) -> NDArray[np.float32]:
    """Features (S, T, F) in the order of `FEATURE_NAMES`; 0 until a symbol has LOOK_BACK candles.

    A missing candle counts as one that opened and closed at the last close without volume.
    """
    filled = fill_missing(universe)
    columns = _columns(filled, universe.time, universe.step_ms)
    columns |= side.columns(universe)
    out = np.empty((*universe.close.shape, len(FEATURE_NAMES)), dtype=np.float32)
    for index, name in enumerate(FEATURE_NAMES):
        np.clip(columns[name], -_CLIP, _CLIP, out=columns[name])
        out[:, :, index] = columns[name]
    out[~warmed_up(universe)] = 0.0
    return out


def warmed_up(universe: Universe) -> NDArray[np.bool_]:
    """Where (S, T) a symbol has had LOOK_BACK candles, so that its features mean something."""
    return candles_since_first(universe.close) >= LOOK_BACK


def average_true_range(universe: Universe, candles: int) -> Array:
    """Simple mean of the true range (S, T) of the last `candles`; NaN until the symbol has one more.

    True range after Wilder: the largest of high − low, |high − last close|, |low − last close|.
    """
    filled = fill_missing(universe)
    atr = rolling_sum(_true_range(filled), candles) / candles
    atr[candles_since_first(universe.close) <= candles] = np.nan
    return atr


def _true_range(filled: Filled) -> Array:
    before = lagged(filled.close, 1)
    upper = np.maximum(filled.high, before)
    lower = np.minimum(filled.low, before)
    return np.asarray(upper - lower)


def _columns(filled: Filled, time: NDArray[np.int64], step_ms: int) -> dict[str, Array]:
    close = filled.close
    with np.errstate(divide="ignore", invalid="ignore"):
        returns = close / lagged(close, 1) - 1
        squares = returns * returns
        volatility = np.sqrt(rolling_sum(squares, _SLOW) / _SLOW) + _TINY
        atr = rolling_sum(_true_range(filled), 14) / 14 + _TINY * close
        columns = {
            f"return_{lag}": (close / lagged(close, lag) - 1) / (volatility * np.sqrt(lag))
            for lag in _MOMENTA
        }
        columns["volatility"] = 50 * volatility
        columns["volatility_ratio"] = np.sqrt(rolling_sum(squares, 10) / 10) / volatility - 1
        columns["atr_14"] = 50 * atr / close
        columns["rsi_14"] = _rsi(returns, 14)
        for window in (8, 24, 42):
            columns[f"ma_position_{window}"] = (close - rolling_sum(close, window) / window) / atr
        for window in (14, 42):
            lowest = rolling_min(filled.low, window)
            spread = rolling_max(filled.high, window) - lowest
            columns[f"range_position_{window}"] = 2 * (close - lowest) / (spread + _TINY * close) - 1
        spread = filled.high - filled.low + _TINY * close
        columns["body"] = (close - filled.open) / spread
        columns["wicks"] = (filled.high + filled.low - filled.open - close) / spread
        mean_volume = rolling_sum(filled.volume, 24) / 24
        columns["volume_ratio"] = filled.volume / (mean_volume + _TINY) - 1
        flow = rolling_sum(np.sign(returns) * filled.volume, 12)
        columns["volume_flow_12"] = flow / (rolling_sum(filled.volume, 12) + _TINY)
        columns["efficiency_24"] = (close - lagged(close, 24)) / (
            rolling_sum(np.abs(close - lagged(close, 1)), 24) + _TINY * close
        )
        columns["higher_trend"] = _higher_trend(close, atr, time, step_ms)
        columns |= smart_money.columns(filled, atr)
    return columns


def _rsi(returns: Array, window: int) -> Array:
    """Cutler's RSI (simple means, so its memory ends) moved from 0…100 to −1…1."""
    gains = rolling_sum(np.maximum(returns, 0), window)
    losses = rolling_sum(np.maximum(-returns, 0), window)
    return np.asarray((gains - losses) / (gains + losses + _TINY))


def _higher_trend(close: Array, atr: Array, time: NDArray[np.int64], step_ms: int) -> Array:
    """The last closed candle of the higher timeframe against the mean of the last six, in ATR.

    Higher candles begin at multiples of their length since 1970. One that is still forming is not read: at
    each candle the values are those of the newest higher candle that has closed.
    """
    phase = (time // step_ms + 1) % _HIGHER  # 0: a higher candle closes with this one
    position = np.arange(len(time))
    newest = position - phase
    out = np.full_like(close, np.nan)
    known = newest >= 5 * _HIGHER
    at = newest[known]
    mean = close[:, at].copy()
    for back in range(1, 6):
        mean += close[:, at - back * _HIGHER]
    mean /= 6
    out[:, known] = (close[:, at] - mean) / atr[:, known]
    return out
