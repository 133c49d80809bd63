"""Candles as values: one symbol's, and a universe of symbols on one time axis.

Times are the candles' open times, int64 milliseconds since 1970, UTC. Prices are float64.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

LOOK_BACK = 48
"""Candles that stand before the first one that can be scored: what a feature may read, its own included."""

_PLANES = ("open", "high", "low", "close", "volume", "funding", "side")


@dataclass(frozen=True, slots=True)
class Candles:
    """One symbol's candles, as read: not yet checked, in file order. All arrays have shape (n,)."""

    symbol: str
    time: NDArray[np.int64]
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray

    def __len__(self) -> int:
        return len(self.time)


@dataclass(frozen=True, slots=True)
class Universe:
    """S symbols on one regular axis of T candles, symbols sorted by name.

    A candle a symbol lacks is NaN in all five fields. `score_from` is the index of the first candle that may
    be scored: the ones before it are warm-up for the features.
    """

    symbols: tuple[str, ...]
    step_ms: int
    """The timeframe."""
    time: NDArray[np.int64]  # (T,)
    open: FloatArray  # (S, T), so are the next four
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray
    score_from: int
    synthetic: bool = False
    warnings: tuple[str, ...] = ()
    funding: FloatArray | None = None
    """(S, T) the funding that falls due in a candle or at its close: the share of notional that longs pay to
    shorts. None without any."""
    side: FloatArray | None = None
    """(S, T, 6) the newest side values known at a candle's close, in the order of `core.market.side.NAMES`;
    NaN where there is none, None without side data."""

    @property
    def periods_per_year(self) -> float:
        """365 days of 24 hours: 2190 for 4 h."""
        return 365 * 86_400_000 / self.step_ms

    def of_symbols(self, chosen: slice) -> Universe:
        """Some neighbouring symbols alone."""
        return replace(self, symbols=self.symbols[chosen], **self._planes(chosen))

    def part(self, begin: int, end: int, *, score_from: int) -> Universe:
        """Candles begin … end−1; `score_from` counts from `begin`."""
        cut = slice(begin, end)
        return replace(self, time=self.time[cut], score_from=score_from, **self._planes((slice(None), cut)))

    def _planes(self, cut: slice | tuple[slice, slice]) -> dict[str, Any]:
        found = {name: getattr(self, name) for name in _PLANES}
        return {name: None if plane is None else plane[cut] for name, plane in found.items()}
