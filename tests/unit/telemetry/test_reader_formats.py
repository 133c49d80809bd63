"""What other trainers write: evaluations, monitors, progress.json, event files."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

DASHBOARD = "timestep,reward,kl_divergence,value_loss,policy_entropy\n"


def test_evaluations_are_their_own_metrics_and_no_training_step(
    files: Any, folder: Path, now: datetime
) -> None:
    (folder / "convergence_dashboard.csv").write_text(DASHBOARD + files.dashboard_row(2048))
    (folder / "evaluations.csv").write_text(
        "timestep,mean_reward,sharpe,max_drawdown_pct,win_rate_pct,profit_factor,trades\n25000,1,0.2,3,50,1.1,40\n"
    )
    reader = files.opened(folder, now)
    assert list(reader.run.series["eval_sharpe"].value) == [0.2]
    assert list(reader.run.series["reward"].value) == [1.0]
    assert reader.run.timestep == 2048


def test_several_monitors_are_merged_by_time(files: Any, folder: Path, now: datetime) -> None:
    (folder / "0.monitor.csv").write_text(
        '#{"t_start": 1000.0, "env_id": "E"}\nr,l,t\n1.0,10,1.0\n3.0,10,5.0\n'
    )
    (folder / "1.monitor.csv").write_text('#{"t_start": 1001.0, "env_id": "E"}\nr,l,t\n2.0,20,1.0\n')
    reader = files.opened(folder, now)
    reward = reader.run.series["reward"]
    assert list(reward.timestep) == [10, 30, 40]
    assert list(reward.value) == [1.0, 1.5, 2.0]
    assert list(reward.time) == [1001.0, 1002.0, 1005.0]
    assert reader.run.timestep == 40


def test_a_monitor_reward_is_the_mean_of_the_last_hundred(files: Any, folder: Path, now: datetime) -> None:
    path = folder / "monitor.csv"
    rows = "".join(f"{row},10,{row}.5\n" for row in range(150))
    path.write_text('#{"t_start": 0.0}\nr,l,t\n' + rows + "x,10,1\n5,-1,1\n5,10\n")
    reader = files.opened(path, now)
    assert reader.run.series["reward"].last == sum(range(50, 150)) / 100
    assert reader.run.series["episode_length"].last == 10
    assert (files.source(reader, "monitor.csv").kind, files.source(reader, "monitor.csv").rows) == (
        "monitor",
        150,
    )
    assert files.source(reader, "monitor.csv").malformed == 3
    files.append(path, "150,10,150.5\n")
    reader.poll(now)
    assert reader.run.series["reward"].last == sum(range(51, 151)) / 100
    assert len(reader.run.series["reward"]) == 151


def test_a_monitor_started_again_starts_over(files: Any, folder: Path, now: datetime) -> None:
    path = folder / "monitor.csv"
    path.write_text('#{"t_start": 0.0}\nr,l,t\n1,10,1\n2,10,2\n')
    reader = files.opened(folder, now)
    path.write_text('#{"t_start": 9.0}\nr,l,t\n7,10,1\n')
    reader.poll(now)
    assert list(reader.run.series["reward"].value) == [7.0]
    assert files.source(reader, "monitor.csv").events == ["truncated"]


def test_progress_json(files: Any, folder: Path, now: datetime) -> None:
    (folder / "progress.json").write_text('{"time/total_timesteps": 2048, "train/entropy_loss": -1.5}\n')
    reader = files.opened(folder, now)
    assert list(reader.run.series["entropy"].value) == [1.5]
    assert files.source(reader, "progress.json").kind == "progress"


def test_event_files_of_one_folder_are_one_log_in_order(
    files: Any, folder: Path, now: datetime, scalar_record: Callable[..., bytes]
) -> None:
    (folder / "events.out.tfevents.200.h").write_bytes(scalar_record("train/approx_kl", 3000, 0.3))
    (folder / "events.out.tfevents.100.h").write_bytes(scalar_record("train/approx_kl", 2048, 0.1))
    reader = files.opened(folder, now)
    assert files.steps(reader, "approx_kl") == [2048, 3000]
    (folder / "events.out.tfevents.300.h").write_bytes(scalar_record("train/approx_kl", 1000, 0.5))
    reader.poll(now)
    assert files.steps(reader, "approx_kl") == [2048, 3000, 1000]
    assert reader.run.series["approx_kl"].segments == [0, 2]
    assert [one.events for one in reader.run.sources] == [[], [], ["resumed"]]


def test_of_several_tensorboard_runs_the_newest_is_read_and_it_is_said(
    files: Any, folder: Path, now: datetime, scalar_record: Callable[..., bytes]
) -> None:
    for number in (1, 2):
        (folder / f"PPO_{number}").mkdir()
        (folder / f"PPO_{number}" / f"events.out.tfevents.{number}00.h").write_bytes(
            scalar_record("train/approx_kl", 2048 * number, 0.1)
        )
    reader = files.opened(folder, now)
    assert files.steps(reader, "approx_kl") == [4096]
    assert any("PPO_2 is read" in note for note in reader.run.notes)


def test_a_corrupt_event_is_an_event_and_the_rest_is_read(
    files: Any, folder: Path, now: datetime, scalar_record: Callable[..., bytes]
) -> None:
    records = [bytearray(scalar_record("train/approx_kl", step, 0.1)) for step in (1, 2, 3)]
    records[1][20] ^= 1
    (folder / "events.out.tfevents.1.h").write_bytes(b"".join(records) + records[0][:9])
    reader = files.opened(folder, now)
    assert files.steps(reader, "approx_kl") == [1, 3]
    assert (reader.run.sources[0].events, reader.run.sources[0].malformed) == (["corrupt"], 1)


def test_a_truncated_event_file_is_read_again(
    files: Any, folder: Path, now: datetime, scalar_record: Callable[..., bytes]
) -> None:
    path = folder / "events.out.tfevents.1.h"
    path.write_bytes(scalar_record("train/approx_kl", 1, 0.1) + scalar_record("train/approx_kl", 2, 0.1))
    reader = files.opened(folder, now)
    path.write_bytes(scalar_record("train/approx_kl", 1, 0.7))
    reader.poll(now)
    assert list(reader.run.series["approx_kl"].value) == [pytest.approx(0.7)]
    assert reader.run.sources[0].events == ["truncated"]
