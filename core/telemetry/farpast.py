"""The far past of one metric on its way into its series: of each full bucket of rows only the extremes.

Owns the rows that wait for their bucket to be full, in plain lists. Traps avoided: a million rows that pass
through the series' arrays one piece at a time, only to be deleted again; a look at a series that lacks the
rows which wait here (`close` gives them back, before anybody looks).
"""

from __future__ import annotations

import math
from array import array

from core.telemetry.series import Series


class FarPast:
    """Adds rows to `series` and keeps of them what `Series.reduced` would. From `opened` until `close` the
    series lacks the newest rows, and points of it go: nobody else may look at it."""

    @classmethod
    def opened(cls, series: Series) -> FarPast | None:
        """None where its exact rows cannot be reduced in passing: they begin within a bucket, a segment
        begins among them, one is not finite, or knows its time."""
        begin = series.exact_from
        newest = series.segments[-1] if series.segments else 0
        if newest > begin or (newest < begin and series.row_of(begin) % series.stride):
            return None
        if not math.isfinite(sum(series.value[begin:])) or not all(map(math.isnan, series.time[begin:])):
            return None
        return cls(series)

    def __init__(self, series: Series) -> None:
        """Use `opened`."""
        begin = series.exact_from
        self.series = series
        self._row = series.row_of(begin)
        """Number of the first waiting row."""
        self._opens = bool(series.segments) and series.segments[-1] == begin
        """It opens a segment."""
        self._last = series.timestep[-1] if series.timestep else -math.inf
        self._steps, self._values = series.cut_exact()

    def add(self, timesteps: list[float], values: list[float]) -> bool:
        """Add rows whose timesteps rise and whose values are finite; False, and nothing is added, where they
        go back behind the rows before them."""
        if timesteps[0] < self._last:
            return False
        if not self.series.segments:
            self.series.open_segment(0)
            self._opens = True
        self._last = timesteps[-1]
        self._steps += timesteps
        self._values += values
        stride = self.series.stride
        if len(self._values) > stride - self._row % stride:
            self._reduce(stride)
        return True

    def close(self) -> Series:
        """The series with every row, the waiting ones whole."""
        self.series.append_exact(self._row, self._steps, self._values)
        self._steps, self._values = [], []
        return self.series

    def _reduce(self, stride: int) -> None:
        """Give the extremes of each full bucket to the series; the newest row waits, it may end a segment."""
        waiting = self._values
        places = [0] if self._opens else []
        begin, end = 0, stride - self._row % stride
        while end < len(waiting):
            part = waiting[begin:end]
            low, high = begin + part.index(min(part)), begin + part.index(max(part))
            places += (low, high) if low < high else (high, low)
            begin, end = end, end + stride
        places = list(dict.fromkeys(places))
        self.series.append_reduced(
            array("q", [self._row + place for place in places]),
            [self._steps[place] for place in places],
            [waiting[place] for place in places],
        )
        self._row += begin
        self._opens = False
        del self._steps[:begin], waiting[:begin]
