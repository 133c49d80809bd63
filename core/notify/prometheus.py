"""The run and its alerts as a Prometheus text file, for node_exporter's textfile collector.

Format: https://prometheus.io/docs/instrumenting/exposition_formats/ (text, version 0.0.4). Traps avoided: a
half-written file, and a temporary one whose name ends in `.prom` and is collected, too.
"""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from core.alerts.rule import RunStatus
from core.alerts.view import AlertView
from core.errors import UnreadableError
from core.files import sync_folder
from core.telemetry.health import Health
from core.telemetry.model import Run

_STATUSES: tuple[RunStatus, ...] = (
    "RUNNING",
    "STALLED",
    "SILENT",
    "CRASHED",
    "STOPPED",
    "FINISHED",
    "ABSENT",
)
_Sample = tuple[Mapping[str, str], float | int | None]


def exposition(
    run: Run, health: Health, alerts: Sequence[AlertView], outbox: Mapping[str, int], now: datetime
) -> str:
    """The whole text. A missing value has no line; nan and inf are written as Prometheus spells them."""
    name = {"run": run.info.tag or run.info.id}
    firing = [alert for alert in alerts if alert.firing]
    pace = health.steps_per_second if health.status in ("RUNNING", "STALLED") else None
    checkpoint = run.checkpoints[-1].written_at.timestamp() if run.checkpoints else None
    families: list[tuple[str, str, str, list[_Sample]]] = [
        (
            "ppo_watch_heartbeat_seconds",
            "gauge",
            "Unix time of the watch's last look.",
            [({}, now.timestamp())],
        ),
        (
            "ppo_run_status",
            "gauge",
            "1 for the state that the run is in.",
            [({**name, "status": each}, int(each == health.status)) for each in _STATUSES],
        ),
        ("ppo_run_timestep", "gauge", "Newest timestep.", [(name, run.timestep)]),
        (
            "ppo_run_timesteps_total",
            "gauge",
            "Timesteps the run is to reach.",
            [(name, run.info.total_timesteps)],
        ),
        (
            "ppo_run_steps_per_second",
            "gauge",
            "Pace of the newest rows, while it makes steps.",
            [(name, pace)],
        ),
        (
            "ppo_run_step_age_seconds",
            "gauge",
            "Seconds since the timestep last advanced.",
            [(name, health.step_age_seconds)],
        ),
        (
            "ppo_run_checkpoint_timestamp_seconds",
            "gauge",
            "Unix time of the newest checkpoint.",
            [(name, checkpoint)],
        ),
        (
            "ppo_metric",
            "gauge",
            "Newest value of a metric of the run.",
            [
                ({**name, "metric": metric}, series.value[len(series) - 1])
                for metric, series in sorted(run.series.items())
                if len(series)
            ],
        ),
        (
            "ppo_alert_firing",
            "gauge",
            "1 for each alert that fires.",
            [
                (
                    {
                        **name,
                        "rule": alert.rule,
                        "severity": alert.severity,
                        "acknowledged": str(alert.acknowledged).lower(),
                        "silenced": str(alert.silenced).lower(),
                    },
                    1,
                )
                for alert in sorted(firing, key=lambda alert: alert.rule)
            ],
        ),
        (
            "ppo_alerts_firing",
            "gauge",
            "How many alerts fire, by severity.",
            [
                ({"severity": severity}, sum(alert.severity == severity for alert in firing))
                for severity in ("critical", "warning", "info")
            ],
        ),
        (
            "ppo_notifications",
            "gauge",
            "Notifications in the outbox, by what became of them.",
            [({"status": status}, count) for status, count in sorted(outbox.items())],
        ),
    ]
    return "".join(_family(*family) for family in families)


def write_metrics(path: Path, text: str) -> None:
    """Replace the file, whole or not at all. Raises UnreadableError."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise UnreadableError(
            f"{path} could not be written: {error.strerror}", hint="Check the folder given to --metrics-file."
        ) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def _family(name: str, kind: str, help_text: str, samples: Iterable[_Sample]) -> str:
    lines = [f"{name}{_labels(labels)} {_value(value)}\n" for labels, value in samples if value is not None]
    return "".join([f"# HELP {name} {help_text}\n# TYPE {name} {kind}\n", *lines]) if lines else ""


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    pairs = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return f"{{{pairs}}}"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _value(value: float | int) -> str:
    if isinstance(value, int):
        return str(value)
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return repr(value)
