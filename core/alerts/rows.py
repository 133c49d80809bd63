"""The new rows of a run for the rules of one family, in the order of their steps.

Keeps a place in each series, by row number since a long series reduces its past, and hands out each row once;
rows of one step in several series come as one. Trap avoided: a series that was read again from its start (a
file rewritten in place) counted as new rows; the place is checked against the row before it.
"""

from __future__ import annotations

import heapq
import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from core.telemetry.model import Run, Series


@dataclass(slots=True)
class Row:
    segment: int
    timestep: float
    time: float | None
    """Epoch seconds, where the source has them."""
    values: dict[str, float]
    """By metric; nan and inf stay."""


@dataclass(slots=True)
class _Place:
    series: Series
    row: int = 0
    """The number of the next row."""
    last: tuple[float, float] = (math.nan, math.nan)
    """Timestep and value of the row before it."""


class RowStream:
    """A place in each of the given metrics' series."""

    def __init__(self, metrics: Sequence[str]) -> None:
        self._metrics = tuple(metrics)
        self._places: dict[str, _Place] = {}

    @property
    def started(self) -> bool:
        """A row has been handed out."""
        return any(place.row for place in self._places.values())

    def rewound(self, run: Run) -> bool:
        """The rows handed out are no longer what the run holds."""
        return any(self._moved(place, run.series.get(name)) for name, place in self._places.items())

    def restart(self) -> None:
        """The next rows are the first ones."""
        self._places.clear()

    def waiting(self, run: Run) -> bool:
        """There are rows that were not handed out."""
        return any(series.rows > self._place(series).row for series in self._series(run))

    def skip(self, run: Run, find: Callable[[Series, int], int]) -> bool:
        """Pass over rows before the first that `find` finds in any of the series, from its present index on.
        True when there were any."""
        found = [(series, find(series, self._index(series))) for series in self._series(run)]
        if len(found) == 1:
            return self._advance(self._place(found[0][0]), found[0][1])
        loud = [(series, index) for series, index in found if index < len(series)]
        bound = min((_key(series, index) for series, index in loud), default=None)
        passed = [self._advance(self._place(each), _position(each, bound)) for each, _ in found]
        return any(passed)

    def take(self, run: Run, size: int = 64) -> Iterator[Row]:
        """The next rows, merged by segment and timestep, about `size` of each series; call until none is
        waiting."""
        chunks = [(series, self._index(series)) for series in self._series(run)]
        if len(chunks) == 1:
            yield from self._take_alone(*chunks[0], size)
            return
        bound = min(
            (_key(series, start + size) for series, start in chunks if start + size < len(series)),
            default=None,
        )
        ends = [max(start, _position(series, bound)) for series, start in chunks]
        if all(start == end for (_, start), end in zip(chunks, ends, strict=True)):
            ends = [len(series) for series, _ in chunks]
        spans = []
        for (series, start), end in zip(chunks, ends, strict=True):
            self._advance(self._place(series), end)
            spans.append(_rows(series, start, end))
        current: Row | None = None
        at: tuple[int, float, int] | None = None
        for key, name, value, time in heapq.merge(*spans, key=lambda row: row[0]):
            if current is None or at != key:
                if current is not None:
                    yield current
                at = key
                current = Row(key[0], key[1], None, {})
            current.values[name] = value
            if current.time is None and math.isfinite(time):
                current.time = time
        if current is not None:
            yield current

    def _take_alone(self, series: Series, start: int, size: int) -> Iterator[Row]:
        """The next rows of the only series; there is nothing to merge."""
        end = min(len(series), start + size)
        self._advance(self._place(series), end)
        segment = bisect_right(series.segments, start) - 1
        for index in range(start, end):
            if segment + 1 < len(series.segments) and index >= series.segments[segment + 1]:
                segment += 1
            time = series.time[index]
            yield Row(
                segment,
                series.timestep[index],
                time if math.isfinite(time) else None,
                {series.name: series.value[index]},
            )

    def _series(self, run: Run) -> list[Series]:
        return [run.series[name] for name in self._metrics if name in run.series]

    def _place(self, series: Series) -> _Place:
        place = self._places.get(series.name)
        if place is None:
            place = self._places[series.name] = _Place(series)
        return place

    def _index(self, series: Series) -> int:
        """The index of the next row's point."""
        return series.index_of(self._place(series).row)

    @staticmethod
    def _advance(place: _Place, index: int) -> bool:
        """True when the place moved."""
        row = place.series.row_of(index)
        if row <= place.row:
            return False
        place.row = row
        place.last = (place.series.timestep[index - 1], place.series.value[index - 1])
        return True

    @staticmethod
    def _moved(place: _Place, series: Series | None) -> bool:
        if not place.row:
            return series is not place.series
        if series is None or series.rows < place.row:
            return True
        place.series = series
        index = series.index_of(place.row - 1)
        if series.row_of(index) != place.row - 1:  # its point was not kept
            return False
        row = (series.timestep[index], series.value[index])
        return not all(a == b or (a != a and b != b) for a, b in zip(row, place.last, strict=True))


def _rows(series: Series, start: int, end: int) -> Iterator[tuple[tuple[int, float, int], str, float, float]]:
    """(segment, timestep, how many rows of this step came before), name, value, time."""
    repeated = -1
    for index in range(start, end):
        segment, timestep = _key(series, index)
        if repeated < 0:
            repeated = index - _position(series, (segment, timestep))
        elif timestep == series.timestep[index - 1]:
            repeated += 1
        else:
            repeated = 0
        yield (segment, timestep, repeated), series.name, series.value[index], series.time[index]


def _key(series: Series, index: int) -> tuple[int, float]:
    return bisect_right(series.segments, index) - 1, series.timestep[index]


def _position(series: Series, key: tuple[int, float] | None) -> int:
    """The first index at or after `key`; the series' length for None."""
    if key is None or key[0] >= len(series.segments):
        return len(series)
    begin = series.segments[key[0]]
    end = series.segments[key[0] + 1] if key[0] + 1 < len(series.segments) else len(series)
    return bisect_left(series.timestep, key[1], begin, end)
