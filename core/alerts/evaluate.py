"""From a row of the run to a sample for the state machine.

A row rule is judged at every row, so that a spike between two looks is seen. Traps avoided: nan above or
below a threshold (it is no data, and `not_finite` is the rule for it), and a launch rule that watches a whole
run because its start is unknown.
"""

from __future__ import annotations

import math
from bisect import bisect_left

from core.alerts.machine import Sample
from core.alerts.rows import Row
from core.alerts.rule import Condition, Rule
from core.alerts.window import FlatWindow, RiseWindow, SlopeWindow
from core.telemetry.metrics import METRICS
from core.telemetry.model import Series
from core.units import duration, number

ROW_CONDITIONS: frozenset[Condition] = frozenset({"above", "slope_below", "rise_below", "flat", "not_finite"})
LOSSES = tuple(name for name, metric in METRICS.items() if metric.loss)
"""What `not_finite` watches when the rule names no metric."""

_WHOLE = 2.0**62


def metrics_of(rule: Rule) -> tuple[str, ...]:
    """The series a row rule reads."""
    return (rule.metric,) if rule.metric else LOSSES


class RowJudge:
    """Judges one row rule, row after row; keeps its window."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self._segment = -1
        self._bad: dict[str, float] = {}
        self._window: SlopeWindow | RiseWindow | FlatWindow | None = None
        if rule.condition == "slope_below":
            self._window = SlopeWindow(rule.window_steps)
        elif rule.condition == "rise_below":
            self._window = RiseWindow(rule.window_steps)
        elif rule.condition == "flat":
            self._window = FlatWindow(rule.window_seconds)
        self._scanned: float | None = None
        """What `scan` found for the row it stopped at, which the window holds already."""

    @property
    def clean(self) -> bool:
        """No metric's newest value is nan or inf."""
        return not self._bad

    @property
    def scans(self) -> bool:
        """`scan` works for this rule."""
        return isinstance(self._window, SlopeWindow | RiseWindow)

    def concerns(self, row: Row) -> bool:
        """The row holds a metric of this rule."""
        return self.rule.metric in row.values if self.rule.metric else True

    def scan(self, series: Series, start: int) -> int:
        """From `start`, the first row that a rule at rest must look at: breached, no value, new segment."""
        window, threshold = self._window, self.rule.threshold
        assert isinstance(window, SlopeWindow | RiseWindow)
        if self._scanned is not None:
            return start
        starts = series.segments
        end = len(series)
        later = bisect_left(starts, start) if start else 0
        if later < len(starts):
            end = min(end, starts[later])
        for index in range(start, end):
            value = series.value[index]
            if not math.isfinite(value):
                return index
            found = window.add(series.timestep[index], value)
            if found is None or found < threshold:
                self._scanned = math.nan if found is None else found
                return index
        return end

    def sample(self, row: Row, started: float | None, inhibited_by: str | None, firing: bool) -> Sample:
        """`started`: the run's start in epoch seconds, where known; `firing`: the rule fires now."""
        if row.segment != self._segment:
            self._segment = row.segment
            self._bad.clear()
            if self._window is not None:
                self._window.reset()
        judged = self._not_finite(row) if self.rule.condition == "not_finite" else self._value(row)
        elapsed = None if started is None or row.time is None else row.time - started
        if not applies(self.rule, row.timestep, elapsed):
            return Sample(
                "off", whole(row.timestep), row.time, segment=row.segment, inhibited_by=inhibited_by
            )
        if judged is None:
            return Sample(
                "nodata", whole(row.timestep), row.time, segment=row.segment, inhibited_by=inhibited_by
            )
        value, breached, cleared = judged
        return Sample(
            state="ok",
            timestep=whole(row.timestep),
            time=row.time,
            value=value,
            breached=breached,
            cleared=cleared,
            segment=row.segment,
            detail=self._words(value) if breached or firing else "",
            inhibited_by=inhibited_by,
        )

    def _value(self, row: Row) -> tuple[float, bool, bool] | None:
        rule, raw, window = self.rule, row.values.get(self.rule.metric), self._window
        if raw is None or not math.isfinite(raw):
            return None
        if window is None:
            return raw, *above(rule, raw)
        if isinstance(window, FlatWindow):
            found = None if row.time is None else window.add(row.time, raw)
            return None if found is None else (found, *flat(rule, found))
        if self._scanned is not None:
            found = None if math.isnan(self._scanned) else self._scanned
            self._scanned = None
        else:
            found = window.add(row.timestep, raw)
        return None if found is None else (found, *below(rule, found))

    def _not_finite(self, row: Row) -> tuple[float | None, bool, bool] | None:
        for name, value in row.values.items():
            if math.isfinite(value):
                self._bad.pop(name, None)
            elif name in metrics_of(self.rule):
                self._bad[name] = value
        if self._bad:
            return self._bad[min(self._bad)], True, False
        return None, False, True

    def _words(self, value: float | None) -> str:
        rule = self.rule
        if rule.condition == "not_finite":
            if not self._bad:
                return "all losses are finite again" if not rule.metric else f"{rule.metric} is finite again"
            return " and ".join(f"{name} is {number(bad)}" for name, bad in sorted(self._bad.items()))
        text = _short(value or 0.0)
        if rule.condition == "slope_below":
            return f"{rule.metric} slope {text} per step over {number(rule.window_steps)} steps"
        if rule.condition == "rise_below":
            return f"{rule.metric} rose by {text} over {number(rule.window_steps)} steps"
        if rule.condition == "flat":
            return f"mean of {rule.metric} changed by {text} in {duration(rule.window_seconds)}"
        return f"{rule.metric} {text}"


def applies(rule: Rule, timestep: float | None, elapsed: float | None) -> bool:
    """Whether the rule's part of a run has come and is not over.

    `within_seconds` needs a known run time: without one the rule does not apply. Warm-up ends with its steps
    or its seconds, whichever is over first.
    """
    if rule.within_seconds and not (elapsed is not None and 0 <= elapsed <= rule.within_seconds):
        return False
    if not (rule.warm_up_steps or rule.warm_up_seconds):
        return True
    if rule.warm_up_steps and timestep is not None and timestep >= rule.warm_up_steps:
        return True
    return bool(rule.warm_up_seconds and elapsed is not None and elapsed >= rule.warm_up_seconds)


def above(rule: Rule, value: float) -> tuple[bool, bool]:
    """(breached, cleared) of a rule that fires above its threshold; past `resolve_at` means below it."""
    breached = value > rule.threshold
    return breached, not breached and (rule.resolve_at is None or value < rule.resolve_at)


def below(rule: Rule, value: float) -> tuple[bool, bool]:
    """(breached, cleared) of a rule that fires below its threshold; past `resolve_at` means above it."""
    breached = value < rule.threshold
    return breached, not breached and (rule.resolve_at is None or value > rule.resolve_at)


def flat(rule: Rule, change: float) -> tuple[bool, bool]:
    """(breached, cleared) of a rule that fires when a mean changes by no more than its threshold."""
    breached = change <= rule.threshold
    return breached, not breached and (rule.resolve_at is None or change > rule.resolve_at)


def whole(timestep: float | None) -> int | None:
    """A timestep as an integer that the database can hold, else None."""
    return int(timestep) if timestep is not None and abs(timestep) < _WHOLE else None


def _short(value: float) -> str:
    return f"{value:.4g}".replace("-", "−")
