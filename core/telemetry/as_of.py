"""A run as it was known earlier: at a moment, or when a timestep was reached.

For reports of a past day and for stepping back through a run's history. Trap avoided: a picture of the past
that quietly uses later rows. A row whose wall time is not known counts for no past moment, and `times_known`
says that there were such rows.
"""

from __future__ import annotations

import bisect
import math
import operator
from datetime import datetime

import msgspec

from core.clock import from_epoch
from core.telemetry.model import Run
from core.telemetry.series import Series


class RunAt(msgspec.Struct, frozen=True):
    """The run at `moment`."""

    run: Run
    moment: datetime
    past: bool
    """`moment` lies before now: the run was cut."""
    times_known: bool
    """Every row left out was left out because it came later, none for want of a time."""
    last_row: datetime | None
    """The newest row's own time, None where no row has one."""


class RunAtStep(msgspec.Struct, frozen=True):
    """The run as of a timestep."""

    run: Run
    timestep: int
    """Of the newest row that is left; the one asked for where no row is."""
    moment: datetime | None
    """When that row was written, to find its log lines by; None where its time is not known."""
    past: bool
    """There are later rows: the run was cut."""


def run_at(run: Run, moment: datetime, now: datetime) -> RunAt:
    """`run` cut at `moment`; the run itself when that is not in the past."""
    if moment >= now:
        return RunAt(run, now, False, True, last_row(run) or run.last_row_at)
    series: dict[str, Series] = {}
    times_known = True
    for name, one in list(run.series.items()):
        kept, known = _until(one, moment.timestamp())
        times_known = times_known and known
        if len(kept):
            series[name] = kept
    cut = _cut(run, series, moment)
    return RunAt(cut, moment, True, times_known, cut.last_row_at)


def run_at_step(run: Run, timestep: float, back: int | None = None) -> RunAtStep:
    """`run` up to the newest row of each metric at or below `timestep`.

    Where a resume went back, a step that was reached twice means the second time; `back` says how many passes
    over the steps are newer than the one that is meant. Checkpoints and markers stay up to that row's time,
    or up to its step where its time is not known.
    """
    series: dict[str, Series] = {}
    past = False
    for name, one in list(run.series.items()):
        end = _index_after(one, timestep) if back is None else points_until(one, timestep, back)
        if end:
            series[name] = one.first(one.row_of(end - 1) + 1) if end < len(one) else one
        past = past or end < len(one)
    steps = [each for one in series.values() if (each := one.last_timestep) is not None]
    reached = max(steps, default=int(timestep)) if back is None else int(timestep)
    if not past:
        return RunAtStep(run, reached, last_row(run) or run.last_row_at, False)
    times = [one.time[-1] for one in series.values() if one.last_timestep == reached]
    known = [time for time in times if math.isfinite(time)]
    moment = from_epoch(max(known)) if known else None
    cut = _cut(run, series, moment, reached)
    cut.step = None if back is None else reached
    return RunAtStep(cut, reached, moment, True)


def points_until(series: Series, timestep: float, back: int = 0) -> int:
    """How many points there were when `timestep` was reached in the pass over the steps that `back` newer
    ones follow: all of the passes before it, and its own up to there."""
    segments = series.segments or [0]
    place = max(0, len(segments) - 1 - back)
    end = segments[place + 1] if place + 1 < len(segments) else len(series)
    return bisect.bisect_right(series.timestep, timestep, segments[place], end)


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


def last_row(run: Run) -> datetime | None:
    """The newest row's own time, None where no row has one."""
    times = [one.time[len(one) - 1] for one in list(run.series.values()) if len(one)]
    finite = [when for when in times if math.isfinite(when)]
    return from_epoch(max(finite)) if finite else None


def _cut(run: Run, series: dict[str, Series], moment: datetime | None, timestep: int | None = None) -> Run:
    """`run` with these series, and what else was known at `moment`, else at `timestep`."""

    def known(when: datetime | None, step: int | None) -> bool:
        if moment is not None and when is not None:
            return when <= moment
        return timestep is not None and step is not None and step <= timestep

    info, ended = run.info, run.info.ended_at
    if moment is None or ended is None or ended > moment:
        info = msgspec.structs.replace(info, ended_at=None, outcome=None)
    cut = msgspec.structs.replace(
        run,
        info=info,
        series=series,
        checkpoints=[one for one in run.checkpoints if known(one.written_at, one.timestep)],
        markers=[one for one in run.markers if known(one.time, one.timestep)],
        log_tail=[],
        log_count=0,
        step=None,
        process="unseen",
        traceback=False,
    )
    last = last_row(cut)
    cut.last_row_at = last
    cut.last_step_at = last
    return cut


def _until(series: Series, limit: float) -> tuple[Series, bool]:
    """The rows up to `limit`, and whether every row's time is known."""
    size = len(series)
    times = series.time[:size]
    if math.isfinite(sum(times)) and all(map(operator.le, times, times[1:])):
        end = bisect.bisect_right(times, limit)
        return series.first(series.row_of(end - 1) + 1 if end else 0), True
    kept, known = Series(series.name), True
    for index, when in enumerate(times):
        if when <= limit:
            kept.append(series.timestep[index], series.value[index], when)
        elif math.isnan(when):
            known = False
    return kept, known


def _index_after(series: Series, timestep: float) -> int:
    """One past the newest point at or below `timestep`."""
    end = len(series)
    for begin in reversed(series.segments):
        place = bisect.bisect_right(series.timestep, timestep, begin, end)
        if place > begin:
            return place
        end = begin
    return 0
