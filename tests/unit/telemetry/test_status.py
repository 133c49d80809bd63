"""The status JSON: the interface's keys, null for what is missing, never NaN."""

from __future__ import annotations

import json
import math
import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

from core.config.settings import Health as HealthSettings
from core.telemetry.health import assess
from core.telemetry.model import Checkpoint, Run, RunInfo, Series, Source
from core.telemetry.reader import RunReader
from core.telemetry.status import build_status


@dataclass(frozen=True)
class Alert:
    rule: str = "kl_spike"
    state: str = "firing"
    severity: str = "critical"
    value: float | None = 0.2
    threshold: float | None = 0.1
    since_timestep: int | None = 4096


def no_constant(name: str) -> NoReturn:
    raise AssertionError(f"{name} in JSON")


def as_json(run: Run, now: datetime, alerts: tuple[Alert, ...] = ()) -> dict[str, Any]:
    status = build_status(run, assess(run, HealthSettings(), now), alerts, now)
    loaded: dict[str, Any] = json.loads(status.json(), parse_constant=no_constant)
    return loaded


def run_with(values: list[float], **info: Any) -> Run:
    run = Run(RunInfo(id="r", directory=Path("/r"), **info))
    series = Series("approx_kl")
    for row, value in enumerate(values):
        series.append(2048 * (row + 1), value)
    run.series["approx_kl"] = series
    return run


def test_the_interfaces_keys(now: datetime) -> None:
    run = run_with([0.01] * 5, tag="T", symbols=("A",), mode="paper", total_timesteps=20_480)
    run.sources = [
        Source(Path("/r/a.csv"), "csv", rows=5, malformed=1, malformed_at=[7], events=["rewritten"])
    ]
    run.checkpoints = [Checkpoint(Path("/c"), 2048, now - timedelta(hours=1))]
    run.last_row_at = now - timedelta(seconds=3)
    shown = as_json(run, now, (Alert(), Alert(state="inactive")))
    assert shown["schema_version"] == 1 and shown["generated_at"] == "2026-02-24T10:00:00Z"
    assert shown["run"] == {"id": "r", "tag": "T", "symbols": ["A"], "mode": "paper", "directory": "/r"}
    assert (shown["timestep"], shown["total_timesteps"], shown["progress"]) == (10_240, 20_480, 0.5)
    assert shown["last_row_age_seconds"] == 3
    assert shown["checkpoint"] == {"path": "/c", "age_seconds": 3600, "count": 1}
    assert set(shown["metrics"]["approx_kl"]) == {
        "last",
        "last_finite",
        "timestep",
        "min",
        "max",
        "points",
        "trend",
        "slope_per_step",
    }
    assert shown["alerts"] == [
        {
            "rule": "kl_spike",
            "state": "firing",
            "severity": "critical",
            "value": 0.2,
            "threshold": 0.1,
            "since_timestep": 4096,
        }
    ]
    assert shown["sources"][0]["kind"] == "csv" and shown["sources"][0]["events"] == ["rewritten"]
    assert {"status", "steps_per_second", "eta_seconds"} <= set(shown)


def test_only_metrics_that_were_seen_have_a_key(now: datetime) -> None:
    assert set(as_json(run_with([0.1]), now)["metrics"]) == {"approx_kl"}
    assert as_json(Run(RunInfo(id="r", directory=Path("/r"))), now)["metrics"] == {}


def test_last_is_null_when_the_newest_is_not_finite(now: datetime) -> None:
    for value in (math.nan, math.inf, -math.inf):
        shown = as_json(run_with([0.25, value]), now, (Alert(value=value),))
        kl = shown["metrics"]["approx_kl"]
        assert (kl["last"], kl["last_finite"], kl["max"], kl["points"], kl["timestep"]) == (
            None,
            0.25,
            0.25,
            2,
            4096,
        )
        assert (kl["trend"], kl["slope_per_step"]) == ("UNKNOWN", None)
        assert shown["alerts"][0]["value"] is None


def test_a_metric_without_one_finite_value_is_all_null(now: datetime) -> None:
    kl = as_json(run_with([math.nan] * 10), now)["metrics"]["approx_kl"]
    assert (kl["last"], kl["last_finite"], kl["min"], kl["max"], kl["points"]) == (None, None, None, None, 10)


def test_huge_values_stay_json(now: datetime) -> None:
    """Sums of the largest floats overflow: the slope is null, not Infinity."""
    shown = as_json(run_with([1.7e308, -1.7e308] * 5), now)
    assert shown["metrics"]["approx_kl"]["max"] == 1.7e308


def test_nothing_known_is_absent_with_nulls(now: datetime) -> None:
    shown = as_json(Run(RunInfo(id="r", directory=Path("/r"))), now)
    assert shown["status"] == "ABSENT"
    nulls = (
        "timestep",
        "total_timesteps",
        "progress",
        "steps_per_second",
        "eta_seconds",
        "last_row_age_seconds",
    )
    assert all(shown[key] is None for key in nulls)
    assert shown["checkpoint"] == {"path": None, "age_seconds": None, "count": 0}


def test_a_run_without_a_row_has_no_age_of_one(now: datetime) -> None:
    """What was written just now is a header, or a log."""
    run = Run(RunInfo(id="r", directory=Path("/r"), started_at=now))
    run.last_row_at = now
    assert as_json(run, now)["last_row_age_seconds"] is None


def test_the_age_of_the_last_row_is_no_younger_log_line_s(now: datetime) -> None:
    run = run_with([0.01])
    run.step, run.last_row_at = 2048, now
    run.series["approx_kl"].time[0] = (now - timedelta(hours=2)).timestamp()
    assert as_json(run, now)["last_row_age_seconds"] == 7200


def test_evaluations_stand_apart_from_the_interfaces_metrics(now: datetime) -> None:
    run = run_with([0.1])
    series = Series("eval_sharpe")
    series.append(1, 0.5)
    run.series["eval_sharpe"] = series
    shown = as_json(run, now)
    assert set(shown["metrics"]) == {"approx_kl"}
    assert shown["other_metrics"]["eval_sharpe"]["last"] == 0.5


def test_a_real_tensorboard_run(real_data: Path, now: datetime) -> None:
    reader = RunReader(real_data / "tensorboard" / "PPO_2", now=now)
    reader.poll(now)
    shown = as_json(reader.run, now)
    reader.close()
    assert shown["metrics"]["approx_kl"]["points"] == 122
    assert shown["metrics"]["steps_per_second"]["points"] == 123
    assert shown["timestep"] == 503_808
    assert (shown["run"]["id"], shown["total_timesteps"], shown["progress"]) == ("PPO_2", None, None)
    assert "reward" not in shown["metrics"]
    assert shown["metrics"]["entropy"]["last"] > 0
    assert 100 < shown["steps_per_second"] < 250
    assert shown["status"] == "SILENT"
    assert shown["sources"][0]["malformed"] == 0


def test_a_real_monitor(real_data: Path, now: datetime) -> None:
    path = real_data / "sb3" / "acrobot.monitor.csv"
    reader = RunReader(path, now=now)
    reader.poll(now)
    shown = as_json(reader.run, now)
    rows = [line.split(",") for line in path.read_text().splitlines()[2:]]
    assert shown["metrics"]["reward"]["points"] == len(rows)
    assert shown["metrics"]["reward"]["last"] == sum(float(row[0]) for row in rows[-100:]) / 100
    assert shown["timestep"] == sum(int(row[1]) for row in rows)
    assert shown["sources"][0]["kind"] == "monitor"


def test_a_file_name_of_any_bytes_is_shown_and_encoded(now: datetime, tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"run-\xff-\x1b[31m")
    folder.mkdir()
    (folder / "progress.csv").write_text("timestep,approx_kl\n1,2\n")
    reader = RunReader(folder, now=now)
    reader.poll(now)
    shown = as_json(reader.run, now)
    reader.close()
    assert shown["run"]["id"] == "run-\ufffd-\u241b[31m"
    assert "\x1b" not in shown["sources"][0]["path"]
