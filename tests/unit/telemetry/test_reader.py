"""The run reader over run folders, single files and what happens to them."""

from __future__ import annotations

import json
import math
import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.config.settings import Settings
from core.errors import UnreadableError, UsageError
from core.telemetry.health import assess
from core.telemetry.reader import RunReader

DASHBOARD = "timestep,reward,kl_divergence,value_loss,policy_entropy\n"
METRICS = "timestep,policy_loss,value_loss,entropy,approx_kl,clip_fraction\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "ppo_training"
    made.mkdir()
    return made


def dashboard_row(step: int, reward: float = 1.0) -> str:
    return f"{step},{reward},0.01,0.5,1.6\n"


def metrics_row(step: int) -> str:
    return f"{step},0.02,0.5,1.6,0.01,0.1\n"


def append(path: Path, text: str) -> None:
    with path.open("a") as stream:
        stream.write(text)


def write_run(folder: Path, **values: Any) -> None:
    run = {
        "id": "20260223-F12",
        "tag": "F12",
        "symbols": ["OGNUSDT"],
        "mode": "paper",
        "total_timesteps": 500_000,
    }
    (folder / "run.json").write_text(json.dumps({**run, "started_at": "2026-02-23T14:00:00Z", **values}))


def opened(target: Path, now: datetime) -> RunReader:
    reader = RunReader(target, now=now)
    reader.poll(now)
    return reader


def steps(reader: RunReader, name: str) -> list[float]:
    return list(reader.run.series[name].timestep) if name in reader.run.series else []


def source(reader: RunReader, name: str) -> Any:
    return next(one for one in reader.run.sources if one.path.name == name)


def test_our_two_csvs_share_columns_and_no_point_is_doubled(folder: Path, now: datetime) -> None:
    (folder / "convergence_dashboard.csv").write_text(DASHBOARD + dashboard_row(2048) + dashboard_row(4096))
    (folder / "training_metrics.csv").write_text(METRICS + metrics_row(2048) + metrics_row(4096))
    reader = opened(folder, now)
    assert set(reader.run.series) == {
        "reward",
        "approx_kl",
        "value_loss",
        "entropy",
        "policy_loss",
        "clip_fraction",
    }
    assert all(steps(reader, name) == [2048, 4096] for name in reader.run.series)
    assert source(reader, "convergence_dashboard.csv").metrics == (
        "reward",
        "approx_kl",
        "value_loss",
        "entropy",
    )
    assert source(reader, "training_metrics.csv").metrics == ("policy_loss", "clip_fraction")
    assert [one.rows for one in reader.run.sources] == [2, 2]
    assert reader.run.timestep == 4096


def test_a_better_source_takes_a_metric_over_with_all_its_rows(
    folder: Path, now: datetime, scalar_record: Callable[..., bytes]
) -> None:
    """TensorBoard, then progress.csv, then our CSV: the first in rank rules, whenever it comes."""
    (folder / "tensorboard").mkdir()
    events = folder / "tensorboard" / "events.out.tfevents.1.host.1.0"
    events.write_bytes(b"".join(scalar_record("train/approx_kl", 2048 * row, 0.1) for row in (1, 2, 3)))
    reader = opened(folder, now)
    assert steps(reader, "approx_kl") == [2048, 4096, 6144]
    (folder / "progress.csv").write_text("time/total_timesteps,train/approx_kl\n2048,0.2\n4096,0.2\n")
    reader.poll(now)
    assert list(reader.run.series["approx_kl"].value) == [0.2, 0.2]
    (folder / "convergence_dashboard.csv").write_text(DASHBOARD + dashboard_row(2048))
    reader.poll(now)
    assert list(reader.run.series["approx_kl"].value) == [0.01]
    append(folder / "progress.csv", "6144,0.2\n")
    with events.open("ab") as stream:
        stream.write(scalar_record("train/approx_kl", 8192, 0.1))
    reader.poll(now)
    assert list(reader.run.series["approx_kl"].value) == [0.01]
    assert [one.path.name for one in reader.run.sources if "approx_kl" in one.metrics] == [
        "convergence_dashboard.csv"
    ]


def test_poll_says_whether_anything_changed(folder: Path, now: datetime) -> None:
    path = folder / "convergence_dashboard.csv"
    path.write_text(DASHBOARD + dashboard_row(2048))
    reader = RunReader(folder, now=now)
    assert reader.poll(now)
    assert not reader.poll(now)
    append(path, dashboard_row(4096))
    assert reader.poll(now)
    assert not reader.poll(now)


def test_the_cost_of_a_row_does_not_grow_with_the_file(
    folder: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / "convergence_dashboard.csv"
    path.write_text(DASHBOARD + "".join(dashboard_row(2048 * row) for row in range(1, 20_001)))
    reader = opened(folder, now)
    read = 0
    real = os.pread

    def counting(handle: int, length: int, offset: int) -> bytes:
        nonlocal read
        data = real(handle, length, offset)
        read += len(data)
        return data

    monkeypatch.setattr(os, "pread", counting)
    append(path, dashboard_row(2048 * 20_001))
    reader.poll(now)
    assert len(reader.run.series["reward"]) == 20_001
    assert read < 2000


def test_a_resume_is_a_segment_and_an_event(folder: Path, now: datetime) -> None:
    path = folder / "convergence_dashboard.csv"
    path.write_text(DASHBOARD + "".join(dashboard_row(2048 * row) for row in range(1, 6)))
    reader = opened(folder, now)
    append(path, dashboard_row(6144) + dashboard_row(8192))
    reader.poll(now)
    series = reader.run.series["reward"]
    assert list(series.timestep) == [2048, 4096, 6144, 8192, 10240, 6144, 8192]
    assert series.segments == [0, 5]
    assert source(reader, path.name).events == ["resumed"]
    assert reader.run.timestep == 8192


def test_a_rewritten_csv_neither_loses_nor_doubles_rows(folder: Path, now: datetime) -> None:
    """stable-baselines3's in-place rewrite with a new header on row 2."""
    path = folder / "progress.csv"
    path.write_text("time/total_timesteps,rollout/ep_rew_mean\n2048,1\n")
    reader = opened(folder, now)
    with path.open("r+") as stream:
        stream.write("time/total_timesteps,rollout/ep_rew_mean,train/approx_kl\n2048,1,\n4096,2,0.01\n")
    for _ in range(3):
        reader.poll(now)
    assert list(zip(steps(reader, "reward"), reader.run.series["reward"].value, strict=True)) == [
        (2048, 1),
        (4096, 2),
    ]
    assert steps(reader, "approx_kl") == [4096]
    assert (source(reader, path.name).rows, source(reader, path.name).events) == (2, ["rewritten"])


def test_a_series_that_starts_over_is_a_new_object_and_the_old_one_stands(
    folder: Path, now: datetime
) -> None:
    """A screen that still draws the old object is not disturbed."""
    path = folder / "progress.csv"
    path.write_text("timestep,reward\n2048,1\n4096,2\n")
    reader = opened(folder, now)
    old = reader.run.series["reward"]
    path.write_text("timestep,reward\n2048,9\n")
    reader.poll(now)
    assert list(old.value) == [1, 2]
    assert list(reader.run.series["reward"].value) == [9]


@pytest.mark.parametrize("how", ["copytruncate", "rename"])
def test_a_rotated_csv_keeps_the_earlier_rows(folder: Path, now: datetime, how: str) -> None:
    path = folder / "convergence_dashboard.csv"
    path.write_text(DASHBOARD + dashboard_row(2048) + dashboard_row(4096))
    reader = opened(folder, now)
    if how == "rename":
        path.rename(folder / "convergence_dashboard.csv.1")
        path.write_text(DASHBOARD + dashboard_row(6144))
    else:
        path.write_text(dashboard_row(6144))  # truncated, the writer goes on without a header
    for _ in range(3):
        reader.poll(now)
    assert steps(reader, "reward") == [2048, 4096, 6144]
    assert source(reader, path.name).events == ["replaced" if how == "rename" else "truncated"]
    assert source(reader, path.name).malformed == 0


def test_a_csv_replaced_by_a_longer_copy_doubles_nothing(folder: Path, now: datetime) -> None:
    path = folder / "convergence_dashboard.csv"
    rows = DASHBOARD + "oops\n" + dashboard_row(2048) + dashboard_row(4096)
    path.write_text(rows)
    reader = opened(folder, now)
    fresh = folder / "copy.tmp"
    fresh.write_text(rows + dashboard_row(6144))
    fresh.replace(path)
    reader.poll(now)
    assert steps(reader, "reward") == [2048, 4096, 6144]
    assert (source(reader, path.name).rows, source(reader, path.name).malformed) == (3, 1)


def test_deletion_keeps_the_rows_and_says_so_and_a_return_goes_on(folder: Path, now: datetime) -> None:
    path = folder / "convergence_dashboard.csv"
    path.write_text(DASHBOARD + dashboard_row(2048))
    reader = opened(folder, now)
    path.unlink()
    reader.poll(now)
    assert source(reader, path.name).events == ["missing"]
    assert steps(reader, "reward") == [2048]
    path.write_text(DASHBOARD + dashboard_row(4096))
    reader.poll(now)
    assert source(reader, path.name).events == ["missing", "replaced"]
    assert steps(reader, "reward") == [2048, 4096]


def test_the_whole_folder_may_go_and_nothing_breaks(folder: Path, now: datetime) -> None:
    (folder / "convergence_dashboard.csv").write_text(DASHBOARD + dashboard_row(2048))
    (folder / "training.log").write_text("x\n")
    reader = opened(folder, now)
    shutil.rmtree(folder)
    reader.poll(now)
    reader.poll(now)
    assert steps(reader, "reward") == [2048]


def test_malformed_rows_are_counted_with_their_offsets(folder: Path, now: datetime) -> None:
    path = folder / "convergence_dashboard.csv"
    path.write_text(DASHBOARD + "2048,1_0,0.01,0.5,1.6\n" + dashboard_row(4096) + "6144,1\n")
    reader = opened(folder, now)
    found = source(reader, path.name)
    assert (found.rows, found.malformed) == (1, 2)
    assert found.malformed_at == [
        len(DASHBOARD),
        len(DASHBOARD) + len("2048,1_0,0.01,0.5,1.6\n" + dashboard_row(4096)),
    ]


def test_nan_rows_stay_rows(folder: Path, now: datetime) -> None:
    (folder / "convergence_dashboard.csv").write_text(
        DASHBOARD + dashboard_row(2048) + "4096,nan,inf,0.5,1.6\n"
    )
    reader = opened(folder, now)
    reward = reader.run.series["reward"]
    assert (len(reward), reward.last, reward.last_finite) == (2, None, 1.0)


# Identity, process, log.


def test_run_json_names_the_run_and_a_foreign_run_has_its_folders_name(folder: Path, now: datetime) -> None:
    reader = opened(folder, now)
    assert (reader.run.info.id, reader.run.info.total_timesteps) == ("ppo_training", None)
    write_run(folder, pid=12, seed=0, hyperparameters={"learning_rate": 3e-4})
    assert reader.poll(now)
    info = reader.run.info
    assert (info.id, info.tag, info.symbols, info.total_timesteps) == (
        "20260223-F12",
        "F12",
        ("OGNUSDT",),
        500_000,
    )
    assert (info.seed, info.hyperparameters) == (0, {"learning_rate": 3e-4})
    assert info.started_at == datetime(2026, 2, 23, 14, tzinfo=UTC)


@pytest.mark.parametrize("content", ["", "{", "[1]", "null", '"x"', "[" * 100_000, "\x00"])
def test_a_run_json_that_is_none_is_said_and_the_rest_is_read(
    folder: Path, now: datetime, content: str
) -> None:
    (folder / "run.json").write_text(content)
    (folder / "convergence_dashboard.csv").write_text(DASHBOARD + dashboard_row(2048))
    reader = opened(folder, now)
    reader.poll(now)
    assert reader.run.info.id == "ppo_training"
    assert steps(reader, "reward") == [2048]
    assert len([note for note in reader.run.notes if "run.json" in note]) == 1


def test_values_of_the_wrong_type_are_left_out_and_text_is_made_visible(folder: Path, now: datetime) -> None:
    write_run(
        folder,
        id="a\x1b[31m",
        total_timesteps="many",
        pid=-4,
        started_at="noon",
        symbols="OGNUSDT",
        outcome=7,
        process_started=1e400,
        seed=True,
        hyperparameters=[1],
    )
    info = opened(folder, now).run.info
    assert info.id == "a␛[31m"
    assert (info.total_timesteps, info.pid, info.started_at, info.symbols) == (None, None, None, ())
    assert (info.outcome, info.process_started, info.seed, info.hyperparameters) == (None, None, None, {})


def test_a_fresh_run_in_the_same_folder_starts_over(folder: Path, now: datetime) -> None:
    path = folder / "convergence_dashboard.csv"
    write_run(folder)
    path.write_text(DASHBOARD + dashboard_row(2048) + dashboard_row(4096))
    reader = opened(folder, now)
    old = reader.run
    shutil.move(folder, folder.parent / "archived")
    folder.mkdir()
    write_run(folder, id="next")
    path.write_text(DASHBOARD + dashboard_row(1024, reward=-1.0))
    reader.poll(now)
    assert reader.run is not old
    assert reader.run.info.id == "next"
    assert list(reader.run.series["reward"].value) == [-1.0]
    assert [one.events for one in reader.run.sources] == [[]]
    assert list(old.series["reward"].timestep) == [2048, 4096]


def test_the_process_is_asked_for_by_its_whole_identity(folder: Path, now: datetime) -> None:
    from core.process import identify

    me = identify(os.getpid(), "")
    write_run(folder, pid=me.pid, process_started=me.started, boot_id=me.boot_id, host=me.host)
    assert opened(folder, now).run.process == "alive"
    write_run(folder, pid=me.pid, process_started=me.started - 5000, boot_id=me.boot_id, host=me.host)
    assert opened(folder, now).run.process == "gone"
    write_run(folder, pid=me.pid, process_started=me.started, boot_id=me.boot_id, host="elsewhere")
    assert opened(folder, now).run.process == "unseen"
    write_run(folder)
    assert opened(folder, now).run.process == "unseen"


def test_log_lines_come_once_made_visible(folder: Path, now: datetime) -> None:
    log = folder / "training.log"
    log.write_text("2026-02-23 14:00:00 [INFO] Starting PPO training...\nhalf")
    reader = opened(folder, now)
    assert reader.take_log_lines() == ["2026-02-23 14:00:00 [INFO] Starting PPO training..."]
    append(log, " line \x1b]0;title\x07\n")
    reader.poll(now)
    assert reader.take_log_lines() == ["half line ␛]0;title␇"]
    assert reader.take_log_lines() == []
    assert (len(reader.run.log_tail), reader.run.log_count) == (2, 2)


def test_a_traceback_counts_while_it_stands_at_the_end(folder: Path, now: datetime) -> None:
    log = folder / "training.log"
    log.write_text(
        "2026-02-23 14:00:00 [ERROR] Training crashed: ValueError: x\n"
        'Traceback (most recent call last):\n  File "a.py", line 1, in f\nValueError: x\n'
    )
    reader = opened(folder, now)
    assert reader.run.traceback
    append(log, "2026-02-23 15:00:00 [INFO] Resumed at step 4096\n")
    reader.poll(now)
    assert not reader.run.traceback


def test_rows_get_their_times_from_the_log(folder: Path, now: datetime) -> None:
    (folder / "training.log").write_text(
        "2026-02-23 14:00:00 [INFO] Step 2048/500000 | reward 1\n"
        "2026-02-23 14:00:10 [INFO] Step 6144/500000 | reward 2\n"
    )
    (folder / "convergence_dashboard.csv").write_text(
        DASHBOARD + dashboard_row(2048) + dashboard_row(4096) + dashboard_row(6144) + dashboard_row(8192)
    )
    reader = opened(folder, now)
    at = datetime(2026, 2, 23, 14, tzinfo=UTC).timestamp()
    times = list(reader.run.series["reward"].time)
    assert times[:3] == [at, at + 5, at + 10]
    assert math.isnan(times[3])


def test_rows_of_two_passes_get_the_times_of_their_own_pass(folder: Path, now: datetime) -> None:
    (folder / "training.log").write_text(
        "".join(
            f"2026-02-23 1{4 + run}:00:0{row} [INFO] Step {row * 2048}/500000\n"
            for run in (0, 1)
            for row in (1, 2)
        )
    )
    (folder / "convergence_dashboard.csv").write_text(
        DASHBOARD + "".join(dashboard_row(row * 2048) for _ in (0, 1) for row in (1, 2))
    )
    times = list(opened(folder, now).run.series["reward"].time)
    assert [datetime.fromtimestamp(time, UTC).hour for time in times] == [14, 14, 15, 15]


def test_tensorboards_wall_times_are_better_than_the_logs(
    folder: Path, now: datetime, scalar_record: Callable[..., bytes]
) -> None:
    (folder / "events.out.tfevents.1.h").write_bytes(scalar_record("train/loss", 2048, 0.1, 1000.25))
    (folder / "training.log").write_text("2026-02-23 14:00:00 [INFO] Step 2048/500000\n")
    (folder / "convergence_dashboard.csv").write_text(DASHBOARD + dashboard_row(2048))
    assert list(opened(folder, now).run.series["reward"].time) == [1000.25]


def test_elapsed_seconds_are_anchored_at_the_files_last_write(
    folder: Path, now: datetime, touch: Callable[[Path, datetime], None]
) -> None:
    path = folder / "progress.csv"
    path.write_text("time/total_timesteps,time/time_elapsed,rollout/ep_rew_mean\n2048,10,1\n4096,25,2\n")
    touch(path, now)
    at = now.timestamp()
    assert list(opened(folder, now).run.series["reward"].time) == [at - 15, at]


def test_a_row_that_comes_while_we_look_has_the_files_time(
    folder: Path, now: datetime, touch: Callable[[Path, datetime], None]
) -> None:
    path = folder / "convergence_dashboard.csv"
    path.write_text(DASHBOARD + dashboard_row(2048))
    touch(path, now)
    reader = opened(folder, now)
    append(path, dashboard_row(4096))
    touch(path, now + timedelta(seconds=30))
    reader.poll(now + timedelta(seconds=31))
    times = list(reader.run.series["reward"].time)
    assert math.isnan(times[0])
    assert times[1] == now.timestamp() + 30
    assert reader.run.last_step_at == now + timedelta(seconds=30)


def test_a_copied_runs_age_is_that_of_its_rows(
    folder: Path, now: datetime, scalar_record: Callable[..., bytes], touch: Callable[[Path, datetime], None]
) -> None:
    """A fresh modification time (a copy, a clone) does not make an old run new, also at the second look."""
    written = now - timedelta(days=30)
    path = folder / "events.out.tfevents.1.h"
    path.write_bytes(scalar_record("train/approx_kl", 2048, 0.1, written.timestamp()))
    touch(path, now)
    reader = opened(folder, now)
    reader.poll(now)
    assert reader.run.last_step_at == written
    assert reader.run.last_row_at == written


def test_a_writers_clock_that_is_a_day_ahead_does_not_make_an_old_run_new(
    folder: Path, now: datetime, scalar_record: Callable[..., bytes], touch: Callable[[Path, datetime], None]
) -> None:
    path = folder / "events.out.tfevents.1.h"
    path.write_bytes(scalar_record("train/approx_kl", 2048, 0.1, (now + timedelta(days=1)).timestamp()))
    touch(path, now - timedelta(hours=5))
    assert opened(folder, now).run.last_row_at == now - timedelta(hours=5)


def test_the_total_of_a_run_without_run_json_is_the_logs(folder: Path, now: datetime) -> None:
    (folder / "training.log").write_text("2026-02-23 14:00:00 [INFO] Step 1/500000\n")
    run = opened(folder, now).run
    assert (run.timestep, run.info.total_timesteps) == (1, 500_000)


def test_a_log_of_many_megabytes_is_opened_near_its_end(folder: Path, now: datetime) -> None:
    log = folder / "training.log"
    line = "2026-02-23 14:00:00 [INFO] " + "x" * 970 + "\n"
    log.write_text(line * 12_000)
    reader = opened(folder, now)
    assert reader.run.log_count < 9000
    assert len(reader.run.log_tail) == 500


# Other targets.


def test_a_time_beyond_the_calendar_is_no_time(
    folder: Path, now: datetime, scalar_record: Callable[..., bytes]
) -> None:
    """A writer's broken clock must not end the following, nor a screen that asks when a row was."""
    (folder / "tensorboard").mkdir()
    events = b"".join(scalar_record("train/approx_kl", 2048 * row, 0.01, 1e20) for row in range(1, 4))
    (folder / "tensorboard" / "events.out.tfevents.1.box").write_bytes(events)
    append(folder / "0.monitor.csv", '#{"t_start": 1e18}\nr,l,t\n1,10,1\n2,10,2\n')
    write_run(folder, process_started=1e300, pid=1, started_at="9999-12-31T23:59:59-05:00")
    reader = opened(folder, now)
    assert {name: len(series) for name, series in reader.run.series.items()} == {
        "approx_kl": 3,
        "reward": 2,
        "episode_length": 2,
    }
    assert all(math.isnan(time) for series in reader.run.series.values() for time in series.time)
    assert (reader.run.info.started_at, reader.run.info.process_started) == (None, None)
    assess(reader.run, Settings().health, now)


def test_evaluations_are_their_own_metrics_and_no_training_step(folder: Path, now: datetime) -> None:
    (folder / "convergence_dashboard.csv").write_text(DASHBOARD + dashboard_row(2048))
    (folder / "evaluations.csv").write_text(
        "timestep,mean_reward,sharpe,max_drawdown_pct,win_rate_pct,profit_factor,trades\n25000,1,0.2,3,50,1.1,40\n"
    )
    reader = opened(folder, now)
    assert list(reader.run.series["eval_sharpe"].value) == [0.2]
    assert list(reader.run.series["reward"].value) == [1.0]
    assert reader.run.timestep == 2048


def test_several_monitors_are_merged_by_time(folder: Path, now: datetime) -> None:
    (folder / "0.monitor.csv").write_text(
        '#{"t_start": 1000.0, "env_id": "E"}\nr,l,t\n1.0,10,1.0\n3.0,10,5.0\n'
    )
    (folder / "1.monitor.csv").write_text('#{"t_start": 1001.0, "env_id": "E"}\nr,l,t\n2.0,20,1.0\n')
    reader = opened(folder, now)
    reward = reader.run.series["reward"]
    assert list(reward.timestep) == [10, 30, 40]
    assert list(reward.value) == [1.0, 1.5, 2.0]
    assert list(reward.time) == [1001.0, 1002.0, 1005.0]
    assert reader.run.timestep == 40


def test_a_monitor_reward_is_the_mean_of_the_last_hundred(folder: Path, now: datetime) -> None:
    path = folder / "monitor.csv"
    rows = "".join(f"{row},10,{row}.5\n" for row in range(150))
    path.write_text('#{"t_start": 0.0}\nr,l,t\n' + rows + "x,10,1\n5,-1,1\n5,10\n")
    reader = opened(path, now)
    assert reader.run.series["reward"].last == sum(range(50, 150)) / 100
    assert reader.run.series["episode_length"].last == 10
    assert (source(reader, "monitor.csv").kind, source(reader, "monitor.csv").rows) == ("monitor", 150)
    assert source(reader, "monitor.csv").malformed == 3
    append(path, "150,10,150.5\n")
    reader.poll(now)
    assert reader.run.series["reward"].last == sum(range(51, 151)) / 100
    assert len(reader.run.series["reward"]) == 151


def test_a_monitor_started_again_starts_over(folder: Path, now: datetime) -> None:
    path = folder / "monitor.csv"
    path.write_text('#{"t_start": 0.0}\nr,l,t\n1,10,1\n2,10,2\n')
    reader = opened(folder, now)
    path.write_text('#{"t_start": 9.0}\nr,l,t\n7,10,1\n')
    reader.poll(now)
    assert list(reader.run.series["reward"].value) == [7.0]
    assert source(reader, "monitor.csv").events == ["truncated"]


def test_progress_json(folder: Path, now: datetime) -> None:
    (folder / "progress.json").write_text('{"time/total_timesteps": 2048, "train/entropy_loss": -1.5}\n')
    reader = opened(folder, now)
    assert list(reader.run.series["entropy"].value) == [1.5]
    assert source(reader, "progress.json").kind == "progress"


def test_event_files_of_one_folder_are_one_log_in_order(
    folder: Path, now: datetime, scalar_record: Callable[..., bytes]
) -> None:
    (folder / "events.out.tfevents.200.h").write_bytes(scalar_record("train/approx_kl", 3000, 0.3))
    (folder / "events.out.tfevents.100.h").write_bytes(scalar_record("train/approx_kl", 2048, 0.1))
    reader = opened(folder, now)
    assert steps(reader, "approx_kl") == [2048, 3000]
    (folder / "events.out.tfevents.300.h").write_bytes(scalar_record("train/approx_kl", 1000, 0.5))
    reader.poll(now)
    assert steps(reader, "approx_kl") == [2048, 3000, 1000]
    assert reader.run.series["approx_kl"].segments == [0, 2]
    assert [one.events for one in reader.run.sources] == [[], [], ["resumed"]]


def test_of_several_tensorboard_runs_the_newest_is_read_and_it_is_said(
    folder: Path, now: datetime, scalar_record: Callable[..., bytes]
) -> None:
    for number in (1, 2):
        (folder / f"PPO_{number}").mkdir()
        (folder / f"PPO_{number}" / f"events.out.tfevents.{number}00.h").write_bytes(
            scalar_record("train/approx_kl", 2048 * number, 0.1)
        )
    reader = opened(folder, now)
    assert steps(reader, "approx_kl") == [4096]
    assert any("PPO_2 is read" in note for note in reader.run.notes)


def test_a_corrupt_event_is_an_event_and_the_rest_is_read(
    folder: Path, now: datetime, scalar_record: Callable[..., bytes]
) -> None:
    records = [bytearray(scalar_record("train/approx_kl", step, 0.1)) for step in (1, 2, 3)]
    records[1][20] ^= 1
    (folder / "events.out.tfevents.1.h").write_bytes(b"".join(records) + records[0][:9])
    reader = opened(folder, now)
    assert steps(reader, "approx_kl") == [1, 3]
    assert (reader.run.sources[0].events, reader.run.sources[0].malformed) == (["corrupt"], 1)


def test_a_truncated_event_file_is_read_again(
    folder: Path, now: datetime, scalar_record: Callable[..., bytes]
) -> None:
    path = folder / "events.out.tfevents.1.h"
    path.write_bytes(scalar_record("train/approx_kl", 1, 0.1) + scalar_record("train/approx_kl", 2, 0.1))
    reader = opened(folder, now)
    path.write_bytes(scalar_record("train/approx_kl", 1, 0.7))
    reader.poll(now)
    assert list(reader.run.series["approx_kl"].value) == [pytest.approx(0.7)]
    assert reader.run.sources[0].events == ["truncated"]


def test_one_csv_is_a_run(folder: Path, now: datetime) -> None:
    (folder / "training_metrics.csv").write_text(METRICS + metrics_row(2048))
    (folder / "convergence_dashboard.csv").write_text(DASHBOARD + dashboard_row(9999))
    reader = opened(folder / "training_metrics.csv", now)
    assert reader.run.info.id == "training_metrics"
    assert steps(reader, "approx_kl") == [2048]
    assert len(reader.run.sources) == 1


def test_another_trainers_csv_in_the_folder_is_read_and_a_table_of_trades_is_not(
    folder: Path, now: datetime
) -> None:
    (folder / "mine.csv").write_text("step,reward\n10,1\n")
    (folder / "trades.csv").write_text("exit_time,pnl\n1,2\n")
    reader = opened(folder, now)
    assert [one.path.name for one in reader.run.sources] == ["mine.csv"]
    assert steps(reader, "reward") == [10]


def test_checkpoints_are_listed_oldest_first(
    folder: Path, now: datetime, touch: Callable[[Path, datetime], None]
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
    found = opened(folder, now).run.checkpoints
    assert [one.timestep for one in found] == [50_000, 100_000]
    assert found[-1].written_at == now - timedelta(hours=1)


# What cannot be read.


def test_a_missing_path_is_a_usage_error(tmp_path: Path, now: datetime) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        RunReader(tmp_path / "nothing", now=now)


@pytest.mark.parametrize("name", ["model.zip", "notes.txt", "run.parquet"])
def test_a_file_that_is_no_run_is_a_usage_error(tmp_path: Path, now: datetime, name: str) -> None:
    (tmp_path / name).write_bytes(b"PK\x03\x04")
    with pytest.raises(UsageError, match="is no run"):
        RunReader(tmp_path / name, now=now)


def test_a_csv_without_a_timestep_says_what_it_got(tmp_path: Path, now: datetime) -> None:
    path = tmp_path / "equity.csv"
    path.write_text("timestamp,equity\n1,2\n")
    with pytest.raises(UnreadableError, match="timestamp,equity"):
        RunReader(path, now=now)


def test_a_denied_folder_is_unreadable(folder: Path, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """Simulated, since tests may run as root."""

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(UnreadableError, match="Permission denied"):
        RunReader(folder, now=now)


def test_a_denied_file_in_the_folder_is_an_event_until_it_is_regained(
    folder: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "convergence_dashboard.csv").write_text(DASHBOARD + dashboard_row(2048))
    (folder / "training_metrics.csv").write_text(METRICS + metrics_row(2048))
    real = os.open

    def refuse(path: Any, *rest: Any, **options: Any) -> int:
        if str(path).endswith("convergence_dashboard.csv"):
            raise PermissionError(13, "Permission denied")
        return real(path, *rest, **options)

    monkeypatch.setattr(os, "open", refuse)
    reader = opened(folder, now)
    reader.poll(now)
    assert source(reader, "convergence_dashboard.csv").events == ["denied"]
    assert steps(reader, "approx_kl") == [2048] and "reward" not in reader.run.series
    monkeypatch.setattr(os, "open", real)
    reader.poll(now)
    assert steps(reader, "reward") == [2048]


def test_closing_leaves_no_descriptor_open(
    folder: Path, now: datetime, scalar_record: Callable[..., bytes]
) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    (folder / "convergence_dashboard.csv").write_text(DASHBOARD + dashboard_row(2048))
    (folder / "monitor.csv").write_text("#{}\nr,l,t\n1,1,1\n")
    (folder / "training.log").write_text("x\n")
    (folder / "events.out.tfevents.1.h").write_bytes(scalar_record("a", 1, 0.1))
    reader = opened(folder, now)
    assert len(list(Path("/proc/self/fd").iterdir())) == before + 4
    reader.close()
    assert len(list(Path("/proc/self/fd").iterdir())) == before
