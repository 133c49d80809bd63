"""A foreign run becomes the run of a workspace: what config.toml then says, and what is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from core.errors import ConsoleError
from core.operations.adopt import adopt_run
from core.telemetry.reader import RunReader

NOW = datetime(2026, 2, 24, 10, 0, tzinfo=UTC)
PROGRESS = "time/total_timesteps,train/approx_kl\n2048,0.01\n4096,0.02\n"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "project" / "sb3"
    folder.mkdir(parents=True)
    (folder / "progress.csv").write_text(PROGRESS)
    (folder / "rl_model_2000_steps.zip").write_bytes(b"PK")
    return folder


def test_the_workspace_points_to_the_run_and_leaves_it_as_it_is(run: Path, tmp_path: Path) -> None:
    before = sorted(run.iterdir())
    made = adopt_run(tmp_path / "there", run, NOW)
    assert made.settings.paths.logs == str(run) and made.logs == run
    assert sorted(run.iterdir()) == before
    assert (tmp_path / "there" / "config.toml").is_file() and made.reports.is_dir()
    reader = RunReader(made.logs, checkpoints=made.checkpoints, now=NOW)
    reader.poll(NOW)
    assert reader.run.timestep == 4096 and [one.timestep for one in reader.run.checkpoints] == [2000]
    reader.close()


def test_inside_the_workspace_the_path_is_relative(run: Path) -> None:
    (run / "checkpoints").mkdir()
    (run / "models").mkdir()
    made = adopt_run(run.parent, run, NOW)
    paths = made.settings.paths
    assert (paths.logs, paths.checkpoints, paths.models) == ("sb3", "sb3/checkpoints", "sb3/models")


def test_the_week_begins_when_the_run_did(run: Path, tmp_path: Path) -> None:
    (run / "0.monitor.csv").write_text('#{"t_start": 1771000000.0, "env_id": "x"}\nr,l,t\n1.0,10,60.0\n')
    started = date(2026, 2, 13)
    assert adopt_run(tmp_path / "a", run, NOW).settings.week.start == started
    assert adopt_run(tmp_path / "b", run, NOW, start=date(2026, 3, 1)).settings.week.start == date(2026, 3, 1)


@pytest.mark.parametrize("place", ["sb3", "sb3/below", "sb3/../sb3"])
def test_a_workspace_within_the_runs_own_folder_is_refused(run: Path, place: str) -> None:
    with pytest.raises(ConsoleError, match="lies in the run's own folder"):
        adopt_run(run.parent / place, run, NOW)
    assert not (run / "config.toml").exists()


def test_what_is_no_run_folder_is_refused(run: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for given, words in (
        ("empty", "holds no run"),
        ("nothing", "does not exist"),
        ("project/sb3/progress.csv", "one file"),
    ):
        with pytest.raises(ConsoleError, match=words):
            adopt_run(tmp_path / "there", tmp_path / given, NOW)
    assert not (tmp_path / "there").exists()


def test_a_workspace_that_is_there_is_not_overwritten(run: Path, tmp_path: Path) -> None:
    adopt_run(tmp_path / "there", run, NOW)
    with pytest.raises(ConsoleError, match="workspace already"):
        adopt_run(tmp_path / "there", run, NOW)
