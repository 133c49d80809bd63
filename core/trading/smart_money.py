"""Smart Money Concepts as features: each event counts from the close at which it could be known.

| concept | known at the close of t when |
|---|---|
| swing high | the high of t − 2 tops the two highs before it, and the two after it do not top it |
| break of structure | t is the first close beyond the last swing, and the last break did not go against it |
| change of character | t is the first close beyond the last swing, against the direction of the last break |
| order block | a break: the zone is the last candle that went against it, `_BLOCK` candles back at most |
| fair-value gap | the low of t lies above the high of t − 2: a zone between the two |
| liquidity sweep | the high of t passes the last swing high, and its close does not |

and the mirror image of each. A swing is remembered for `_SWING` candles after it was confirmed, an event for
as long as its constant says, so that everything lies within the features' look-back. Traps avoided: a swing
placed at its own candle, two candles before anyone could tell; a zone that knows when it will be filled; and
state carried from the beginning of the data, which no truncation of the past could reproduce.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.trading.windows import Array, Filled, lagged

Mask = NDArray[np.bool_]
Indices = NDArray[np.int64]

NAMES = (
    "swing_high_distance",
    "swing_low_distance",
    "structure_direction",
    "break_of_structure",
    "change_of_character",
    "order_block_bullish",
    "order_block_bearish",
    "fair_value_gap_bullish",
    "fair_value_gap_bearish",
    "liquidity_sweep",
)

_SIDE = 2  # candles on either side of a swing
_SWING = 14  # with the five candles of the swing itself a level reads 19
_DIRECTION = 13
_EVENT = 12
_BLOCK = 6
_ZONE = 24


def columns(filled: Filled, atr: Array) -> dict[str, Array]:
    """The features by name, each (S, T) and 0 where the concept is absent.

    `atr` (S, T) is the unit of distance. Distances are signed: swing high − close and close − swing low.
    `structure_direction` is ±1. Events fade from ±1 to 0 over `_EVENT` candles, positive for up; a sweep of
    highs is negative. A zone's value is its nearness, 1 inside it and 1 / (1 + distance) beside it, until a
    close (order block) or a low or high (gap) has gone through it.
    """
    high_level, high_known = _swing_level(filled.high)
    low_level, low_known = _swing_level(-filled.low)
    low_level = -low_level
    close = filled.close

    before_high, before_low = lagged(high_level, 1), lagged(low_level, 1)
    up = _first(close > before_high, high_known)
    down = _first(close < before_low, low_known)
    broke = up.astype(np.int8) - down
    direction = _remembered(broke, _DIRECTION)
    prior = np.zeros_like(direction)
    prior[:, 1:] = direction[:, :-1]
    turned = (broke != 0) & (prior == -broke)
    swept = (filled.low < before_low) & (close >= before_low)
    swept_highs = (filled.high > before_high) & (close <= before_high)
    swept_sign = swept.astype(np.int8) - swept_highs

    against_up = _last_candle(close < filled.open)
    against_down = _last_candle(close > filled.open)
    falling, rising = _mirror(filled), filled
    return {
        "swing_high_distance": np.nan_to_num((high_level - close) / atr),
        "swing_low_distance": np.nan_to_num((close - low_level) / atr),
        "structure_direction": direction.astype(np.float64),
        "break_of_structure": _fading(np.where(turned, 0, broke)),
        "change_of_character": _fading(np.where(turned, broke, 0)),
        "order_block_bullish": _order_block(rising, up, against_up, atr),
        "order_block_bearish": _order_block(falling, down, against_down, atr),
        "fair_value_gap_bullish": _gap(rising, atr),
        "fair_value_gap_bearish": _gap(falling, atr),
        "liquidity_sweep": _fading(swept_sign),
    }


def _mirror(filled: Filled) -> Filled:
    """The same candles upside down: what is bearish becomes bullish."""
    return Filled(-filled.open, -filled.low, -filled.high, -filled.close, filled.volume)


def _swing_level(high: Array) -> tuple[Array, Indices]:
    """The last confirmed swing high at each candle, NaN without one, and the candle that confirmed it."""
    top = lagged(high, _SIDE)
    swing = (top > lagged(high, _SIDE + 1)) & (top > lagged(high, _SIDE + 2))
    swing &= (top >= lagged(high, 1)) & (top >= high)
    there, at = _latest(swing, _SWING)
    return np.where(there, np.take_along_axis(top, at, axis=1), np.nan), at


def _first(beyond: Mask, known: Indices) -> Mask:
    """Of the closes `beyond` the level of the candle before, the first since that level was `known`."""
    count = np.cumsum(beyond, axis=1)
    first = beyond.copy()
    first[:, 0] = False
    earlier: Indices = count[:, :-1] - np.take_along_axis(count, known[:, :-1], axis=1)
    first[:, 1:] &= earlier == 0
    return first


def _latest(event: NDArray[np.generic], memory: int) -> tuple[Mask, Indices]:
    """Whether an event lies in the last `memory` + 1 candles, and the candle of the latest (else 0)."""
    position = np.arange(event.shape[1])
    at = np.where(event, position, -1 - memory)
    np.maximum.accumulate(at, axis=1, out=at)
    there = position - at <= memory
    return there, np.where(there, at, 0)


def _remembered(event: NDArray[np.int8], memory: int) -> NDArray[np.int8]:
    """The sign of the latest event that is not 0."""
    there, at = _latest(event, memory)
    return np.where(there, np.take_along_axis(event, at, axis=1), np.int8(0))


def _fading(event: NDArray[np.int8]) -> Array:
    there, at = _latest(event, _EVENT)
    share = 1 - (np.arange(event.shape[1]) - at) / (_EVENT + 1)
    return np.where(there, share * np.take_along_axis(event, at, axis=1), 0.0)


def _last_candle(matching: Mask) -> tuple[Mask, Indices]:
    """The latest matching candle before each, at most `_BLOCK` candles back."""
    there, at = _latest(matching, _BLOCK - 1)
    before_there, before_at = np.zeros_like(there), np.zeros_like(at)
    before_there[:, 1:], before_at[:, 1:] = there[:, :-1], at[:, :-1]
    return before_there, before_at


def _order_block(filled: Filled, broke: Mask, against: tuple[Mask, Indices], atr: Array) -> Array:
    has_block, block = against
    there, at = _latest(broke & has_block, _ZONE)
    candle = np.take_along_axis(block, at, axis=1)
    bottom = np.take_along_axis(filled.low, candle, axis=1)
    top = np.take_along_axis(filled.high, candle, axis=1)
    return _nearness(filled.close, top, atr, there & _intact(filled.close < bottom, at))


def _gap(filled: Filled, atr: Array) -> Array:
    floor = lagged(filled.high, 2)
    there, at = _latest(filled.low > floor, _ZONE)
    bottom = np.take_along_axis(floor, at, axis=1)
    top = np.take_along_axis(filled.low, at, axis=1)
    return _nearness(filled.close, top, atr, there & _intact(filled.low <= bottom, at))


def _intact(through: Mask, since: Indices) -> Mask:
    """No candle after `since` has gone through the zone."""
    count = np.cumsum(through, axis=1)
    return np.asarray(count == np.take_along_axis(count, since, axis=1))


def _nearness(close: Array, top: Array, atr: Array, there: Mask) -> Array:
    return np.where(there, 1 / (1 + np.maximum(close - top, 0) / atr), 0.0)
