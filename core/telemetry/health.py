"""Health of a run: one word, one sentence why, and its pace.

Owns the table RUNNING, STALLED, SILENT, CRASHED, STOPPED, FINISHED, ABSENT. Trap avoided: a dead run shown as
running, because its file is still there or its pid was given to another process.
"""

from __future__ import annotations

import math
from datetime import datetime
from statistics import median
from typing import TYPE_CHECKING

import msgspec

from core import units
from core.alerts.rule import RunStatus
from core.clock import from_epoch, iso
from core.telemetry.identity import RUN_FILE
from core.telemetry.metrics import metric
from core.text import visible

if TYPE_CHECKING:
    from core.config.settings import Health as HealthSettings
    from core.telemetry.model import Run, Series

_CLEAN = ("finished", "stopped")
_PACE_ROWS = 500
_PACE_SECONDS = 600.0
_CLOCK_STEP = 1.0
_INTERVALS = 20
_MIN_INTERVALS = 3
_MIN_QUIET = 120.0
"""Seconds: an evaluation between two quick rows is no silence."""
_MIN_LATE = 10.0


class Health(msgspec.Struct, frozen=True):
    """What `assess` says of a run at one moment."""

    status: RunStatus
    reason: str
    """One plain sentence."""
    late: bool = False
    """The next row is `late_factor` times later than the usual interval between rows."""
    steps_per_second: float | None = None
    """From the wall times of the newest rows, the wait counted in when the next row is late; None where rows
    have no times."""
    eta_seconds: float | None = None
    """Only while it is RUNNING and both total and pace are known; 0 when FINISHED."""
    progress: float | None = None
    """Share of the total timesteps, 0 to 1."""
    step_age_seconds: float | None = None
    """Since the timestep last advanced (or since the process started, if it has not yet)."""


class Pace(msgspec.Struct, frozen=True):
    steps: float = 0.0
    seconds: float = 0.0
    """How far and how long the newest rows of the window went; 0 seconds when unknown."""
    interval: float | None = None
    """Median seconds between rows."""
    last: float | None = None
    """Wall time of the newest row, epoch seconds."""

    def per_second(self, waited: float = 0.0) -> float | None:
        """Steps per second, after waiting so many seconds for the next row."""
        return self.steps / (self.seconds + waited) if self.seconds > 0 else None


def assess(run: Run, health: HealthSettings, now: datetime) -> Health:
    """The run's health at `now`, from its rows, log, process and recorded outcome."""
    pace = recent_pace(run)
    timestep, total = run.timestep, run.info.total_timesteps
    progress = None
    if total and timestep is not None:
        progress = min(1.0, max(0.0, timestep / total))
    last_step = _last_step(run, pace, now)
    age = None if last_step is None else max(0.0, (now - last_step).total_seconds())
    status, reason = _judge(run, health, age, pace)
    unread = [note for note in run.notes if note.startswith(f"{RUN_FILE} could not be read")]
    if unread:  # then nobody knows of a process or a clean end: why must stand before what follows from it
        reason = f"{unread[0]} {reason}"
    late = (
        status in ("RUNNING", "STALLED")
        and age is not None
        and pace.interval is not None
        and age > max(health.late_factor * pace.interval, _MIN_LATE)
    )
    speed = pace.per_second(age if late and age is not None else 0.0)
    eta = None
    if status == "FINISHED":
        eta = 0.0
    elif status == "RUNNING" and total and timestep is not None and speed:
        eta = max(0.0, (total - timestep) / speed)
    return Health(status, reason, late, speed, eta, progress, age)


def recent_pace(run: Run) -> Pace:
    """Pace and usual interval of the newest rows with wall times, within the current segment and, where the
    process is known, since it started: the pause before a resume is no pace.

    The window is the newest ten minutes, at least two rows and at most 500; a clock that jumps back ends it.
    """
    best: Series | None = None
    for series in run.series.values():
        if metric(series.name).group == "evaluation" or not len(series):
            continue
        if not math.isfinite(series.time[len(series) - 1]):
            continue
        if best is None or _newest_time(series) > _newest_time(best):
            best = series
    if best is None:
        return Pace()
    begin = best.segments[-1] if best.segments else 0
    started = run.info.process_started or -math.inf
    end = len(best)
    last_time, last_step = best.time[end - 1], best.timestep[end - 1]
    intervals: list[float] = []
    steps = seconds = 0.0
    later = last_time
    for index in range(end - 2, max(begin, end - 1 - _PACE_ROWS) - 1, -1):
        time, step = best.time[index], best.timestep[index]
        if not math.isfinite(time):
            continue
        if time > later + _CLOCK_STEP or time < started:
            break
        time = min(time, later)
        if len(intervals) < _INTERVALS:
            intervals.append(later - time)
        if seconds <= 0 or last_time - later < _PACE_SECONDS:
            steps, seconds = last_step - step, last_time - time
        later = time
    usual = median(intervals) if len(intervals) >= _MIN_INTERVALS else None
    return Pace(steps, seconds, usual or None, last_time)


def _newest_time(series: Series) -> float:
    return series.time[len(series) - 1]


def _last_step(run: Run, pace: Pace, now: datetime) -> datetime | None:
    """When the timestep last advanced; a process that started later counts from its own start."""
    last = run.last_step_at
    if last is None and pace.last is not None:
        last = from_epoch(pace.last)
    started = run.info.started_at
    if run.process == "alive" and run.info.process_started is not None:
        started = from_epoch(run.info.process_started)
    moments = [moment for moment in (last, started if run.process == "alive" else None) if moment is not None]
    if not moments:
        return started
    return min(max(moments), now)


def _judge(run: Run, health: HealthSettings, age: float | None, pace: Pace) -> tuple[RunStatus, str]:
    info, timestep = run.info, run.timestep
    at = f"at step {units.number(timestep)}" if timestep is not None else "before its first row"
    of_total = f" of {units.number(info.total_timesteps)}" if info.total_timesteps else ""
    if not _anything(run):
        names = ", ".join(visible(source.path.name, 80) for source in run.sources[:3])
        if names:
            return "ABSENT", f"No readable row yet: {names} in {info.directory}."
        return "ABSENT", f"No run was found in {info.directory}."
    if info.outcome in _CLEAN:
        ended = f", {iso(info.ended_at)}" if info.ended_at is not None else ""
        if info.total_timesteps and timestep is not None and timestep >= info.total_timesteps:
            return "FINISHED", f"All {units.number(info.total_timesteps)} steps done, clean shutdown{ended}."
        return "STOPPED", f"Clean shutdown {at}{of_total}{ended}."
    if info.outcome is not None:
        return "CRASHED", f"The trainer recorded the outcome {info.outcome} {at}{of_total}."
    if run.traceback:
        return "CRASHED", f"training.log ends in a traceback, {at}{of_total}."
    if run.process == "gone":
        return "CRASHED", f"Process {info.pid} is gone without a clean shutdown, {at}{of_total}."
    step_age = units.age(age)
    if run.process == "alive":
        ends = ""
        if info.total_timesteps and timestep is not None and timestep >= info.total_timesteps:
            ends = " That was its last step: it judges, saves, or waits for room to save."
        if age is not None and age > health.stalled_after:
            words = f"Process {info.pid} is alive but no step came for {step_age}, {at}{of_total}.{ends}"
            return "STALLED", words
        since = f", last step {step_age} ago" if timestep is not None else ""
        return "RUNNING", f"Process {info.pid} is alive{since}.{ends}"
    if age is None:
        return "SILENT", "No process to see and no time of the last row is known."
    if not run.growing and pace.last is None and age > _MIN_QUIET:
        return (
            "SILENT",
            f"No row was seen to arrive yet; the newest file was last written {step_age} ago, {at}.",
        )
    if age > _quiet_limit(health, pace):
        return "SILENT", f"No process to see, no new row for {step_age} and no clean end, {at}{of_total}."
    return "RUNNING", f"Rows arrive, the last {step_age} ago; the process cannot be seen from here."


def _quiet_limit(health: HealthSettings, pace: Pace) -> float:
    """Seconds without a row after which a run whose process cannot be seen is SILENT."""
    if pace.interval is None:
        return health.stalled_after
    return min(health.stalled_after, max(_MIN_QUIET, health.late_factor * pace.interval))


def _anything(run: Run) -> bool:
    info = run.info
    if info.pid is not None or info.started_at is not None or info.outcome is not None:
        return True
    return run.timestep is not None or run.log_count > 0 or any(len(series) for series in run.series.values())
