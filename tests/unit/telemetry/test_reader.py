"""A run is read from its files: whose rows count, what is listed, what a poll costs."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.telemetry.reader import RunReader

DASHBOARD = "timestep,reward,kl_divergence,value_loss,policy_entropy\n"
METRICS = "timestep,policy_loss,value_loss,entropy,approx_kl,clip_fraction\n"


def test_our_two_csvs_share_columns_and_no_point_is_doubled(files: Any, folder: Path, now: datetime) -> None:
    (folder / "convergence_dashboard.csv").write_text(
        DASHBOARD + files.dashboard_row(2048) + files.dashboard_row(4096)
    )
    (folder / "training_metrics.csv").write_text(METRICS + files.metrics_row(2048) + files.metrics_row(4096))
    reader = files.opened(folder, now)
    assert set(reader.run.series) == {
        "reward",
        "approx_kl",
        "value_loss",
        "entropy",
        "policy_loss",
        "clip_fraction",
    }
    assert all(files.steps(reader, name) == [2048, 4096] for name in reader.run.series)
    assert files.source(reader, "convergence_dashboard.csv").metrics == (
        "reward",
        "approx_kl",
        "value_loss",
        "entropy",
    )
    assert files.source(reader, "training_metrics.csv").metrics == ("policy_loss", "clip_fraction")
    assert [one.rows for one in reader.run.sources] == [2, 2]
    assert reader.run.timestep == 4096


def test_a_better_source_takes_a_metric_over_with_all_its_rows(
    files: Any, folder: Path, now: datetime, scalar_record: Callable[..., bytes]
) -> None:
    """TensorBoard, then progress.csv, then our CSV: the first in rank rules, whenever it comes."""
    (folder / "tensorboard").mkdir()
    events = folder / "tensorboard" / "events.out.tfevents.1.host.1.0"
    events.write_bytes(b"".join(scalar_record("train/approx_kl", 2048 * row, 0.1) for row in (1, 2, 3)))
    reader = files.opened(folder, now)
    assert files.steps(reader, "approx_kl") == [2048, 4096, 6144]
    (folder / "progress.csv").write_text("time/total_timesteps,train/approx_kl\n2048,0.2\n4096,0.2\n")
    reader.poll(now)
    assert list(reader.run.series["approx_kl"].value) == [0.2, 0.2]
    (folder / "convergence_dashboard.csv").write_text(DASHBOARD + files.dashboard_row(2048))
    reader.poll(now)
    assert list(reader.run.series["approx_kl"].value) == [0.01]
    files.append(folder / "progress.csv", "6144,0.2\n")
    with events.open("ab") as stream:
        stream.write(scalar_record("train/approx_kl", 8192, 0.1))
    reader.poll(now)
    assert list(reader.run.series["approx_kl"].value) == [0.01]
    assert [one.path.name for one in reader.run.sources if "approx_kl" in one.metrics] == [
        "convergence_dashboard.csv"
    ]


def test_poll_says_whether_anything_changed(files: Any, folder: Path, now: datetime) -> None:
    path = folder / "convergence_dashboard.csv"
    path.write_text(DASHBOARD + files.dashboard_row(2048))
    reader = RunReader(folder, now=now)
    assert reader.poll(now)
    assert not reader.poll(now)
    files.append(path, files.dashboard_row(4096))
    assert reader.poll(now)
    assert not reader.poll(now)


def test_the_cost_of_a_row_does_not_grow_with_the_file(
    files: Any, folder: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / "convergence_dashboard.csv"
    path.write_text(DASHBOARD + "".join(files.dashboard_row(2048 * row) for row in range(1, 20_001)))
    reader = files.opened(folder, now)
    read = 0
    real = os.pread

    def counting(handle: int, length: int, offset: int) -> bytes:
        nonlocal read
        data = real(handle, length, offset)
        read += len(data)
        return data

    monkeypatch.setattr(os, "pread", counting)
    files.append(path, files.dashboard_row(2048 * 20_001))
    reader.poll(now)
    assert len(reader.run.series["reward"]) == 20_001
    assert read < 2000


def test_one_csv_is_a_run(files: Any, folder: Path, now: datetime) -> None:
    (folder / "training_metrics.csv").write_text(METRICS + files.metrics_row(2048))
    (folder / "convergence_dashboard.csv").write_text(DASHBOARD + files.dashboard_row(9999))
    reader = files.opened(folder / "training_metrics.csv", now)
    assert reader.run.info.id == "training_metrics"
    assert files.steps(reader, "approx_kl") == [2048]
    assert len(reader.run.sources) == 1


def test_another_trainers_csv_in_the_folder_is_read_and_a_table_of_trades_is_not(
    files: Any, folder: Path, now: datetime
) -> None:
    (folder / "mine.csv").write_text("step,reward\n10,1\n")
    (folder / "trades.csv").write_text("exit_time,pnl\n1,2\n")
    reader = files.opened(folder, now)
    assert [one.path.name for one in reader.run.sources] == ["mine.csv"]
    assert files.steps(reader, "reward") == [10]


def test_checkpoints_are_listed_oldest_first(
    files: Any, folder: Path, now: datetime, touch: Callable[[Path, datetime], None]
) -> None:
    (folder / "checkpoints").mkdir()
    for age, name in (
        (2, "ppo_50000_steps.zip"),
        (1, "rl_model_100000_steps.zip"),
        (0, ".ppo-tmp-1_5_steps.zip"),
    ):
        path = folder / "checkpoints" / name
        path.write_bytes(b"x")
        touch(path, now - timedelta(hours=age))
    (folder / "checkpoints" / "best_model.zip").write_bytes(b"x")
    found = files.opened(folder, now).run.checkpoints
    assert [one.timestep for one in found] == [50_000, 100_000]
    assert found[-1].written_at == now - timedelta(hours=1)


def test_closing_leaves_no_descriptor_open(
    files: Any, folder: Path, now: datetime, scalar_record: Callable[..., bytes]
) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    (folder / "convergence_dashboard.csv").write_text(DASHBOARD + files.dashboard_row(2048))
    (folder / "monitor.csv").write_text("#{}\nr,l,t\n1,1,1\n")
    (folder / "training.log").write_text("x\n")
    (folder / "events.out.tfevents.1.h").write_bytes(scalar_record("a", 1, 0.1))
    reader = files.opened(folder, now)
    assert len(list(Path("/proc/self/fd").iterdir())) == before + 4
    reader.close()
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_malformed_rows_are_counted_with_their_offsets(files: Any, folder: Path, now: datetime) -> None:
    path = folder / "convergence_dashboard.csv"
    path.write_text(DASHBOARD + "2048,1_0,0.01,0.5,1.6\n" + files.dashboard_row(4096) + "6144,1\n")
    reader = files.opened(folder, now)
    found = files.source(reader, path.name)
    assert (found.rows, found.malformed) == (1, 2)
    assert found.malformed_at == [
        len(DASHBOARD),
        len(DASHBOARD) + len("2048,1_0,0.01,0.5,1.6\n" + files.dashboard_row(4096)),
    ]


def test_nan_rows_stay_rows(files: Any, folder: Path, now: datetime) -> None:
    (folder / "convergence_dashboard.csv").write_text(
        DASHBOARD + files.dashboard_row(2048) + "4096,nan,inf,0.5,1.6\n"
    )
    reader = files.opened(folder, now)
    reward = reader.run.series["reward"]
    assert (len(reward), reward.last, reward.last_finite) == (2, None, 1.0)
