"""A rule's last value: what it would be judged by now, fired or not.

Trap avoided: reading a whole history for one number; a window is filled from the newest rows alone.
"""

from __future__ import annotations

import math
from bisect import bisect_left

from core.alerts.evaluate import ROW_CONDITIONS, RowJudge
from core.alerts.look import Scene, look
from core.alerts.rows import Row
from core.alerts.rule import Rule
from core.alerts.window import MIN_ROWS
from core.telemetry.model import Series
from core.units import finite


def last_value(rule: Rule, scene: Scene) -> float | None:
    """None where there is none: no data, not in force, or a rule without a value (crash, a log's pattern)."""
    if rule.condition not in ROW_CONDITIONS:
        value = look(rule, scene).value
        return finite(value)
    series = scene.run.series.get(rule.metric)
    if series is None or not len(series) or rule.condition == "not_finite":
        return None
    if rule.condition in ("above", "below"):
        return series.last
    return _windowed(rule, series)


def _windowed(rule: Rule, series: Series) -> float | None:
    bare = RowJudge(_always(rule))
    value = None
    for index in range(_begin(rule, series), len(series)):
        time = series.time[index]
        row = Row(
            0,
            series.timestep[index],
            time if math.isfinite(time) else None,
            {series.name: series.value[index]},
        )
        sample = bare.sample(row, None, None, False)
        value = sample.value if sample.state == "ok" else value
    return value


def _begin(rule: Rule, series: Series) -> int:
    """The first row of the current segment that the newest window can reach."""
    start = series.segments[-1] if series.segments else 0
    axis, span = (
        (series.time, rule.window_seconds) if rule.window_seconds else (series.timestep, rule.window_steps)
    )
    last = axis[len(series) - 1]
    if not math.isfinite(last):
        return start
    return max(start, bisect_left(axis, last - span, start, len(series)) - 2 * MIN_ROWS)


def _always(rule: Rule) -> Rule:
    import msgspec

    return msgspec.structs.replace(rule, within_seconds=0.0, warm_up_steps=0, warm_up_seconds=0.0)
