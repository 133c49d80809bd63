"""From the present moment to a sample: ages, processes, the log, the host.

These rules are judged at each look; what they raised is remembered by the ledger, since no row tells it. Trap
avoided: a fact that nobody could see taken for a good one; it is no data.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

import msgspec

from core.alerts.evaluate import above, applies, below
from core.alerts.machine import NOT_CLEARED, Sample
from core.alerts.rule import Condition, Rule, RunStatus
from core.clock import iso
from core.telemetry.model import Run, Series
from core.units import duration, gigabytes, number

if TYPE_CHECKING:
    from core.telemetry.host import Host

_LOG_LINES = 500
NEW_START = re.compile(r"\] Starting PPO training")
"""The trainer's first line: what stands above it belongs to an earlier start."""


class RunHealth(Protocol):
    """What is asked of `core.telemetry.health.Health`."""

    @property
    def status(self) -> RunStatus: ...
    @property
    def reason(self) -> str: ...
    @property
    def step_age_seconds(self) -> float | None: ...
    @property
    def steps_per_second(self) -> float | None: ...


class HostFacts(Protocol):
    """What rules about the host need; without it they have no data."""

    @property
    def disk_free_bytes(self) -> float | None: ...
    @property
    def memory_free_percent(self) -> float | None: ...


class DataFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a check of the training data found; `core.alerts.data_watch` makes it."""

    folder: str
    checked_at: str
    """ISO, UTC."""
    gaps: int = 0
    nan: int = 0
    duplicates: int = 0
    problem: str = ""
    """Why the data could not be judged; the counts then mean nothing."""
    files: tuple[str, ...] = ()
    """Those with faults, each with its counts in words."""

    @property
    def faults(self) -> int:
        return self.gaps + self.nan + self.duplicates


@dataclass(frozen=True, slots=True)
class Scene:
    """The present moment as a rule sees it. None: nobody looked there."""

    run: Run
    health: RunHealth
    now: datetime
    host: HostFacts | None = None
    data: DataFacts | None = None

    @property
    def elapsed(self) -> float | None:
        """Seconds since the run started, where it says when."""
        started = self.run.info.started_at
        return None if started is None else (self.now - started).total_seconds()


def look(rule: Rule, scene: Scene) -> Sample:
    """Judge a rule about ages, processes, logs, the data or the host, now."""
    run, health = scene.run, scene.health
    timestep, time = run.timestep, scene.now.timestamp()
    if health.status not in rule.states:
        ended = ended_at(run, health.status, scene.now)
        return Sample("off", timestep, ended, detail=no_longer(rule, health.status))
    if not applies(rule, timestep, scene.elapsed):
        return Sample("off", timestep, time)
    if rule.source and scene.elapsed is None:
        return Sample("off", timestep, time, detail="the run does not say when it started")
    judged = _LOOKS[rule.condition](rule, scene)
    if judged is None:
        return Sample("nodata", timestep, time)
    value, breached, cleared, detail = judged
    if rule.condition == "crashed" and breached:
        time = _crash_time(run, health.status, scene.now)
    return Sample("ok", timestep, time, value, breached, cleared, detail=detail)


def no_longer(rule: Rule, status: RunStatus) -> str:
    """Why a rule does not apply to a run of this status. Of the crash that is its end; any other alert that
    ends so was not cleared by anything that was measured."""
    return f"{'' if rule.condition == 'crashed' else NOT_CLEARED}the run is {status}"


def ended_at(run: Run, status: RunStatus, now: datetime) -> float:
    """When a run of this status ended, where that is known, else `now`: since then a rule does not apply."""
    over = run.info.ended_at or run.last_row_at if status in ("FINISHED", "STOPPED", "CRASHED") else None
    return min(over or now, now).timestamp()


Judged = tuple[float | None, bool, bool, str] | None
"""Value, breached, cleared, what was seen in words; None: no data."""


def _checkpoint_age(rule: Rule, scene: Scene) -> Judged:
    """Seconds since the newest checkpoint; before the first one, since the run's start."""
    run = scene.run
    written = max((checkpoint.written_at for checkpoint in run.checkpoints), default=None)
    since = written or run.info.started_at
    if since is None:
        return None
    age = (scene.now - since).total_seconds()
    what = "newest checkpoint is" if written else "no checkpoint; the run is"
    return age, *above(rule, age), f"{what} {duration(age)} old"


def _step_age(rule: Rule, scene: Scene) -> Judged:
    age = scene.health.step_age_seconds
    if age is None:
        return None
    return age, *above(rule, age), f"no step for {duration(age)}"


def _crashed(rule: Rule, scene: Scene) -> Judged:
    health = scene.health
    breached = health.status == "CRASHED" or scene.run.traceback
    if not breached:
        return None, False, True, "the run is up again"
    last = scene.run.last_row_at if scene.run.info.ended_at is None else None
    words = f" Its last row is of {iso(last)}." if last is not None else ""
    return None, True, False, health.reason + words


def _crash_time(run: Run, status: RunStatus, now: datetime) -> float:
    """When it crashed: as recorded, else at its last row, which may be of before a resume."""
    return min(max(ended_at(run, status, now), run.info.process_started or -math.inf), now.timestamp())


def _log_pattern(rule: Rule, scene: Scene) -> Judged:
    """True while a line among the newest 500, and since the last start, matches."""
    line = matching_line(rule.pattern, scene.run.log_tail[-_LOG_LINES:])
    return None, line is not None, line is None, f"in the log: {line}" if line is not None else "gone by"


def matching_line(pattern: str, lines: Sequence[str]) -> str | None:
    """The newest line that matches, not looking back past a start of the trainer."""
    wanted = re.compile(pattern)
    for line in reversed(lines):
        if wanted.search(line):
            return line
        if NEW_START.search(line):
            return None
    return None


def _absent(rule: Rule, scene: Scene) -> Judged:
    return _metric_absent(rule, scene) if rule.metric else _source_absent(rule, scene)


def _source_absent(rule: Rule, scene: Scene) -> Judged:
    """No row of such a file since the run's start."""
    elapsed = scene.elapsed
    if elapsed is None:
        return None
    if any(source.rows for source in scene.run.sources if source.kind == rule.source):
        return None if elapsed < 0 else (elapsed, False, True, f"{rule.source} rows arrive")
    return elapsed, *above(rule, elapsed), f"no {rule.source} row for {duration(elapsed)}"


def _metric_absent(rule: Rule, scene: Scene) -> Judged:
    """Seconds since the newest finite value; before the first one, since the run's start."""
    last = _last_finite_time(scene.run.series.get(rule.metric))
    if last is None and scene.run.info.started_at is None:
        return None
    if last is not None and not math.isfinite(last):
        return None
    age = scene.now.timestamp() - last if last is not None else scene.elapsed
    if age is None:
        return None
    return age, *above(rule, age), f"no value of {rule.metric} for {duration(age)}"


def _last_finite_time(series: Series | None) -> float | None:
    """Wall time of the newest finite value; None: there is none; nan: its row has no time."""
    for index in reversed(range(len(series) if series is not None else 0)):
        assert series is not None
        if math.isfinite(series.value[index]):
            return series.time[index]
    return None


def _pace_below(rule: Rule, scene: Scene) -> Judged:
    pace = scene.health.steps_per_second
    return None if pace is None else (pace, *below(rule, pace), f"{number(pace)} steps/s")


def _data_faults(rule: Rule, scene: Scene) -> Judged:
    data = scene.data
    if data is None or data.problem:
        return None
    found = [
        f"{number(count)} {word}{'s' if count != 1 and word != 'NaN' else ''}"
        for count, word in ((data.gaps, "gap"), (data.nan, "NaN"), (data.duplicates, "duplicate"))
        if count
    ]
    words = ", ".join(found) or "no gap, NaN or duplicate"
    return float(data.faults), *above(rule, data.faults), f"training data: {words}"


def _disk_free(rule: Rule, scene: Scene) -> Judged:
    free = None if scene.host is None else scene.host.disk_free_bytes
    return (
        None if free is None else (free, *below(rule, free), f"{gigabytes(free, rule.threshold)} disk free")
    )


def _memory_free(rule: Rule, scene: Scene) -> Judged:
    free = None if scene.host is None else scene.host.memory_free_percent
    return None if free is None else (free, *below(rule, free), f"{number(free, 1)} % memory free")


_LOOKS: dict[Condition, Callable[[Rule, Scene], Judged]] = {
    "checkpoint_age": _checkpoint_age,
    "step_age": _step_age,
    "crashed": _crashed,
    "log_pattern": _log_pattern,
    "absent": _absent,
    "pace_below": _pace_below,
    "data_faults": _data_faults,
    "disk_free": _disk_free,
    "memory_free": _memory_free,
}


@dataclass(frozen=True, slots=True)
class HostView:
    """The host as the rules see it: the fullest of its volumes, its free memory."""

    disk_free_bytes: float | None
    memory_free_percent: float | None


def host_view(host: Host | None) -> HostView | None:
    """What `core.telemetry.host` measured, for the rules."""
    if host is None:
        return None
    free = [disk.free for disk in host.disks if disk.free is not None]
    return HostView(min(free, default=None), host.memory_free_percent)
