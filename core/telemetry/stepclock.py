"""When a timestep was reached, for rows that carry no time of their own.

Filled from TensorBoard's wall times, from the log's `Step n/m` lines and from elapsed seconds. Traps avoided:
taking one run's two passes over the same steps (a resume) for one (segments are matched from the newest
back); a point for each of a million rows (every other point of a long segment goes, times lie on the line
between those that stay).
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from core.clock import believable
from core.telemetry.model import Series

_MAX_SEGMENTS = 64
_FILL_ROWS = 50_000
_RETRY_ROWS = 64
_MAX_POINTS = 32_768
"""Of a segment; then the older half keeps every other one."""


class StepClock:
    """Points (timestep, epoch seconds) in segments of rising timesteps."""

    def __init__(self) -> None:
        self._segments: list[tuple[array[float], array[float]]] = []

    def __bool__(self) -> bool:
        return bool(self._segments)

    @property
    def last(self) -> float | None:
        """The time of the newest point."""
        return self._segments[-1][1][-1] if self._segments else None

    def points(self) -> list[tuple[float, float]]:
        """Every point, in order."""
        return [point for steps, times in self._segments for point in zip(steps, times, strict=True)]

    def add(self, step: float, time: float) -> None:
        """Add a point, unless its time cannot be; a step below the last one opens a segment, an equal one is
        nothing new."""
        if math.isnan(believable(time)):
            return
        if not self._segments or step < self._segments[-1][0][-1]:
            self._segments.append((array("d"), array("d")))
            del self._segments[:-_MAX_SEGMENTS]
        steps, times = self._segments[-1]
        if not steps or step > steps[-1]:
            steps.append(step)
            times.append(time)
        if len(steps) > _MAX_POINTS:
            half = _MAX_POINTS // 2
            for column in (steps, times):
                del column[1:half:2]

    def span(self, segments_back: int) -> tuple[float, float] | None:
        """The first and last step of the n-th newest segment."""
        if segments_back >= len(self._segments):
            return None
        steps = self._segments[-1 - segments_back][0]
        return steps[0], steps[-1]

    def at(self, step: float, segments_back: int = 0) -> float:
        """The time of `step` in the n-th newest segment: exact, or on the line between its two neighbours;
        nan outside the segment."""
        if segments_back >= len(self._segments):
            return math.nan
        steps, times = self._segments[-1 - segments_back]
        place = bisect_left(steps, step)
        if place == len(steps):
            return math.nan
        if steps[place] == step:
            return times[place]
        if place == 0:
            return math.nan
        share = (step - steps[place - 1]) / (steps[place] - steps[place - 1])
        return times[place - 1] + share * (times[place] - times[place - 1])


def fill_times(series: Series, start: int, clocks: Sequence[StepClock]) -> None:
    """Give the points from index `start` on that have no time (and the 64 before) the first clock's that
    knows it. At most the newest 50,000 points: older ones keep nan.
    """
    end = len(series)
    begin = max(0, start - _RETRY_ROWS, end - _FILL_ROWS)
    for clock in clocks:
        if not clock:
            continue
        for first, last, back in _segments(series, begin, end):
            span = clock.span(back)
            if span is None:
                continue
            low = bisect_left(series.timestep, span[0], first, last)
            high = bisect_right(series.timestep, span[1], low, last)
            for index in range(low, high):
                if math.isnan(series.time[index]):
                    series.time[index] = clock.at(series.timestep[index], back)


def _segments(series: Series, begin: int, end: int) -> list[tuple[int, int, int]]:
    """(first index, end, how many segments are newer) of each segment with points from `begin` on."""
    count = len(series.segments)
    place = max(0, bisect_right(series.segments, begin) - 1)
    return [
        (
            max(begin, series.segments[each]),
            series.segments[each + 1] if each + 1 < count else end,
            count - 1 - each,
        )
        for each in range(place, count)
    ]
