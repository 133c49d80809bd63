"""Which source rules which metric, so that a value that stands in two files is one point; and how much of a
long series is kept.

The ranks, best first: our own CSVs, another CSV, `progress.csv`, `progress.json`, TensorBoard, `monitor.csv`.
Trap avoided: points doubled because a trainer logs to CSV and TensorBoard at once.
"""

from __future__ import annotations

import math
from array import array
from enum import IntEnum
from typing import Protocol

from core.telemetry.farpast import FarPast
from core.telemetry.metrics import METRICS
from core.telemetry.model import Run
from core.telemetry.series import BUCKETS, EXACT_ROWS, FULL_POINTS, Series

_FULL_SIZE = 16
"""So many series are kept at their full caps; more of them share as many points."""
MAX_SERIES = 256
"""Metrics of one run; further columns that the table does not know are left out."""


class Rank(IntEnum):
    """Lower rules."""

    DASHBOARD = 0
    METRICS = 1
    EVALUATIONS = 2
    CSV = 3
    PROGRESS = 4
    PROGRESS_JSON = 5
    TENSORBOARD = 6
    MONITOR = 7


class Ruler(Protocol):
    rank: Rank


class Ledger:
    """The series of one run and the source that rules each."""

    def __init__(self, run: Run, only: frozenset[str] | None = None, stride: int = 1) -> None:
        """`only`: the metrics that are kept; None: all. `stride`: how wide the buckets of a reduced past are
        at first, where many rows are expected."""
        self.run = run
        self._only = only
        self._stride = stride
        self._rulers: dict[str, Ruler] = {}
        self._settled: set[str] = set()
        self.condensing = False
        """The rows that come now are of the far past, and nobody looks at the series yet."""
        self._past: dict[str, FarPast] = {}
        """The metrics whose newest rows wait there; see `close_past`."""

    def begin(self) -> None:
        """A new poll. Rows of the polls before may now be reduced, those of this one stay whole until the
        next, so that who looks after every poll sees every row."""
        self._settled = set(self._rulers)

    def series(self, ruler: Ruler, name: str) -> Series | None:
        """The series to write to; None when a better source rules the metric.

        A better source that comes later takes the metric over with a new series.
        """
        self._close_past(name)
        current = self._rulers.get(name)
        if current is ruler:
            return self._with_room(name)
        if self._only is not None and name not in self._only:
            return None
        if current is None and name not in METRICS and len(self._rulers) >= MAX_SERIES:
            return None
        if current is not None and current.rank <= ruler.rank:
            return None
        self._rulers[name] = ruler
        series = Series(name)
        series.stride = self._stride
        return self._put(series)

    def extend(
        self,
        ruler: Ruler,
        name: str,
        timesteps: list[float],
        values: list[float],
        *,
        rising: bool,
        finite: bool,
    ) -> None:
        """Add rows without times to the metric, if `ruler` rules it."""
        if rising and finite and self._condensed(ruler, name, timesteps, values):
            return
        series = self.series(ruler, name)
        if series is not None:
            times = array("d", (math.nan,)) * len(values)
            series.extend(timesteps, values, times, rising=rising, finite=finite)

    def close_past(self) -> None:
        """Every row that was added stands in its series; to be called before anybody looks at one."""
        for name in tuple(self._past):
            self._close_past(name)

    def start_over(self, ruler: Ruler, name: str, rows: int) -> None:
        """Keep only the first `rows` rows of a metric that `ruler` rules: a new object, so that a reader of
        the old one is not disturbed."""
        self._close_past(name)
        if self._rulers.get(name) is ruler:
            self._put(self.run.series[name].first(rows))

    def lengths(self, ruler: Ruler) -> dict[str, int]:
        """Rows of each metric that `ruler` rules."""
        self.close_past()
        return {name: self.run.series[name].rows for name in self.ruled(ruler)}

    def ruled(self, ruler: Ruler) -> tuple[str, ...]:
        return tuple(name for name, current in self._rulers.items() if current is ruler)

    def _condensed(self, ruler: Ruler, name: str, timesteps: list[float], values: list[float]) -> bool:
        """Add rows of the far past, of which the extremes alone are kept; False where they cannot be."""
        if not self.condensing or self._rulers.get(name) is not ruler or self.run.series[name].stride == 1:
            return False
        series, past = self.run.series[name], self._past.get(name)
        full = len(series) > 3 * BUCKETS  # more rows than were expected, or many segments
        if past is None or full:
            self._close_past(name)
            past = None if full else FarPast.opened(series)
            exact = 1 if full else (series.rows - 1) % series.stride + 1  # the newest bucket stays whole
            past = past or FarPast.opened(self._put(series.reduced(exact)))
            if past is None:
                return False
            self._past[name] = past
        return past.add(timesteps, values)

    def _close_past(self, name: str) -> None:
        past = self._past.pop(name, None)
        if past is not None:
            past.close()

    def _with_room(self, name: str) -> Series:
        """The series, its past reduced when it grew past its cap before this poll."""
        series = self.run.series[name]
        if name not in self._settled:
            return series
        self._settled.discard(name)
        share = max(1, -(-len(self._rulers) // _FULL_SIZE))
        if len(series) - series.exact_from <= FULL_POINTS // share:
            return series
        return self._put(series.reduced(EXACT_ROWS // share, BUCKETS // share))

    def _put(self, series: Series) -> Series:
        # A new dictionary, so that another thread never iterates over one that changes size.
        self.run.series = {**self.run.series, series.name: series}
        return series
