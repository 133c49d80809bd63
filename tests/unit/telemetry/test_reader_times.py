"""When a row was written, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.config.settings import Settings
from core.telemetry.health import assess

DASHBOARD = "timestep,reward,kl_divergence,value_loss,policy_entropy\n"


def test_rows_get_their_times_from_the_log(files: Any, folder: Path, now: datetime) -> None:
    (folder / "training.log").write_text(
        "2026-02-23 14:00:00 [INFO] Step 2048/500000 | reward 1\n"
        "2026-02-23 14:00:10 [INFO] Step 6144/500000 | reward 2\n"
    )
    (folder / "convergence_dashboard.csv").write_text(
        DASHBOARD
        + files.dashboard_row(2048)
        + files.dashboard_row(4096)
        + files.dashboard_row(6144)
        + files.dashboard_row(8192)
    )
    reader = files.opened(folder, now)
    at = datetime(2026, 2, 23, 14, tzinfo=UTC).timestamp()
    times = list(reader.run.series["reward"].time)
    assert times[:3] == [at, at + 5, at + 10]
    assert math.isnan(times[3])


def test_rows_of_two_passes_get_the_times_of_their_own_pass(files: Any, folder: Path, now: datetime) -> None:
    (folder / "training.log").write_text(
        "".join(
            f"2026-02-23 1{4 + run}:00:0{row} [INFO] Step {row * 2048}/500000\n"
            for run in (0, 1)
            for row in (1, 2)
        )
    )
    (folder / "convergence_dashboard.csv").write_text(
        DASHBOARD + "".join(files.dashboard_row(row * 2048) for _ in (0, 1) for row in (1, 2))
    )
    times = list(files.opened(folder, now).run.series["reward"].time)
    assert [datetime.fromtimestamp(time, UTC).hour for time in times] == [14, 14, 15, 15]


def test_tensorboards_wall_times_are_better_than_the_logs(
    files: Any, folder: Path, now: datetime, scalar_record: Callable[..., bytes]
) -> None:
    (folder / "events.out.tfevents.1.h").write_bytes(scalar_record("train/loss", 2048, 0.1, 1000.25))
    (folder / "training.log").write_text("2026-02-23 14:00:00 [INFO] Step 2048/500000\n")
    (folder / "convergence_dashboard.csv").write_text(DASHBOARD + files.dashboard_row(2048))
    assert list(files.opened(folder, now).run.series["reward"].time) == [1000.25]


def test_elapsed_seconds_are_anchored_at_the_files_last_write(
    files: Any, folder: Path, now: datetime, touch: Callable[[Path, datetime], None]
) -> None:
    path = folder / "progress.csv"
    path.write_text("time/total_timesteps,time/time_elapsed,rollout/ep_rew_mean\n2048,10,1\n4096,25,2\n")
    touch(path, now)
    at = now.timestamp()
    assert list(files.opened(folder, now).run.series["reward"].time) == [at - 15, at]


def test_a_row_that_comes_while_we_look_has_the_files_time(
    files: Any, folder: Path, now: datetime, touch: Callable[[Path, datetime], None]
) -> None:
    path = folder / "convergence_dashboard.csv"
    path.write_text(DASHBOARD + files.dashboard_row(2048))
    touch(path, now)
    reader = files.opened(folder, now)
    files.append(path, files.dashboard_row(4096))
    touch(path, now + timedelta(seconds=30))
    reader.poll(now + timedelta(seconds=31))
    times = list(reader.run.series["reward"].time)
    assert math.isnan(times[0])
    assert times[1] == now.timestamp() + 30
    assert reader.run.last_step_at == now + timedelta(seconds=30)


@pytest.fixture
def one_event(
    folder: Path, scalar_record: Callable[..., bytes], touch: Callable[[Path, datetime], None]
) -> Callable[[datetime, datetime], None]:
    """`one_event(recorded, modified)`: an event file of one scalar."""

    def leave(recorded: datetime, modified: datetime) -> None:
        path = folder / "events.out.tfevents.1.h"
        path.write_bytes(scalar_record("train/approx_kl", 2048, 0.1, recorded.timestamp()))
        touch(path, modified)

    return leave


def test_a_copied_runs_age_is_that_of_its_rows(
    files: Any, folder: Path, now: datetime, one_event: Callable[[datetime, datetime], None]
) -> None:
    """A fresh modification time (a copy, a clone) does not make an old run new, also at the second look."""
    written = now - timedelta(days=30)
    one_event(written, now)
    reader = files.opened(folder, now)
    reader.poll(now)
    assert reader.run.last_step_at == written
    assert reader.run.last_row_at == written


def test_a_writers_clock_that_is_a_day_ahead_does_not_make_an_old_run_new(
    files: Any, folder: Path, now: datetime, one_event: Callable[[datetime, datetime], None]
) -> None:
    one_event(now + timedelta(days=1), now - timedelta(hours=5))
    assert files.opened(folder, now).run.last_row_at == now - timedelta(hours=5)


def test_the_total_of_a_run_without_run_json_is_the_logs(files: Any, folder: Path, now: datetime) -> None:
    (folder / "training.log").write_text("2026-02-23 14:00:00 [INFO] Step 1/500000\n")
    run = files.opened(folder, now).run
    assert (run.timestep, run.info.total_timesteps) == (1, 500_000)


def test_a_log_of_many_megabytes_is_opened_near_its_end(files: Any, folder: Path, now: datetime) -> None:
    log = folder / "training.log"
    line = "2026-02-23 14:00:00 [INFO] " + "x" * 970 + "\n"
    log.write_text(line * 12_000)
    reader = files.opened(folder, now)
    assert reader.run.log_count < 9000
    assert len(reader.run.log_tail) == 500


def test_a_time_beyond_the_calendar_is_no_time(
    files: Any, folder: Path, now: datetime, scalar_record: Callable[..., bytes]
) -> None:
    """A writer's broken clock must not end the following, nor a screen that asks when a row was."""
    (folder / "tensorboard").mkdir()
    events = b"".join(scalar_record("train/approx_kl", 2048 * row, 0.01, 1e20) for row in range(1, 4))
    (folder / "tensorboard" / "events.out.tfevents.1.box").write_bytes(events)
    files.append(folder / "0.monitor.csv", '#{"t_start": 1e18}\nr,l,t\n1,10,1\n2,10,2\n')
    files.write_run(folder, process_started=1e300, pid=1, started_at="9999-12-31T23:59:59-05:00")
    reader = files.opened(folder, now)
    assert {name: len(series) for name, series in reader.run.series.items()} == {
        "approx_kl": 3,
        "reward": 2,
        "episode_length": 2,
    }
    assert all(math.isnan(time) for series in reader.run.series.values() for time in series.time)
    assert (reader.run.info.started_at, reader.run.info.process_started) == (None, None)
    assess(reader.run, Settings().health, now)
