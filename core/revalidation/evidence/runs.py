"""Longest losing runs of many resampled histories at once, candle by candle.

The trades of one stream that close in one candle are a piece of history: so many losses at its beginning, at
its end, in a row inside it, and whether it is nothing but losses. A piece joins what came before in constant
time, so no history is ever written out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.backtest import metrics as m
from core.revalidation.evidence.sample import Integers, Sample

Statistic = Literal["median", "worst", "pooled"]


@dataclass(frozen=True, slots=True)
class _Pieces:
    """Sorted by candle. `first` (candles,) and `number` (candles,) find a candle's; the rest is (pieces,)."""

    first: Integers
    number: Integers
    stream: Integers
    trades: Integers
    begins: Integers
    ends: Integers
    inside: Integers
    only_losses: Integers


class LosingRuns:
    """Feed it each candle's index (draws, E); then ask for the statistic."""

    def __init__(
        self, sample: Sample, outcome: NDArray[np.int8], draws: int, statistic: Statistic, least: int
    ) -> None:
        episodes, candles = sample.returns.shape
        self._statistic = statistic
        self._least = least
        pooled = statistic == "pooled"
        self._streams = 1 if pooled else sample.streams
        stream = np.zeros_like(sample.stream) if pooled else sample.stream
        self._pieces = _cut(sample.candle, stream, outcome, episodes * candles)
        self._shape = (draws, episodes, self._streams)
        size = draws * episodes * self._streams
        self._now = np.zeros(size, np.int64)
        self._longest = np.zeros(size, np.int64)
        self._count = np.zeros(size, np.int64)
        self._head = np.zeros(size, np.int64)
        self._only_losses = np.ones(size, np.int64)

    def add(self, index: Integers) -> None:
        """The next candle of every resampled episode."""
        pieces, source = self._pieces, index.reshape(-1)
        number = pieces.number.take(source)
        rows = np.repeat(np.arange(len(source)), number)
        if not len(rows):
            return
        # Pieces of one candle stand beside each other: the first one's place and a running count.
        skipped = pieces.first.take(source) - (np.cumsum(number) - number)
        piece = skipped.take(rows) + np.arange(len(rows))
        cell = rows * self._streams + pieces.stream.take(piece)
        now, only = self._now.take(cell), pieces.only_losses.take(piece)
        begun = now + pieces.begins.take(piece)
        longest = np.maximum(self._longest.take(cell), pieces.inside.take(piece))
        self._longest[cell] = np.maximum(longest, begun)
        self._now[cell] = now * only + pieces.ends.take(piece)
        self._count[cell] += pieces.trades.take(piece)
        if self._statistic == "pooled":
            before = self._only_losses.take(cell)
            self._head[cell] = np.where(before > 0, begun, self._head.take(cell))
            self._only_losses[cell] = before * only

    def values(self) -> m.Floats:
        """(draws,) the statistic of each draw; NaN where no stream has enough trades."""
        longest, count = self._longest.reshape(self._shape), self._count.reshape(self._shape)
        if self._statistic == "median":
            draws = self._shape[0]
            return _median(longest.reshape(draws, -1), count.reshape(draws, -1) >= self._least)
        traded = count.any(axis=(1, 2))
        worst = longest.max(axis=(1, 2)) if self._statistic == "worst" else self._joined(longest)
        return np.where(traded, worst, np.nan)

    def _joined(self, longest: Integers) -> Integers:
        """The longest run with the episodes joined in time order: it may span them."""
        now, head, only = (
            values.reshape(self._shape)[:, :, 0] for values in (self._now, self._head, self._only_losses)
        )
        best: Integers = longest[:, :, 0].max(axis=1)
        run = now[:, 0]
        for episode in range(1, self._shape[1]):
            best = np.maximum(best, run + head[:, episode])
            run = run * only[:, episode] + now[:, episode]
        return best


def _median(longest: Integers, counted: NDArray[np.bool_]) -> m.Floats:
    """Per row the median of the counted values; NaN without one."""
    values = np.sort(np.where(counted, longest, np.inf), axis=1)
    number = counted.sum(axis=1)
    rows = np.arange(len(values))
    low = values[rows, np.maximum(number - 1, 0) // 2]
    high = values[rows, np.minimum(number // 2, values.shape[1] - 1)]
    return np.where(number > 0, 0.5 * (low + high), np.nan)


def _cut(candle: Integers, stream: Integers, outcome: NDArray[np.int8], candles: int) -> _Pieces:
    """The pieces of n trades in exit order."""
    order = np.lexsort((stream, candle))  # stable: within a piece the order of the exits stays
    candle, stream, lost = candle[order], stream[order], outcome[order] < 0
    opens = np.ones(len(order), np.bool_)
    opens[1:] = (candle[1:] != candle[:-1]) | (stream[1:] != stream[:-1])
    first = np.flatnonzero(opens)
    trades = np.diff(np.append(first, len(order)))
    begins, ends, inside = (lost[first].astype(np.int64) for _ in range(3))
    for piece in np.flatnonzero(trades > 1):
        run = lost[first[piece] : first[piece] + trades[piece]]
        begins[piece] = run.size if run.all() else run.argmin()
        ends[piece] = run.size if run.all() else run[::-1].argmin()
        inside[piece] = m.longest_losing_run(np.where(run, -1, 1).astype(np.int8))
    number = np.bincount(candle[first], minlength=candles)
    return _Pieces(
        first=np.cumsum(number) - number,
        number=number,
        stream=stream[first],
        trades=trades,
        begins=begins,
        ends=ends,
        inside=inside,
        only_losses=(begins == trades).astype(np.int64),
    )
