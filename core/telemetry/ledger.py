"""Which source rules which metric, so that a value that stands in two files is one point.

The ranks, best first: our own CSVs, another CSV, `progress.csv`, `progress.json`, TensorBoard, `monitor.csv`.
Trap avoided: points doubled because a trainer logs to CSV and TensorBoard at once.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Protocol

from core.telemetry.metrics import METRICS
from core.telemetry.model import Run, Series

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

    def __init__(self, run: Run) -> None:
        self.run = run
        self._rulers: dict[str, Ruler] = {}

    def series(self, ruler: Ruler, name: str) -> Series | None:
        """The series to write to; None when a better source rules the metric.

        A better source that comes later takes the metric over with a new series.
        """
        current = self._rulers.get(name)
        if current is ruler:
            return self.run.series[name]
        if current is None and name not in METRICS and len(self._rulers) >= MAX_SERIES:
            return None
        if current is not None and current.rank <= ruler.rank:
            return None
        self._rulers[name] = ruler
        return self._put(Series(name))

    def start_over(self, ruler: Ruler, name: str, rows: int) -> None:
        """Keep only the first `rows` rows of a metric that `ruler` rules: a new object, so that a reader of
        the old one is not disturbed."""
        if self._rulers.get(name) is not ruler:
            return
        old, kept = self.run.series[name], Series(name)
        kept.extend(old.timestep[:rows], old.value[:rows], old.time[:rows])
        self._put(kept)

    def lengths(self, ruler: Ruler) -> dict[str, int]:
        """Rows of each metric that `ruler` rules."""
        return {name: len(self.run.series[name]) for name in self.ruled(ruler)}

    def ruled(self, ruler: Ruler) -> tuple[str, ...]:
        return tuple(name for name, current in self._rulers.items() if current is ruler)

    def _put(self, series: Series) -> Series:
        # A new dictionary, so that another thread never iterates over one that changes size.
        self.run.series = {**self.run.series, series.name: series}
        return series
