"""From the present moment to a sample: ages, processes, the log, the host.

These rules are judged at each look; what they raised is remembered by the ledger, since no row tells it. Trap
avoided: a fact that nobody could see taken for a good one; it is no data.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from core.alerts.evaluate import above, applies, below
from core.alerts.machine import Sample
from core.alerts.rule import Condition, Rule, RunStatus
from core.telemetry.model import Run
from core.units import duration, gigabytes, number

_LOG_LINES = 500


class RunHealth(Protocol):
    """What is asked of `core.telemetry.health.Health`."""

    @property
    def status(self) -> RunStatus: ...
    @property
    def reason(self) -> str: ...
    @property
    def step_age_seconds(self) -> float | None: ...


class HostFacts(Protocol):
    """What rules about the host need; without it they have no data."""

    @property
    def disk_free_bytes(self) -> float | None: ...
    @property
    def memory_free_percent(self) -> float | None: ...


def look(rule: Rule, run: Run, health: RunHealth, host: HostFacts | None, now: datetime) -> Sample:
    """Judge a rule about ages, processes, logs or the host, now."""
    timestep, time = run.timestep, now.timestamp()
    started = run.info.started_at
    elapsed = None if started is None else (now - started).total_seconds()
    if health.status not in rule.states:
        return Sample("off", timestep, time, detail=f"the run is {health.status}")
    if not applies(rule, timestep, elapsed):
        return Sample("off", timestep, time)
    judged = _LOOKS[rule.condition](rule, run, health, host, now)
    if judged is None:
        return Sample("nodata", timestep, time)
    value, breached, cleared, detail = judged
    return Sample("ok", timestep, time, value, breached, cleared, detail=detail)


Judged = tuple[float | None, bool, bool, str] | None
"""Value, breached, cleared, what was seen in words; None: no data."""


def _checkpoint_age(rule: Rule, run: Run, health: RunHealth, host: HostFacts | None, now: datetime) -> Judged:
    """Seconds since the newest checkpoint; before the first one, since the run's start."""
    written = max((checkpoint.written_at for checkpoint in run.checkpoints), default=None)
    since = written or run.info.started_at
    if since is None:
        return None
    age = (now - since).total_seconds()
    what = "newest checkpoint is" if written else "no checkpoint; the run is"
    return age, *above(rule, age), f"{what} {duration(age)} old"


def _step_age(rule: Rule, run: Run, health: RunHealth, host: HostFacts | None, now: datetime) -> Judged:
    age = health.step_age_seconds
    if age is None:
        return None
    return age, *above(rule, age), f"no step for {duration(age)}"


def _crashed(rule: Rule, run: Run, health: RunHealth, host: HostFacts | None, now: datetime) -> Judged:
    breached = health.status == "CRASHED" or run.traceback
    return None, breached, not breached, health.reason if breached else "the run is up again"


def _log_pattern(rule: Rule, run: Run, health: RunHealth, host: HostFacts | None, now: datetime) -> Judged:
    """True while a line among the newest 500 matches."""
    pattern = re.compile(rule.pattern)
    line = next((line for line in reversed(run.log_tail[-_LOG_LINES:]) if pattern.search(line)), None)
    return None, line is not None, line is None, f"in the log: {line}" if line is not None else "gone by"


def _disk_free(rule: Rule, run: Run, health: RunHealth, host: HostFacts | None, now: datetime) -> Judged:
    free = None if host is None else host.disk_free_bytes
    return None if free is None else (free, *below(rule, free), f"{gigabytes(free)} disk free")


def _memory_free(rule: Rule, run: Run, health: RunHealth, host: HostFacts | None, now: datetime) -> Judged:
    free = None if host is None else host.memory_free_percent
    return None if free is None else (free, *below(rule, free), f"{number(free, 1)} % memory free")


_LOOKS: dict[Condition, Callable[[Rule, Run, RunHealth, HostFacts | None, datetime], Judged]] = {
    "checkpoint_age": _checkpoint_age,
    "step_age": _step_age,
    "crashed": _crashed,
    "log_pattern": _log_pattern,
    "disk_free": _disk_free,
    "memory_free": _memory_free,
}
