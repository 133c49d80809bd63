"""Sliding windows over one series: least-squares slope, total rise, change of the mean.

A window spans steps or seconds. Each row costs the same whatever its length, and the result depends on the
rows of the segment alone, not on how they arrived. Trap avoided: a sum of squares of large steps that drifts;
sums count from the window's own start and are made afresh as it moves.
"""

from __future__ import annotations

import math
from collections import deque

MIN_ROWS = 4


class SlopeWindow:
    """Slope per step over the shortest stretch of at least `span` and four rows.

    Ordinary least squares: Σ(x−x̄)(y−ȳ) / Σ(x−x̄)², x in steps. `by_time`: `span` is in seconds.
    """

    def __init__(self, span: float, *, by_time: bool = False) -> None:
        self._span = span
        self._by_time = by_time
        self.reset()

    def reset(self) -> None:
        self._points: deque[tuple[float, float, float]] = deque()
        self._dropped = 0
        self._origin = (0.0, 0.0)
        self._clear_sums()

    def add(self, timestep: float, value: float, time: float | None = None) -> float | None:
        """The slope with this row, or None while the window is not full. `value` is finite."""
        points = self._points
        at = timestep
        if self._by_time:
            if time is None or not math.isfinite(time):
                return None
            at = time
            if points and at < points[-1][0]:
                self.reset()
                points = self._points
        points.append((at, timestep, value))
        if len(points) == 1:
            self._origin = timestep, value
        x, y = timestep - self._origin[0], value - self._origin[1]
        self._x += x
        self._y += y
        self._xx += x * x
        self._xy += x * y
        edge = at - self._span
        while len(points) > MIN_ROWS and points[1][0] <= edge:
            _, old, value = points.popleft()
            x, y = old - self._origin[0], value - self._origin[1]
            self._x -= x
            self._y -= y
            self._xx -= x * x
            self._xy -= x * y
            self._dropped += 1
        n = len(points)
        if self._dropped >= n:
            self._start_afresh()
        if n < MIN_ROWS or points[0][0] > edge:
            return None
        spread = self._xx - self._x * self._x / n
        return (self._xy - self._x * self._y / n) / spread if spread > 0 else None

    def _start_afresh(self) -> None:
        self._dropped = 0
        _, first, level = self._points[0]
        self._origin = first, level
        self._clear_sums()
        for _, timestep, value in self._points:
            x, y = timestep - first, value - level
            self._x += x
            self._y += y
            self._xx += x * x
            self._xy += x * y

    def _clear_sums(self) -> None:
        self._x = self._y = self._xx = self._xy = 0.0


class RiseWindow:
    """Newest value minus the one `span` before it (the newest row at least so far back)."""

    def __init__(self, span: float, *, by_time: bool = False) -> None:
        self._span = span
        self._by_time = by_time
        self.reset()

    def reset(self) -> None:
        self._points: deque[tuple[float, float]] = deque()

    def add(self, timestep: float, value: float, time: float | None = None) -> float | None:
        points = self._points
        at = timestep
        if self._by_time:
            if time is None or not math.isfinite(time):
                return None
            at = time
            if points and at < points[-1][0]:
                points.clear()
        points.append((at, value))
        while len(points) > 1 and points[1][0] <= at - self._span:
            points.popleft()
        return value - points[0][1] if at - points[0][0] >= self._span else None


class FlatWindow:
    """How far the mean of the newer half of the last `span` seconds lies from that of the older half, in
    standard deviations of the whole window: 0 for a line that only wobbles, 1.7 for one that only rises.

    A window without any scatter gives 0.
    """

    def __init__(self, span: float) -> None:
        self._span = span
        self.reset()

    def reset(self) -> None:
        self._old: deque[tuple[float, float]] = deque()
        self._new: deque[tuple[float, float]] = deque()
        self._full = False
        self._level = 0.0
        self._dropped = 0
        self._sums = [0.0, 0.0, 0.0]

    def add(self, timestep: float, value: float, time: float | None = None) -> float | None:
        """`time` in epoch seconds; a clock that goes back starts the window afresh."""
        if time is None or not math.isfinite(time):
            return None
        if self._new and time < self._new[-1][0]:
            self.reset()
        if not self._new:
            self._level = value
        sums, level = self._sums, self._level
        self._new.append((time, value))
        sums[1] += value - level
        sums[2] += (value - level) ** 2
        while self._new[0][0] < time - self._span / 2:
            moved = self._new.popleft()
            self._old.append(moved)
            sums[1] -= moved[1] - level
            sums[0] += moved[1] - level
        while self._old and self._old[0][0] < time - self._span:
            _, gone = self._old.popleft()
            sums[0] -= gone - level
            sums[2] -= (gone - level) ** 2
            self._dropped += 1
            self._full = True
        if self._dropped > len(self._old) + len(self._new):
            self._start_afresh()
        old, new = len(self._old), len(self._new)
        if not (self._full or (old and time - self._old[0][0] >= self._span)) or old < 2 or new < 2:
            return None
        return self._change(old, new)

    def _change(self, old: int, new: int) -> float:
        sums, rows = self._sums, old + new
        mean = (sums[0] + sums[1]) / rows
        variance = sums[2] / rows - mean * mean
        change = abs(sums[1] / new - sums[0] / old)
        noise = 1e-12 * max(abs(self._level), abs(mean), 1e-300)
        if change <= noise or variance <= noise * noise:
            return 0.0
        return change / math.sqrt(variance)

    def _start_afresh(self) -> None:
        self._dropped = 0
        self._level = level = self._new[0][1]
        self._sums = [
            sum(value - level for _, value in self._old),
            sum(value - level for _, value in self._new),
            sum((value - level) ** 2 for half in (self._old, self._new) for _, value in half),
        ]
