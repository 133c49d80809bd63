"""When a timestep was reached, for rows that carry no time of their own.

Filled from TensorBoard's wall times, from the log's `Step n/m` lines and from elapsed seconds. Trap avoided:
taking one run's two passes over the same steps (a resume) for one; segments are matched from the newest back.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from core.telemetry.model import Series

_MAX_SEGMENTS = 64
_FILL_ROWS = 50_000
_RETRY_ROWS = 64


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

    def add(self, step: float, time: float) -> None:
        """Add a point; a step below the last one opens a segment, an equal one is nothing new."""
        if not math.isfinite(time):
            return
        if not self._segments or step < self._segments[-1][0][-1]:
            self._segments.append((array("d"), array("d")))
            del self._segments[:-_MAX_SEGMENTS]
        steps, times = self._segments[-1]
        if not steps or step > steps[-1]:
            steps.append(step)
            times.append(time)

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
    """Give the rows from `start` on that have no time (and the 64 before) the first clock's that knows it.

    At most the newest 50,000 rows: older ones keep nan.
    """
    usable = [clock for clock in clocks if clock]
    if not usable:
        return
    end = len(series)
    for index in range(max(0, start - _RETRY_ROWS, end - _FILL_ROWS), end):
        if not math.isnan(series.time[index]):
            continue
        back = len(series.segments) - bisect_right(series.segments, index)
        for clock in usable:
            time = clock.at(series.timestep[index], back)
            if not math.isnan(time):
                series.time[index] = time
                break
