"""Markers of a run: checkpoints, resumes, evaluations, its own best model; resumes as segments."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from core.telemetry.reader import RunReader

DASHBOARD = "timestep,reward,kl_divergence,value_loss,policy_entropy\n"
START = datetime(2026, 2, 23, 14, 0, tzinfo=UTC)


def row(step: int) -> str:
    return f"{step},1.5,0.01,0.5,1.6\n"


def log_line(minutes: int, step: int) -> str:
    return f"{START + timedelta(minutes=minutes):%Y-%m-%d %H:%M:%S} [INFO] Step {step}/9000\n"


def write_run(folder: Path, *resumes: tuple[int, int]) -> None:
    """`resumes`: (timestep, minutes after the start)."""
    record = {
        "id": "run-1",
        "total_timesteps": 9000,
        "started_at": "2026-02-23T14:00:00Z",
        "resumes": [
            {
                "at": f"{START + timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%SZ}",
                "timestep": step,
                "checkpoint": f"ppo_{step}_steps.zip",
            }
            for step, minutes in resumes
        ],
    }
    (folder / "run.json").write_text(json.dumps(record))


def opened(folder: Path, now: datetime) -> RunReader:
    reader = RunReader(folder, now=now)
    reader.poll(now)
    return reader


def starts(reader: RunReader) -> list[float]:
    reward = reader.run.series["reward"]
    return [reward.timestep[index] for index in reward.segments]


def test_everything_that_happened_is_a_marker_in_the_order_of_its_step(tmp_path: Path, now: datetime) -> None:
    write_run(tmp_path, (2048, 5))
    (tmp_path / "convergence_dashboard.csv").write_text(DASHBOARD + row(2048) + row(4096))
    (tmp_path / "evaluations.csv").write_text(
        "timestep,mean_reward,sharpe,max_drawdown_pct,win_rate_pct,profit_factor,trades\n4096,1,0.75,3,50,1.1,20\n"
    )
    for name in ("checkpoints", "models"):
        (tmp_path / name).mkdir()
    (tmp_path / "checkpoints" / "ppo_2048_steps.zip").write_bytes(b"")
    manifest = {
        "run_id": "run-1",
        "timesteps": 4096,
        "created_at": "2026-02-23T15:00:00Z",
        "selection": {"metric": "sharpe", "value": 0.75, "trial": 1},
    }
    path = tmp_path / "models" / "best_model.manifest.json"
    path.write_text(json.dumps(manifest))
    reader = opened(tmp_path, now)
    told = [(one.kind, one.timestep, one.text) for one in reader.run.markers]
    assert told == [
        ("checkpoint", 2048, "checkpoint"),
        ("resume", 2048, "resumed from ppo_2048_steps.zip"),
        ("evaluation", 4096, "evaluation, Sharpe 0.75"),
        ("best", 4096, "best model, sharpe 0.75"),
    ]
    before = reader.run.markers
    assert not reader.poll(now) and reader.run.markers is before
    path.write_text(json.dumps({**manifest, "run_id": "another run"}))
    os.utime(path, (1, 1))
    assert reader.poll(now)
    assert [one.kind for one in reader.run.markers] == ["checkpoint", "resume", "evaluation"]


def test_a_resume_that_repeats_the_last_step_is_a_segment(tmp_path: Path, now: datetime) -> None:
    write_run(tmp_path, (2048, 60))
    (tmp_path / "convergence_dashboard.csv").write_text(
        DASHBOARD + "".join(map(row, (2048, 4096, 4096, 6144)))
    )
    reader = opened(tmp_path, now)
    assert starts(reader) == [2048, 4096]
    assert reader.run.series["reward"].segments == [0, 2]


def test_a_resume_that_goes_straight_on_is_a_segment_where_times_tell(tmp_path: Path, now: datetime) -> None:
    write_run(tmp_path, (4096, 60))
    (tmp_path / "training.log").write_text(
        "".join(log_line(*line) for line in ((1, 2048), (2, 4096), (61, 6144), (62, 8192)))
    )
    (tmp_path / "convergence_dashboard.csv").write_text(
        DASHBOARD + "".join(map(row, (2048, 4096, 6144, 8192)))
    )
    reader = opened(tmp_path, now)
    assert starts(reader) == [2048, 6144]


def test_two_rows_of_one_step_without_a_resume_are_one_segment(tmp_path: Path, now: datetime) -> None:
    write_run(tmp_path)
    (tmp_path / "convergence_dashboard.csv").write_text(DASHBOARD + row(2048) + row(4096) + row(4096))
    assert starts(opened(tmp_path, now)) == [2048]


def test_a_resume_that_is_recorded_while_it_is_watched_is_found_in_the_rows_that_come(
    tmp_path: Path, now: datetime
) -> None:
    path = tmp_path / "convergence_dashboard.csv"
    write_run(tmp_path)
    path.write_text(DASHBOARD + row(2048) + row(4096))
    reader = opened(tmp_path, now)
    write_run(tmp_path, (2048, 60))
    with path.open("a") as stream:
        stream.write(row(4096) + row(6144))
    reader.poll(now)
    assert reader.run.series["reward"].segments == [0, 2]
    reader.poll(now)
    assert reader.run.series["reward"].segments == [0, 2]
