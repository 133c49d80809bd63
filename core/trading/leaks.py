"""The truncation test: what is known at a candle must be the same when everything after it is removed.

Trap avoided: a test that compares rounded numbers, on which a leak of the last digits passes. Bytes are
compared.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.clock import from_epoch, iso
from core.market.model import LOOK_BACK, Universe
from core.trading.features import FEATURE_NAMES, market_features
from core.units import finite

CHECKS = 120
"""Candles at which the future is removed."""
_PAST = 4 * LOOK_BACK
"""Candles kept before such a candle; a value that differs is tried again with all of them."""

Compute = Callable[[Universe], NDArray[np.float32]]


class Leak(msgspec.Struct, frozen=True, kw_only=True):
    """A number that changes when what comes after it is removed: the first candle it was seen at."""

    feature: str
    symbol: str | None
    candle: str | None
    """Its open time, ISO 8601 UTC."""
    whole: float | None
    """With all data; None where it is no finite number."""
    cut: float | None
    """With the data cut after the candle."""
    count: int
    """Checked values of this feature that differ."""


def feature_leaks(
    universe: Universe,
    compute: Compute = market_features,
    names: Sequence[str] = FEATURE_NAMES,
    *,
    checks: int = CHECKS,
) -> tuple[list[Leak], int]:
    """The leaking features of (S, T, F) = `compute(universe)`, and how many candles were checked."""
    size = len(universe.time)
    whole = compute(universe)
    first = min(LOOK_BACK, size - 1) - 1
    at_candles = np.unique(np.linspace(max(0, first), max(0, size - 2), checks).astype(int)).tolist()
    found: dict[int, list[tuple[int, int, float]]] = {}
    for at in at_candles:
        begin = max(0, at + 1 - _PAST)
        cut = compute(universe.part(begin, at + 1, score_from=min(LOOK_BACK, at + 1 - begin)))[:, -1]
        if begin and different(cut, whole[:, at]).any():
            cut = compute(universe.part(0, at + 1, score_from=LOOK_BACK))[:, -1]
        for symbol, column in np.argwhere(different(cut, whole[:, at])).tolist():
            found.setdefault(column, []).append((at, symbol, float(cut[symbol, column])))
    leaks = []
    for column, places in sorted(found.items()):
        at, symbol, cut_value = places[0]
        leaks.append(
            Leak(
                feature=names[column],
                symbol=universe.symbols[symbol],
                candle=iso(from_epoch(int(universe.time[at]) / 1000)),
                whole=finite(float(whole[symbol, at, column])),
                cut=finite(cut_value),
                count=len(places),
            )
        )
    return leaks, len(at_candles)


def different(one: NDArray[np.generic], other: NDArray[np.generic]) -> NDArray[np.bool_]:
    """Where two arrays of one shape and type differ in any bit; two NaN of the same bits are the same."""
    kind = np.dtype(f"V{one.dtype.itemsize}")
    return np.asarray(np.ascontiguousarray(one).view(kind) != np.ascontiguousarray(other).view(kind))
