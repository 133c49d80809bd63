"""The status of a run as other programs read it: `ppo-console status --json`.

Owns the shape and the encoding. Trap avoided: NaN in JSON; a value that is missing or not finite is null
here, and `last_finite` stands beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import msgspec

from core.alerts.rule import RunStatus, Severity
from core.clock import iso
from core.telemetry.as_of import last_row
from core.telemetry.metrics import STATUS_NAMES, metric
from core.telemetry.model import SourceEvent, SourceKind
from core.telemetry.trend import TrendWord, slope_per_step, trend_word
from core.text import visible
from core.units import finite

if TYPE_CHECKING:
    from core.telemetry.health import Health
    from core.telemetry.model import Run, Series

SCHEMA_VERSION = 1


class AlertLike(Protocol):
    """What an alert shows here; `core.alerts.engine.AlertView` fits."""

    @property
    def rule(self) -> str: ...
    @property
    def state(self) -> Any: ...
    @property
    def severity(self) -> Any: ...
    @property
    def value(self) -> float | None: ...
    @property
    def threshold(self) -> float | None: ...
    @property
    def since_timestep(self) -> int | None: ...


class RunStatusInfo(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    tag: str | None
    symbols: tuple[str, ...]
    mode: str | None
    directory: str


class CheckpointStatus(msgspec.Struct, frozen=True, kw_only=True):
    path: str | None
    age_seconds: float | None
    count: int


class MetricStatus(msgspec.Struct, frozen=True, kw_only=True):
    last: float | None
    """null when the newest value is not finite."""
    last_finite: float | None
    timestep: int | None
    """Of the newest row."""
    min: float | None
    max: float | None
    points: int
    trend: TrendWord
    slope_per_step: float | None


class AlertStatus(msgspec.Struct, frozen=True, kw_only=True):
    rule: str
    state: Literal["pending", "firing", "resolved", "nodata"]
    severity: Severity
    value: float | None
    threshold: float | None
    since_timestep: int | None


class SourceStatus(msgspec.Struct, frozen=True, kw_only=True):
    path: str
    kind: SourceKind
    rows: int
    malformed: int
    events: tuple[SourceEvent, ...]
    malformed_at: tuple[int, ...] = ()
    """Byte offsets of the first few malformed rows."""
    metrics: tuple[str, ...] = ()
    """The metrics that this source rules."""


class Status(msgspec.Struct, frozen=True, kw_only=True):
    schema_version: int = SCHEMA_VERSION
    generated_at: str
    run: RunStatusInfo
    status: RunStatus
    reason: str
    late: bool
    timestep: int | None
    total_timesteps: int | None
    progress: float | None
    steps_per_second: float | None
    eta_seconds: float | None
    last_row_age_seconds: float | None
    checkpoint: CheckpointStatus
    metrics: dict[str, MetricStatus]
    """The metrics of the interface; only those that were seen."""
    other_metrics: dict[str, MetricStatus]
    """Evaluations and columns that only this run has."""
    alerts: tuple[AlertStatus, ...]
    sources: tuple[SourceStatus, ...]
    notes: tuple[str, ...] = ()

    def json(self) -> bytes:
        """The JSON of the interface, UTF-8, without NaN."""
        return msgspec.json.encode(self)


def build_status(run: Run, health: Health, alerts: Iterable[AlertLike], now: datetime) -> Status:
    """The status of `run` at `now`; alerts that are inactive are left out."""
    written = (last_row(run) or run.last_row_at) if run.timestep is not None else None
    age = None if written is None else max(0.0, (now - written).total_seconds())
    seen = {name: metric_status(series) for name, series in sorted(run.series.items()) if len(series)}
    return Status(
        generated_at=iso(now),
        run=RunStatusInfo(
            id=run.info.id,
            tag=run.info.tag,
            symbols=run.info.symbols,
            mode=run.info.mode,
            directory=_shown(run.info.directory),
        ),
        status=health.status,
        reason=health.reason,
        late=health.late,
        timestep=run.timestep,
        total_timesteps=run.info.total_timesteps,
        progress=finite(health.progress),
        steps_per_second=finite(health.steps_per_second),
        eta_seconds=finite(health.eta_seconds),
        last_row_age_seconds=finite(age),
        checkpoint=_checkpoint(run, now),
        metrics={name: seen[name] for name in STATUS_NAMES if name in seen},
        other_metrics={name: shown for name, shown in seen.items() if name not in STATUS_NAMES},
        alerts=_alerts(list(alerts)),
        sources=tuple(
            SourceStatus(
                path=_shown(source.path),
                kind=source.kind,
                rows=source.rows,
                malformed=source.malformed,
                events=tuple(source.events),
                malformed_at=tuple(source.malformed_at),
                metrics=source.metrics,
            )
            for source in run.sources
        ),
        notes=tuple(run.notes),
    )


def metric_status(series: Series) -> MetricStatus:
    """One metric as the interface shows it."""
    return MetricStatus(
        last=series.last,
        last_finite=series.last_finite,
        timestep=series.last_timestep,
        min=series.minimum,
        max=series.maximum,
        points=len(series),
        trend=trend_word(series, metric(series.name).trend_limit),
        slope_per_step=finite(slope_per_step(series)),
    )


def _checkpoint(run: Run, now: datetime) -> CheckpointStatus:
    if not run.checkpoints:
        return CheckpointStatus(path=None, age_seconds=None, count=0)
    newest = run.checkpoints[-1]
    age = max(0.0, (now - newest.written_at).total_seconds())
    return CheckpointStatus(path=_shown(newest.path), age_seconds=age, count=len(run.checkpoints))


def _alerts(alerts: Sequence[AlertLike]) -> tuple[AlertStatus, ...]:
    return tuple(
        AlertStatus(
            rule=alert.rule,
            state=alert.state,
            severity=alert.severity,
            value=finite(alert.value),
            threshold=finite(alert.threshold),
            since_timestep=alert.since_timestep,
        )
        for alert in alerts
        if alert.state != "inactive"
    )


def _shown(path: Path) -> str:
    """A path as text: a file name may hold bytes that are no UTF-8, and control characters."""
    return visible(str(path), 4096)
