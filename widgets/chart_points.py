"""The rows a chart draws: in view, nearest to a step, one column further.

Rows stand in the order in which they were read; a resumed run goes over the same steps again in a new
segment. Trap avoided: a binary search over steps that go back; each segment is searched on its own, and the
newest segment that knows a step answers for it.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Protocol


class Points(Protocol):
    """What a chart draws: `core.telemetry.model.Series` is one."""

    @property
    def timestep(self) -> Sequence[float]: ...
    @property
    def value(self) -> Sequence[float]: ...
    @property
    def segments(self) -> Sequence[int]:
        """The index at which each segment starts; segments are not joined."""

    @property
    def minimum(self) -> float | None:
        """The least finite value."""

    @property
    def maximum(self) -> float | None:
        """The greatest finite value."""


def parts(points: Points, size: int) -> Iterator[tuple[int, int]]:
    """(start, stop) of each segment within the first `size` rows."""
    starts = [start for start in points.segments if start < size] or [0]
    return pairwise([*starts, size])


def rows_in(steps: Sequence[float], start: int, stop: int, view: tuple[float, float]) -> tuple[int, int]:
    """Of the rows `start` to `stop` of one segment those inside `view`."""
    return bisect_left(steps, view[0], start, stop), bisect_right(steps, view[1], start, stop)


def extent(points: Points) -> tuple[float, float]:
    """The least and the greatest step over all segments; at least one row must be there."""
    found = list(parts(points, len(points.value)))
    steps = points.timestep
    return min(steps[start] for start, _ in found), max(steps[stop - 1] for _, stop in found)


def gap(points: Points) -> float:
    """The distance of the first two rows; 0 where there is none."""
    return max(0.0, points.timestep[1] - points.timestep[0]) if len(points.value) > 1 else 0.0


def values_in(points: Points, view: tuple[float, float]) -> list[float]:
    """The finite values of the rows whose steps lie in `view`."""
    found: list[float] = []
    for start, stop in parts(points, len(points.value)):
        first, last = rows_in(points.timestep, start, stop, view)
        found += filter(math.isfinite, points.value[first:last])
    return found


def nearest_row(points: Points, step: float) -> int | None:
    """The row nearest to `step`; of equally near ones that of the newest segment. None without rows."""
    best: int | None = None
    steps = points.timestep
    for start, stop in parts(points, len(points.value)):
        place = bisect_right(steps, step, start, stop)
        for index in (place - 1, place):
            if start <= index < stop and (
                best is None or abs(steps[index] - step) <= abs(steps[best] - step)
            ):
                best = index
    return best


def step_beside(points: Points, low: float, high: float, by: int) -> float | None:
    """The step of the next row at or past `high` (`by` > 0), or of the last one before `low`; None at the
    end of the rows."""
    steps = points.timestep
    found: float | None = None
    for start, stop in parts(points, len(points.value)):
        index = bisect_left(steps, high, start, stop) if by > 0 else bisect_left(steps, low, start, stop) - 1
        if start <= index < stop:
            step = steps[index]
            if found is None or (step < found if by > 0 else step > found):
                found = step
    return found
