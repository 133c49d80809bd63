"""A run at an earlier moment: rows of the right pass, nothing that was not known then. Without a screen."""

from __future__ import annotations

import math
from array import array
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from console.replay import Moment, find_moment, master, moment_of, snapshot_at, step_by
from console.screens.dashboard_facts import replay_facts
from console.screens.dashboard_tiles import tiles
from core.telemetry.as_of import points_until, run_at_step
from core.telemetry.model import Checkpoint, Marker, Run, RunInfo, Series


def cut_at(run: Run, moment: Moment) -> Run:
    return run_at_step(run, moment.step, moment.back).run


def make_series(name: str, passes: list[int], every: int = 10, start: float = 1_000_000.0) -> Series:
    """Each pass has so many rows; each but the first goes back by half of the one before."""
    series, time, first = Series(name), start, 0
    for rows in passes:
        step = first
        for _ in range(rows):
            step += every
            time += 1
            series.append(step, float(step), time)
        first = max(0, step - every * max(1, rows // 2) - every)
    return series


@given(st.lists(st.integers(2, 20), min_size=1, max_size=4), st.data())
def test_the_moment_of_a_row_leads_back_to_that_row(passes: list[int], data: Any) -> None:
    series = make_series("reward", passes)
    index = data.draw(st.integers(0, len(series) - 1))
    moment = moment_of(series, index)
    assert points_until(series, moment.step, moment.back) == index + 1


@given(st.lists(st.integers(2, 20), min_size=1, max_size=4), st.data())
def test_stepping_back_and_forward_ends_live(passes: list[int], data: Any) -> None:
    run = Run(RunInfo(id="x", directory=None))  # type: ignore[arg-type]
    run.series["reward"] = make_series("reward", passes)
    moment = None
    for _ in range(data.draw(st.integers(1, 12))):
        before = moment
        moment = step_by(run, moment, -1)
        assert moment is not None
        here = points_until(run.series["reward"], moment.step, moment.back)
        assert before is None or here <= points_until(run.series["reward"], before.step, before.back)
        cut = cut_at(run, moment)
        assert len(cut.series["reward"]) == here
        assert list(cut.series["reward"].value) == list(run.series["reward"].value[:here])
    for _ in range(sum(passes) + 2):
        if moment is None:
            break
        moment = step_by(run, moment, 1)
    assert moment is None


@given(st.text(max_size=20))
def test_whatever_is_typed_gives_a_moment_or_words(text: str) -> None:
    run = Run(RunInfo(id="x", directory=None))  # type: ignore[arg-type]
    run.series["reward"] = make_series("reward", [20, 10])
    found = find_moment(run, text)
    assert isinstance(found, Moment) or found


def test_a_step_before_the_resume_is_found_in_the_pass_that_reached_it() -> None:
    run = Run(RunInfo(id="x", directory=None))  # type: ignore[arg-type]
    run.series["reward"] = series = make_series("reward", [20, 20])
    begins = series.timestep[20]
    assert find_moment(run, str(int(begins) - 10)) == moment_of(series, int(begins) // 10 - 2)
    assert find_moment(run, "1") == "the run's rows begin at step 10"


def test_what_came_later_is_not_there(make: Any) -> None:
    run = make.run(rows=100)
    early, late = make.now - timedelta(seconds=150), make.now
    run.checkpoints = [
        Checkpoint(run.info.directory / "a", 10, early),
        Checkpoint(run.info.directory / "b", 99, late),
    ]
    run.markers = [Marker("checkpoint", 10, early, "a"), Marker("best", 190_000, None, "b")]
    run.traceback = False
    whole = master(run)
    assert whole is not None
    cut = cut_at(run, moment_of(whole, 49))
    assert cut.timestep == 50 * 2048 and [one.path.name for one in cut.checkpoints] == ["a"]
    assert [mark.text for mark in cut.markers] == ["a"]
    assert cut.process == "unseen" and cut.info.outcome is None
    assert all(len(series) == 50 for series in cut.series.values())
    assert math.isclose(cut.series["reward"].maximum, max(run.series["reward"].value[:50]))


def test_series_with_fewer_rows_are_cut_at_the_step(make: Any) -> None:
    run = make.run(rows=100)
    run.series["eval_sharpe"] = Series("eval_sharpe")
    for step in (50_000, 100_000, 150_000):
        run.series["eval_sharpe"].append(step, 0.5)
    cut = cut_at(run, Moment(102_400))
    assert len(cut.series["eval_sharpe"]) == 2
    assert "eval_sharpe" not in cut_at(run, Moment(4096)).series


def test_at_a_row_without_a_time_no_age_is_measured_from_now(make: Any) -> None:
    run = make.run()
    for series in run.series.values():
        series.time[:] = array("d", [math.nan] * len(series))
    run.checkpoints = [Checkpoint(Path("ppo_2048_steps.zip"), 2048, make.now - timedelta(hours=5))]
    live = make.snapshot(run)
    moment = find_moment(run, "40960")
    assert isinstance(moment, Moment) and moment.time is None
    then = snapshot_at(live, moment)
    (tile,) = [each for each in tiles(then, [], then.taken_at, past=True) if each.label == "checkpoint"]
    assert tile.value == "age n/a @2k"
    assert "checkpoint age n/a" in replay_facts(then, {}, 120)
    assert then.age_of(make.now) is None and live.age_of(make.now) == 0
