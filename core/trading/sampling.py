"""Where training episodes begin: a random symbol and a random start inside the scored range."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.errors import UsageError
from core.market.model import LOOK_BACK, Universe


class EpisodeSampler:
    """Draws (symbol, start) so that an episode of `candles` lies in the range where its symbol is scored."""

    candles: int
    """The wanted length, or less where the data are shorter; every symbol that has at least half of the
    longest range takes part."""

    def __init__(self, universe: Universe, wanted: int) -> None:
        """Raises UsageError where no symbol has a scored candle."""
        there = ~np.isnan(universe.close)
        size = there.shape[1]
        first = np.where(there.any(axis=1), there.argmax(axis=1), size)
        end = np.where(there.any(axis=1), size - there[:, ::-1].argmax(axis=1), 0)
        self._first = np.maximum(first + LOOK_BACK, universe.score_from)
        self._end = end
        ranges = self._end - self._first
        longest = int(ranges.max(initial=0))
        if longest < 1:
            raise UsageError(
                f"{size} candles leave none to trade after {universe.score_from} of warm-up",
                hint="More candles are needed.",
            )
        self._wanted = wanted
        self.candles = min(wanted, int(ranges[ranges >= longest / 2].min()))
        self._usable = np.flatnonzero(ranges >= self.candles)

    @property
    def warning(self) -> str | None:
        """What to say where the data shorten the episode; None where they do not."""
        if self.candles == self._wanted:
            return None
        return f"episodes have {self.candles} candles instead of {self._wanted}: the data are no longer"

    def draw(self, random: np.random.Generator, count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """`count` symbols and starts, each (count,)."""
        symbol = self._usable[random.integers(0, len(self._usable), count)]
        start = random.integers(self._first[symbol], self._end[symbol] - self.candles + 1)
        return symbol, start
