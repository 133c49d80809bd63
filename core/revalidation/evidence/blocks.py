"""The stationary bootstrap's index: which candle stands where in a resampled history.

Politis and Romano (1994): blocks of random length, geometric with a mean of `MEAN_BLOCK` candles, begin at a
candle drawn from all episodes with equal chance. A block never leaves its episode: at the episode's last
candle it goes on with the first, so every candle is drawn equally often. Every resampled episode begins a new
block. Trap avoided: single candles drawn, which loses the clusters that make drawdowns and losing runs.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

MEAN_BLOCK = 12
"""Candles."""
_CHUNK = 64
"""Candles whose random numbers are drawn at once."""


def block_index(
    random: np.random.Generator, *, draws: int, episodes: int, candles: int, mean_block: float = MEAN_BLOCK
) -> Iterator[NDArray[np.int64]]:
    """For each of the N candles of a resampled episode: (draws, E) source candles, episode · N + candle."""
    shape = (draws, episodes)
    following = np.arange(1, episodes * candles + 1)
    following[candles - 1 :: candles] -= candles
    index = np.zeros(shape, np.int64)
    for first in range(0, candles, _CHUNK):
        size = min(_CHUNK, candles - first)
        begins = random.random((size, *shape), dtype=np.float32) < 1.0 / mean_block
        begins[0] |= first == 0
        starts = random.integers(0, episodes * candles, int(begins.sum()))
        used = 0
        for begin in begins:
            index = following.take(index)
            count = int(begin.sum())
            index[begin] = starts[used : used + count]
            used += count
            yield index
