"""Days and hours of a run, for reports of the past; `core.telemetry.as_of` cuts the run.

Trap avoided: a day that ends at another moment in two reports; it ends at midnight UTC.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, time, timedelta
from datetime import date as Date

from core.clock import from_epoch
from core.telemetry.model import Run, Series


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
