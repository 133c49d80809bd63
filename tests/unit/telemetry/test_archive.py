"""Earlier runs: listed from their records and the ends of their files, their series loaded to compare."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from core.files import TEMPORARY
from core.telemetry.archive import list_runs, load_series
from core.telemetry.assembly import Assembly

DASHBOARD = "timestep,reward,kl_divergence,value_loss,policy_entropy\n"


def make_run(folder: Path, identity: str, rows: int = 20, **values: object) -> Path:
    folder.mkdir(parents=True)
    record = {"id": identity, "tag": identity[-1], "symbols": ["OGNUSDT"], "total_timesteps": 9000, **values}
    (folder / "run.json").write_text(json.dumps(record))
    with (folder / "convergence_dashboard.csv").open("w") as stream:
        stream.write(DASHBOARD)
        stream.writelines(f"{row * 64},{row}.5,0.01,0.5,1.6\n" for row in range(1, rows + 1))
    return folder


def test_runs_are_listed_newest_first_with_how_they_ended(tmp_path: Path, now: datetime) -> None:
    make_run(tmp_path / "a", "run-a", outcome="finished", ended_at="2026-02-20T10:00:00Z")
    second = make_run(tmp_path / "b", "run-b", 5000, outcome="stopped", ended_at="2026-02-22T10:00:00Z")
    (second / "evaluations.csv").write_text(
        "timestep,mean_reward,sharpe,max_drawdown_pct,win_rate_pct,profit_factor,trades\n"
        "640,1,0.5,3,50,1.1,20\n1280,1,1.25,3,50,1.1,20\n1920,1,nan,3,50,1.1,20\n"
    )
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("no run")
    first, last = list_runs(tmp_path, now)
    assert (first.id, first.outcome, first.last_step, first.best_sharpe) == (
        "run-b",
        "stopped",
        320_000,
        1.25,
    )
    assert first.ended_at == datetime(2026, 2, 22, 10, tzinfo=UTC)
    assert (last.id, last.tag, last.last_step, last.best_sharpe) == ("run-a", "a", 1280, None)
    assert last.directory == tmp_path / "a" and last.symbols == ("OGNUSDT",)


def test_a_run_on_its_way_into_the_archive_is_not_listed_as_one(tmp_path: Path, now: datetime) -> None:
    """To another volume it is copied, which takes its time and may be killed."""
    make_run(tmp_path / f"{TEMPORARY}a", "run-a")
    make_run(tmp_path / "b", "run-b")
    assert [run.id for run in list_runs(tmp_path, now)] == ["run-b"]


def test_a_run_that_was_killed_or_has_a_broken_record_says_so(tmp_path: Path, now: datetime) -> None:
    killed = make_run(tmp_path / "killed", "run-k")
    broken = make_run(tmp_path / "broken", "run-x")
    (broken / "run.json").write_text('{"id": "run-x", ')
    by_folder = {run.directory: run for run in list_runs(tmp_path, now)}
    assert by_folder[killed].outcome is None and by_folder[killed].ended_at is not None
    assert by_folder[broken].id == "broken" and by_folder[broken].last_step == 1280
    assert by_folder[broken].problem == "run.json could not be read as a run"


def test_a_run_whose_files_cannot_be_read_says_so_beside_the_others(
    tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_run(tmp_path / "a", "run-a")
    make_run(tmp_path / "b", "run-b")
    poll = Assembly.poll

    def denied(self: Assembly, *given: Any) -> bool:
        if self.run.info.id == "run-b":
            raise PermissionError(13, "denied")
        return poll(self, *given)

    monkeypatch.setattr(Assembly, "poll", denied)
    by_id = {run.id: run for run in list_runs(tmp_path, now)}
    assert (by_id["run-a"].last_step, by_id["run-a"].problem) == (1280, None)
    assert by_id["run-b"].last_step is None and "could not be read" in (by_id["run-b"].problem or "")


def test_no_archive_is_no_runs(tmp_path: Path, now: datetime) -> None:
    assert list_runs(tmp_path / "nothing", now) == []


def test_its_series_are_loaded_for_an_overlay(tmp_path: Path, now: datetime) -> None:
    folder = make_run(tmp_path / "a", "run-a", 30_000)
    found = load_series(folder, now)
    assert set(found) == {"reward", "approx_kl", "value_loss", "entropy"}
    series = found["reward"]
    assert (series.rows, series.minimum, series.maximum) == (30_000, 1.5, 30_000.5)
    assert len(series) < 30_000
    assert load_series(tmp_path / "nothing", now) == {}
