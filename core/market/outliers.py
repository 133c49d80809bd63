"""Single prices that stand away from the candles on both sides: bad ticks, or a moment worth looking at.

A candle's close, high and low are compared with the median close of the `_NEAR` candles on either side, in
units of what the closes around usually move. A new price level is its own neighbours' median and is no
outlier; a spike that is gone with the next candles is. Traps avoided: a threshold in percent, which calls
every candle of a wild coin an outlier and none of a quiet one; a measure that the outlier itself inflates.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.market.model import Candles, FloatArray

LIMIT = 25.0
"""Usual moves. Two of the 29,754 candles of six real pairs lie beyond it."""
_NEAR = 5
_AROUND = 100
_LEAST = 60
_CHUNK = 20_000


@dataclass(frozen=True, slots=True)
class Outlier:
    """The farthest price of a candle (close, high or low), its distance in usual moves and percent."""

    row: int
    price: str
    moves: float
    percent: float


def outliers(candles: Candles) -> list[Outlier]:
    """Of ordered candles without faults, oldest first; none for fewer than sixty.

    The first and the last five candles lack neighbours on one side: a new level could not be told from a
    spike, and they are not judged.
    """
    if len(candles) < _LEAST:
        return []
    close = np.log(candles.close)
    middle = _median(close, _NEAR)
    usual = _usual_move(close)
    found: dict[int, Outlier] = {}
    for name in ("close", "high", "low"):
        away = np.log(getattr(candles, name)) - middle
        moves = np.abs(away) / usual
        moves[:_NEAR] = moves[-_NEAR:] = 0.0
        for row in np.flatnonzero(moves > LIMIT).tolist():
            here = Outlier(row, name, float(moves[row]), 100 * float(np.expm1(away[row])))
            if row not in found or here.moves > found[row].moves:
                found[row] = here
    return [found[row] for row in sorted(found)]


def _usual_move(close: FloatArray) -> FloatArray:
    """(n,) the median absolute move of the candles around, never less than the mean one of the whole file's
    middle nine tenths: in a market that mostly stands still the median would be nothing."""
    moves = np.abs(np.diff(close, prepend=close[0]))
    usual = np.sort(moves)[: max(1, int(0.95 * len(moves)))].mean()
    return np.asarray(np.maximum(_median(moves, _AROUND), max(float(usual), 1e-9)))


def _median(values: FloatArray, side: int) -> FloatArray:
    """Median of the values up to `side` places away; beyond the ends stand the first and the last."""
    padded = np.pad(values, side, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * side + 1)
    parts = [np.median(windows[at : at + _CHUNK], axis=1) for at in range(0, len(values), _CHUNK)]
    return np.concatenate(parts)
