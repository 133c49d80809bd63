"""From a row of the run to a sample for the state machine.

A row rule is judged at every row, so that a spike between two looks is seen. Traps avoided: nan above or
below a threshold (it is no data, and `not_finite` is the rule for it), and a launch rule that watches a whole
run because its start is unknown.
"""

from __future__ import annotations

import math

from core.alerts.machine import Sample
from core.alerts.rows import Row
from core.alerts.rule import Condition, Rule
from core.alerts.window import FlatWindow, RiseWindow, SlopeWindow
from core.telemetry.metrics import METRICS
from core.units import duration, number, significant

WINDOWED: frozenset[Condition] = frozenset({"slope_below", "slope_above", "rise_below", "rise_above", "flat"})
ROW_CONDITIONS: frozenset[Condition] = frozenset(
    {
        "above",
        "below",
        "slope_below",
        "slope_above",
        "rise_below",
        "rise_above",
        "flat",
        "not_finite",
    }
)
FALLING: frozenset[Condition] = frozenset({"below", "slope_below", "rise_below"})
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
        self.window = _window(rule)
        self.bad: dict[str, float] = {}
        """The metrics whose newest value is nan or inf, and that value; of a rule that watches for them."""
        self.scanned: float | None = None
        """The window's value at the next row, which was added to it already; nan: it has none."""
        self._segment = -1
        self._timed = bool(rule.window_seconds)

    def concerns(self, row: Row) -> bool:
        """The row holds a metric of this rule."""
        return self.rule.metric in row.values if self.rule.metric else True

    def fills(self, time: float | None) -> bool:
        """A row of this time helps to fill the window; one over time needs rows whose time is known."""
        return self.window is not None and (not self._timed or (time is not None and math.isfinite(time)))

    def sample(self, row: Row, started: float | None, inhibited_by: str | None, firing: bool) -> Sample:
        """`started`: the run's start in epoch seconds, where known; `firing`: the rule fires now."""
        if row.segment != self._segment:
            self._segment = row.segment
            self.bad.clear()
            if self.window is not None:
                self.window.reset()
        judged = self._not_finite(row) if self.rule.condition == "not_finite" else self._value(row)
        elapsed = None if started is None or row.time is None else row.time - started
        if not applies(self.rule, row.timestep, elapsed):
            return Sample(
                "off", whole(row.timestep), row.time, segment=row.segment, inhibited_by=inhibited_by
            )
        if judged is None:
            return Sample(
                "nodata",
                whole(row.timestep),
                row.time,
                segment=row.segment,
                inhibited_by=inhibited_by,
                waiting=self.fills(row.time) and math.isfinite(row.values.get(self.rule.metric, math.nan)),
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
            detail=self._words(value) if breached != firing else "",
            inhibited_by=inhibited_by,
        )

    def _value(self, row: Row) -> tuple[float, bool, bool] | None:
        rule, raw, window = self.rule, row.values.get(self.rule.metric), self.window
        if raw is None or not math.isfinite(raw):
            return None
        if window is None:
            return raw, *judge(rule, raw)
        if self.scanned is not None:
            found = None if math.isnan(self.scanned) else self.scanned
            self.scanned = None
        else:
            found = window.add(row.timestep, raw, row.time)
        return None if found is None else (found, *judge(rule, found))

    def _not_finite(self, row: Row) -> tuple[float | None, bool, bool] | None:
        for name, value in row.values.items():
            if math.isfinite(value):
                self.bad.pop(name, None)
            elif name in metrics_of(self.rule):
                self.bad[name] = value
        if self.bad:
            return self.bad[min(self.bad)], True, False
        return None, False, True

    def _words(self, value: float | None) -> str:
        rule = self.rule
        if rule.condition == "not_finite":
            if not self.bad:
                return "all losses are finite again" if not rule.metric else f"{rule.metric} is finite again"
            return " and ".join(f"{name} is {number(bad)}" for name, bad in sorted(self.bad.items()))
        text = significant(value or 0.0, rule.threshold, 4).replace("-", "−")
        stretch = duration(rule.window_seconds) if self._timed else f"{number(rule.window_steps)} steps"
        match rule.condition:
            case "slope_below" | "slope_above":
                return f"{rule.metric} slope {text} per step over {stretch}"
            case "rise_below" | "rise_above":
                return f"{rule.metric} rose by {text} over {stretch}"
            case "flat":
                return f"mean of {rule.metric} moved by {text} standard deviations in {stretch}"
        return f"{rule.metric} {text}"


def _window(rule: Rule) -> SlopeWindow | RiseWindow | FlatWindow | None:
    by_time = bool(rule.window_seconds)
    span = rule.window_seconds or rule.window_steps
    match rule.condition:
        case "slope_below" | "slope_above":
            return SlopeWindow(span, by_time=by_time)
        case "rise_below" | "rise_above":
            return RiseWindow(span, by_time=by_time)
        case "flat":
            return FlatWindow(span)
    return None


def judge(rule: Rule, value: float) -> tuple[bool, bool]:
    """(breached, cleared) of a value against the rule's threshold and its margin to resolve."""
    if rule.condition == "flat":
        return flat(rule, value)
    return below(rule, value) if rule.condition in FALLING else above(rule, value)


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
