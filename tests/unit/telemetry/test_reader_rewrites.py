"""Files that are resumed, rewritten, rotated or removed while they are read: no row is lost or doubled."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

DASHBOARD = "timestep,reward,kl_divergence,value_loss,policy_entropy\n"


def test_a_resume_is_a_segment_and_an_event(files: Any, folder: Path, now: datetime) -> None:
    path = folder / "convergence_dashboard.csv"
    path.write_text(DASHBOARD + "".join(files.dashboard_row(2048 * row) for row in range(1, 6)))
    reader = files.opened(folder, now)
    files.append(path, files.dashboard_row(6144) + files.dashboard_row(8192))
    reader.poll(now)
    series = reader.run.series["reward"]
    assert list(series.timestep) == [2048, 4096, 6144, 8192, 10240, 6144, 8192]
    assert series.segments == [0, 5]
    assert files.source(reader, path.name).events == ["resumed"]
    assert reader.run.timestep == 8192


def test_a_rewritten_csv_neither_loses_nor_doubles_rows(files: Any, folder: Path, now: datetime) -> None:
    """stable-baselines3's in-place rewrite with a new header on row 2."""
    path = folder / "progress.csv"
    path.write_text("time/total_timesteps,rollout/ep_rew_mean\n2048,1\n")
    reader = files.opened(folder, now)
    with path.open("r+") as stream:
        stream.write("time/total_timesteps,rollout/ep_rew_mean,train/approx_kl\n2048,1,\n4096,2,0.01\n")
    for _ in range(3):
        reader.poll(now)
    assert list(zip(files.steps(reader, "reward"), reader.run.series["reward"].value, strict=True)) == [
        (2048, 1),
        (4096, 2),
    ]
    assert files.steps(reader, "approx_kl") == [4096]
    assert (files.source(reader, path.name).rows, files.source(reader, path.name).events) == (
        2,
        ["rewritten"],
    )


def test_a_series_that_starts_over_is_a_new_object_and_the_old_one_stands(
    files: Any, folder: Path, now: datetime
) -> None:
    """A screen that still draws the old object is not disturbed."""
    path = folder / "progress.csv"
    path.write_text("timestep,reward\n2048,1\n4096,2\n")
    reader = files.opened(folder, now)
    old = reader.run.series["reward"]
    path.write_text("timestep,reward\n2048,9\n")
    reader.poll(now)
    assert list(old.value) == [1, 2]
    assert list(reader.run.series["reward"].value) == [9]


@pytest.mark.parametrize("how", ["copytruncate", "rename"])
def test_a_rotated_csv_keeps_the_earlier_rows(files: Any, folder: Path, now: datetime, how: str) -> None:
    path = folder / "convergence_dashboard.csv"
    path.write_text(DASHBOARD + files.dashboard_row(2048) + files.dashboard_row(4096))
    reader = files.opened(folder, now)
    if how == "rename":
        path.rename(folder / "convergence_dashboard.csv.1")
        path.write_text(DASHBOARD + files.dashboard_row(6144))
    else:
        path.write_text(files.dashboard_row(6144))  # truncated, the writer goes on without a header
    for _ in range(3):
        reader.poll(now)
    assert files.steps(reader, "reward") == [2048, 4096, 6144]
    assert files.source(reader, path.name).events == ["replaced" if how == "rename" else "truncated"]
    assert files.source(reader, path.name).malformed == 0


def test_a_csv_replaced_by_a_longer_copy_doubles_nothing(files: Any, folder: Path, now: datetime) -> None:
    path = folder / "convergence_dashboard.csv"
    rows = DASHBOARD + "oops\n" + files.dashboard_row(2048) + files.dashboard_row(4096)
    path.write_text(rows)
    reader = files.opened(folder, now)
    fresh = folder / "copy.tmp"
    fresh.write_text(rows + files.dashboard_row(6144))
    fresh.replace(path)
    reader.poll(now)
    assert files.steps(reader, "reward") == [2048, 4096, 6144]
    assert (files.source(reader, path.name).rows, files.source(reader, path.name).malformed) == (3, 1)


def test_deletion_keeps_the_rows_and_says_so_and_a_return_goes_on(
    files: Any, folder: Path, now: datetime
) -> None:
    path = folder / "convergence_dashboard.csv"
    path.write_text(DASHBOARD + files.dashboard_row(2048))
    reader = files.opened(folder, now)
    path.unlink()
    reader.poll(now)
    assert files.source(reader, path.name).events == ["missing"]
    assert files.steps(reader, "reward") == [2048]
    path.write_text(DASHBOARD + files.dashboard_row(4096))
    reader.poll(now)
    assert files.source(reader, path.name).events == ["missing", "replaced"]
    assert files.steps(reader, "reward") == [2048, 4096]


def test_the_whole_folder_may_go_and_nothing_breaks(files: Any, folder: Path, now: datetime) -> None:
    (folder / "convergence_dashboard.csv").write_text(DASHBOARD + files.dashboard_row(2048))
    (folder / "training.log").write_text("x\n")
    reader = files.opened(folder, now)
    shutil.rmtree(folder)
    reader.poll(now)
    reader.poll(now)
    assert files.steps(reader, "reward") == [2048]
