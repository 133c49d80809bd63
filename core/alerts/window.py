"""Sliding windows over one series: least-squares slope, total rise, change of the mean.

Each row costs the same whatever the window's length, and the result depends on the rows of the segment alone,
not on how they arrived. Trap avoided: a sum of squares of large steps that drifts; sums count from the
window's own start and are made afresh as it moves.
"""

from __future__ import annotations

from collections import deque

MIN_ROWS = 4


class SlopeWindow:
    """Slope per step over the shortest stretch of at least `steps` steps and four rows.

    Ordinary least squares: Σ(x−x̄)(y−ȳ) / Σ(x−x̄)².
    """

    def __init__(self, steps: float) -> None:
        self._steps = steps
        self.reset()

    def reset(self) -> None:
        self._points: deque[tuple[float, float]] = deque()
        self._dropped = 0
        self._origin = (0.0, 0.0)
        self._clear_sums()

    def add(self, timestep: float, value: float) -> float | None:
        """The slope with this row, or None while the window is not full. `value` is finite."""
        points = self._points
        points.append((timestep, value))
        if len(points) == 1:
            self._origin = points[0]
        x, y = timestep - self._origin[0], value - self._origin[1]
        self._x += x
        self._y += y
        self._xx += x * x
        self._xy += x * y
        edge = timestep - self._steps
        while len(points) > MIN_ROWS and points[1][0] <= edge:
            old, value = points.popleft()
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
        self._origin = first, level = self._points[0]
        self._clear_sums()
        for timestep, value in self._points:
            x, y = timestep - first, value - level
            self._x += x
            self._y += y
            self._xx += x * x
            self._xy += x * y

    def _clear_sums(self) -> None:
        self._x = self._y = self._xx = self._xy = 0.0


class RiseWindow:
    """Newest value minus the one `steps` steps before it (the newest row at least so far back)."""

    def __init__(self, steps: float) -> None:
        self._steps = steps
        self.reset()

    def reset(self) -> None:
        self._points: deque[tuple[float, float]] = deque()

    def add(self, timestep: float, value: float) -> float | None:
        points = self._points
        points.append((timestep, value))
        while len(points) > 1 and points[1][0] <= timestep - self._steps:
            points.popleft()
        return value - points[0][1] if timestep - points[0][0] >= self._steps else None


class FlatWindow:
    """How far the mean of the newer half of the last `seconds` lies from the mean of the older half."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.reset()

    def reset(self) -> None:
        self._old: deque[tuple[float, float]] = deque()
        self._new: deque[tuple[float, float]] = deque()
        self._full = False

    def add(self, time: float, value: float) -> float | None:
        """`time` in epoch seconds; a clock that goes back starts the window afresh."""
        newest = self._new[-1][0] if self._new else None
        if newest is not None and time < newest:
            self.reset()
        self._new.append((time, value))
        while self._new[0][0] < time - self._seconds / 2:
            self._old.append(self._new.popleft())
        while self._old and self._old[0][0] < time - self._seconds:
            self._old.popleft()
            self._full = True
        if not (self._full or (self._old and time - self._old[0][0] >= self._seconds)):
            return None
        if len(self._old) < 2 or len(self._new) < 2:
            return None
        return abs(_mean(self._new) - _mean(self._old))


def _mean(points: deque[tuple[float, float]]) -> float:
    return sum(value for _, value in points) / len(points)
