"""A run as it was known at an earlier moment: only the rows, checkpoints and log lines of up to then.

Trap avoided: a report of Tuesday that quietly uses Thursday's rows. A row whose wall time is not known counts
for no past moment, and `times_known` says that there were such rows.
"""

from __future__ import annotations

import bisect
import math
import operator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from datetime import date as Date

from core.clock import from_epoch
from core.telemetry.model import Run, Series


@dataclass(frozen=True, slots=True)
class RunAt:
    """The run at `moment`."""

    run: Run
    moment: datetime
    past: bool
    """`moment` lies before now: the run was cut."""
    times_known: bool
    """Every row left out was left out because it came later, none for want of a time."""
    last_row: datetime | None
    """The newest row's own time, None where no row has one."""


def run_at(run: Run, moment: datetime, now: datetime) -> RunAt:
    """`run` cut at `moment`; the run itself when that is not in the past."""
    if moment >= now:
        return RunAt(run, now, False, True, _last_row(run) or run.last_row_at)
    series: dict[str, Series] = {}
    times_known = True
    for name, one in list(run.series.items()):
        kept, known = _cut(one, moment.timestamp())
        times_known = times_known and known
        if len(kept):
            series[name] = kept
    cut = replace(
        run,
        series=series,
        checkpoints=[one for one in run.checkpoints if one.written_at <= moment],
        log_tail=[],
        log_count=0,
        step=None,
        process="unseen",
        traceback=False,
    )
    last = _last_row(cut)
    cut.last_row_at = last
    cut.last_step_at = last
    return RunAt(cut, moment, True, times_known, last)


def end_of_day(day: Date) -> datetime:
    """Midnight after `day`, UTC."""
    return datetime.combine(day + timedelta(days=1), time(), UTC)


def rows_between(series: Series, first: datetime, last: datetime) -> list[float]:
    """The finite values of the newest rows with a known time in [first, last], oldest first."""
    low, high = first.timestamp(), last.timestamp()
    found: list[float] = []
    for index in range(len(series) - 1, -1, -1):
        when = series.time[index]
        if when < low:
            break
        if when <= high and math.isfinite(series.value[index]):
            found.append(series.value[index])
    return found[::-1]


def first_row(run: Run) -> datetime | None:
    """The earliest row's time, None where no row has one."""
    times = [one.time[0] for one in list(run.series.values()) if len(one) and math.isfinite(one.time[0])]
    return from_epoch(min(times)) if times else None


def time_of_step(run: Run, timestep: float) -> datetime | None:
    """When the newest segment reached `timestep`: the time of its first row at or past it."""
    best = math.inf
    for series in list(run.series.values()):
        size = len(series)
        start = series.segments[-1] if series.segments else 0
        index = bisect.bisect_left(series.timestep, timestep, start, size)
        if index < size and math.isfinite(series.time[index]):
            best = min(best, series.time[index])
    return from_epoch(best) if math.isfinite(best) else None


def _cut(series: Series, limit: float) -> tuple[Series, bool]:
    """The rows up to `limit`, and whether every row's time is known."""
    kept, size = Series(series.name), len(series)
    times = series.time[:size]
    if math.isfinite(sum(times)) and all(map(operator.le, times, times[1:])):
        end = bisect.bisect_right(times, limit)
        kept.extend(series.timestep[:end], series.value[:end], times[:end])
        return kept, True
    known = True
    for index, when in enumerate(times):
        if when <= limit:
            kept.append(series.timestep[index], series.value[index], when)
        elif math.isnan(when):
            known = False
    return kept, known


def _last_row(run: Run) -> datetime | None:
    times = [one.time[len(one) - 1] for one in list(run.series.values()) if len(one)]
    finite = [when for when in times if math.isfinite(when)]
    return from_epoch(max(finite)) if finite else None
