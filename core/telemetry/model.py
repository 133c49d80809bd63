"""The data model of a run as it is read: series, sources, checkpoints, identity.

Plain data without files or clocks; `core.telemetry.reader` fills it, health, alerts, checks and screens read
it. Trap avoided: a part of the history shown as if it were all of it: `Run.history` says how much is read.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec

from core.telemetry.series import Series

__all__ = [
    "Checkpoint",
    "Marker",
    "MarkerKind",
    "ProcessState",
    "Resume",
    "Run",
    "RunInfo",
    "Series",
    "Source",
    "SourceEvent",
    "SourceKind",
]

SourceKind = Literal["csv", "monitor", "progress", "tensorboard", "log", "run"]
SourceEvent = Literal["truncated", "rewritten", "replaced", "missing", "denied", "resumed", "corrupt"]
ProcessState = Literal["alive", "gone", "unseen"]
"""`unseen`: no identity known, another host, or not ours to look at."""


class Resume(msgspec.Struct, frozen=True):
    """One continuation of a run, as its `run.json` records it."""

    timestep: int
    """Of the checkpoint from which it went on."""
    at: datetime | None = None
    checkpoint: str = ""


class RunInfo(msgspec.Struct, frozen=True):
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
    hyperparameters: dict[str, float] = msgspec.field(default_factory=dict)
    resumes: tuple[Resume, ...] = ()
    """Oldest first."""


class Checkpoint(msgspec.Struct, frozen=True):
    path: Path
    timestep: int | None
    written_at: datetime


MarkerKind = Literal["checkpoint", "resume", "evaluation", "best"]


class Marker(msgspec.Struct, frozen=True):
    """Something that happened at a timestep, for the charts of the run."""

    kind: MarkerKind
    timestep: int
    time: datetime | None
    """None where it is not known."""
    text: str
    """A few words, made visible: `checkpoint`, `resumed from ppo_4096_steps.zip`."""


class Source(msgspec.Struct):
    """One followed file."""

    path: Path
    kind: SourceKind
    rows: int = 0
    malformed: int = 0
    malformed_at: list[int] = msgspec.field(default_factory=list)
    """Byte offsets of the first few malformed rows."""
    events: list[SourceEvent] = msgspec.field(default_factory=list)
    """In order, the newest 100."""
    events_at: list[datetime] = msgspec.field(default_factory=list)
    """When each of them was found."""
    noted: int = 0
    """How many events there were in all, and how many of them have their moment in `events_at`."""
    stamped: int = 0
    trouble: SourceEvent | None = None
    """`missing` or `denied` while it cannot be read."""
    metrics: tuple[str, ...] = ()
    """The metrics of `Run.series` that come from this source: one source rules each metric."""


class Run(msgspec.Struct):
    """A run as known now. Owned by one reader; others only read it."""

    info: RunInfo
    series: dict[str, Series] = msgspec.field(default_factory=dict)
    """By the metric names of `core.telemetry.metrics`."""
    sources: list[Source] = msgspec.field(default_factory=list)
    checkpoints: list[Checkpoint] = msgspec.field(default_factory=list)
    """Oldest first."""
    last_row_at: datetime | None = None
    """When new bytes last arrived: the newest source's modification time; for rows that were there at the
    first look their own time, where they have one (a copied file's modification time is the copy's)."""
    last_step_at: datetime | None = None
    """When the timestep last advanced, as far as it can be known."""
    process: ProcessState = "unseen"
    traceback: bool = False
    """A traceback stands at the end of `training.log`."""
    log_tail: list[str] = msgspec.field(default_factory=list)
    """The newest lines of `training.log`, made visible, at most 500."""
    log_count: int = 0
    """How many log lines were read so far: the number of the newest line of `log_tail`."""
    step: int | None = None
    """The newest timestep of the training rows, as read last (a resume takes it back)."""
    notes: list[str] = msgspec.field(default_factory=list)
    """What a person should know about how the run was read, one sentence each."""
    history: float = 1.0
    """Share of the run's bytes that were read. Below 1 the series hold the newest rows alone and grow to the
    whole history while it is read."""
    growing: bool = False
    """Rows were seen to arrive since the run was opened."""
    markers: list[Marker] = msgspec.field(default_factory=list)
    """Checkpoints, resumes, evaluations and the best model, by timestep; another list when they change."""

    @property
    def timestep(self) -> int | None:
        """`step` where the reader knows it, else the newest timestep of any series."""
        if self.step is not None:
            return self.step
        steps = [series.last_timestep for series in self.series.values()]
        return max((step for step in steps if step is not None), default=None)
