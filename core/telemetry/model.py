"""The data model of a run as it is read: series, sources, checkpoints, identity.

Plain data without files or clocks; `core.telemetry.reader` fills it, health, alerts, checks and screens read
it. Trap avoided: joining a resumed run's steps as if nothing had happened: a step that goes back starts a
new segment.
"""

from __future__ import annotations

import math
import operator
from array import array
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

SourceKind = Literal["csv", "monitor", "progress", "tensorboard", "log"]
SourceEvent = Literal["truncated", "rewritten", "replaced", "missing", "denied", "resumed", "corrupt"]
ProcessState = Literal["alive", "gone", "unseen"]
"""`unseen`: no identity known, another host, or not ours to look at."""


class Series:
    """One metric of a run: parallel arrays in the order the rows were read, never sorted.

    `value` keeps nan and inf (gaps in a chart); `time` is the row's wall time in epoch seconds, nan where
    the source has none. `segments` holds the index at which each segment starts.

    A series only ever grows and `len` counts whole rows only, so another thread may read the first `len`
    rows while the reader appends. A source that starts over gets a new object in `Run.series`. Copy what
    is kept: an array that exports a buffer (`memoryview`, `numpy.frombuffer`) cannot grow.
    """

    __slots__ = (
        "_finite_high",
        "_finite_low",
        "_last_finite",
        "name",
        "segments",
        "time",
        "timestep",
        "value",
    )

    def __init__(self, name: str) -> None:
        self.name = name
        self.timestep = array("d")
        self.value = array("d")
        self.time = array("d")
        self.segments: list[int] = []
        self._finite_low = math.inf
        self._finite_high = -math.inf
        self._last_finite: int | None = None

    def __len__(self) -> int:
        return len(self.value)

    def append(self, timestep: float, value: float, time: float = math.nan) -> None:
        """Add one row. A timestep below the last one opens a new segment."""
        if not self.timestep or timestep < self.timestep[-1]:
            self.segments.append(len(self.value))
        if math.isfinite(value):
            self._finite_low = min(self._finite_low, value)
            self._finite_high = max(self._finite_high, value)
            self._last_finite = len(self.value)
        self.timestep.append(timestep)
        self.time.append(time)
        self.value.append(value)

    def extend(
        self, timesteps: array[float], values: array[float], times: array[float], *, rising: bool = False
    ) -> None:
        """Add many rows at once; the three arrays have one length. `rising`: the timesteps are known not to
        go back among themselves, which saves looking."""
        if len(timesteps) != len(values) or len(times) != len(values):
            raise ValueError("timesteps, values and times differ in length")
        rising = rising or all(map(operator.le, timesteps, timesteps[1:]))
        if not timesteps or not rising or not math.isfinite(sum(values)):
            for row in zip(timesteps, values, times, strict=True):
                self.append(*row)
            return
        start = len(self.value)
        if not self.timestep or timesteps[0] < self.timestep[-1]:
            self.segments.append(start)
        self._finite_low = min(self._finite_low, min(values))
        self._finite_high = max(self._finite_high, max(values))
        self._last_finite = start + len(values) - 1
        self.timestep.extend(timesteps)
        self.time.extend(times)
        self.value.extend(values)

    @property
    def last(self) -> float | None:
        """The newest value, or None when it is missing or not finite."""
        return self.value[-1] if self.value and math.isfinite(self.value[-1]) else None

    @property
    def last_finite(self) -> float | None:
        """The newest finite value."""
        return None if self._last_finite is None else self.value[self._last_finite]

    @property
    def last_timestep(self) -> int | None:
        """The timestep of the newest row."""
        return int(self.timestep[-1]) if self.timestep else None

    @property
    def minimum(self) -> float | None:
        """The least finite value."""
        return None if self._last_finite is None else self._finite_low

    @property
    def maximum(self) -> float | None:
        """The greatest finite value."""
        return None if self._last_finite is None else self._finite_high


@dataclass(frozen=True, slots=True)
class RunInfo:
    """Who a run is, from its `run.json`; what a foreign run does not say is None or empty."""

    id: str
    directory: Path
    tag: str | None = None
    symbols: tuple[str, ...] = ()
    mode: str | None = None
    total_timesteps: int | None = None
    seed: int | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    outcome: str | None = None
    """`finished` or `stopped` after a clean shutdown, `crashed` after an exception, None while it runs."""
    pid: int | None = None
    process_started: float | None = None
    """The process' start time in epoch seconds: with the pid and boot id its identity."""
    boot_id: str | None = None
    nonce: str | None = None
    host: str | None = None
    hyperparameters: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    path: Path
    timestep: int | None
    written_at: datetime


@dataclass(slots=True)
class Source:
    """One followed file."""

    path: Path
    kind: SourceKind
    rows: int = 0
    malformed: int = 0
    malformed_at: list[int] = field(default_factory=list)
    """Byte offsets of the first few malformed rows."""
    events: list[SourceEvent] = field(default_factory=list)
    """In order, the newest 100."""
    metrics: tuple[str, ...] = ()
    """The metrics of `Run.series` that come from this source: one source rules each metric."""


@dataclass(slots=True)
class Run:
    """A run as known now. Owned by one reader; others only read it."""

    info: RunInfo
    series: dict[str, Series] = field(default_factory=dict)
    """By the metric names of `core.telemetry.metrics`."""
    sources: list[Source] = field(default_factory=list)
    checkpoints: list[Checkpoint] = field(default_factory=list)
    """Oldest first."""
    last_row_at: datetime | None = None
    """When new bytes last arrived: the newest source's modification time; for rows that were there at the
    first look their own time, where they have one (a copied file's modification time is the copy's)."""
    last_step_at: datetime | None = None
    """When the timestep last advanced, as far as it can be known."""
    process: ProcessState = "unseen"
    traceback: bool = False
    """A traceback stands at the end of `training.log`."""
    log_tail: list[str] = field(default_factory=list)
    """The newest lines of `training.log`, made visible, at most 500."""
    log_count: int = 0
    """How many log lines were read so far: the number of the newest line of `log_tail`."""
    step: int | None = None
    """The newest timestep of the training rows, as read last (a resume takes it back)."""
    notes: list[str] = field(default_factory=list)
    """What a person should know about how the run was read, one sentence each."""

    @property
    def timestep(self) -> int | None:
        """`step` where the reader knows it, else the newest timestep of any series."""
        if self.step is not None:
            return self.step
        steps = [series.last_timestep for series in self.series.values()]
        return max((step for step in steps if step is not None), default=None)
