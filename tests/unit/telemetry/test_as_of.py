"""The run as it was at a step or a moment: nothing later shows."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from core.telemetry.as_of import run_at, run_at_step, time_of_step
from core.telemetry.model import Checkpoint, Marker, Run, RunInfo, Series

START = datetime(2026, 2, 23, 14, 0, tzinfo=UTC)


def run_of(steps: list[float], *, times: bool = True) -> Run:
    """One row a minute; the value is the row's number."""
    run = Run(RunInfo("run-1", Path("/nowhere")), step=int(steps[-1]), process="alive", traceback=True)
    for name in ("reward", "approx_kl"):
        series = run.series[name] = Series(name)
        for row, step in enumerate(steps):
            moment = START + timedelta(minutes=row)
            series.append(step, float(row), moment.timestamp() if times else math.nan)
    return run


def test_a_step_shows_the_rows_checkpoints_and_markers_up_to_it() -> None:
    run = run_of([64.0 * row for row in range(10)])
    run.checkpoints = [Checkpoint(Path("a"), 128, START + timedelta(minutes=2, seconds=-1))]
    run.checkpoints.append(Checkpoint(Path("b"), 512, START + timedelta(minutes=8)))
    run.markers = [Marker("checkpoint", one.timestep or 0, one.written_at, "") for one in run.checkpoints]
    seen = run_at_step(run, 200)
    assert (seen.timestep, seen.moment, seen.past) == (192, START + timedelta(minutes=3), True)
    assert list(seen.run.series["reward"].value) == [0, 1, 2, 3]
    assert (
        [one.timestep for one in seen.run.checkpoints] == [128] == [one.timestep for one in seen.run.markers]
    )
    assert (seen.run.timestep, seen.run.process, seen.run.traceback) == (192, "unseen", False)
    assert len(run.series["reward"]) == 10, "the run itself is as it was"


def test_a_step_that_a_resume_reached_again_means_the_second_time() -> None:
    run = run_of([0, 64, 128, 192, 128, 192, 256])
    seen = run_at_step(run, 192)
    assert list(seen.run.series["reward"].timestep) == [0, 64, 128, 192, 128, 192]
    before = run_at_step(run, 100)
    assert list(before.run.series["reward"].timestep) == [0, 64], "the newest segment was not there yet"


def test_a_step_that_a_resume_reached_again_was_reached_the_second_time() -> None:
    run = run_of([0, 64, 128, 192, 128, 192, 256])
    assert time_of_step(run, 192) == START + timedelta(minutes=5)
    assert time_of_step(run, 200) == START + timedelta(minutes=6)
    assert time_of_step(run, 257) is None
    assert time_of_step(run_of([0, 64], times=False), 64) is None


def test_the_newest_step_is_the_run_itself_and_one_before_the_first_row_is_empty() -> None:
    run = run_of([64, 128])
    assert not run_at_step(run, 10**9).past
    nothing = run_at_step(run, 3)
    assert nothing.past and nothing.run.series == {} and nothing.moment is None


def test_without_times_the_moment_is_unknown_and_the_step_decides() -> None:
    run = run_of([64, 128, 192], times=False)
    run.checkpoints = [Checkpoint(Path("a"), 128, START), Checkpoint(Path("b"), 192, START)]
    seen = run_at_step(run, 150)
    assert seen.moment is None and [one.timestep for one in seen.run.checkpoints] == [128]


@given(cut=st.integers(0, 2000), exact=st.integers(1, 50))
def test_a_reduced_past_can_be_stepped_through_too(cut: int, exact: int) -> None:
    run = run_of([float(row) for row in range(1500)])
    run.series = {name: one.reduced(exact, 32) for name, one in run.series.items()}
    for seen in (
        run_at_step(run, cut).run,
        run_at(run, START + timedelta(minutes=cut), START + timedelta(days=9)).run,
    ):
        for one in seen.series.values():
            assert max(one.timestep) <= cut and one.maximum == one.value[-1]
            assert one.rows <= cut + 1


def test_a_step_of_an_earlier_pass_shows_what_was_known_then() -> None:
    """A resume goes back from 256 to 128: step 192 was reached twice, and the first time knew less."""
    run = Run(RunInfo(id="x", directory=Path("x"), ended_at=START + timedelta(hours=1), outcome="finished"))
    run.series["reward"] = series = Series("reward")
    for row, step in enumerate((64, 128, 192, 256, 128, 192, 256, 320)):
        series.append(step, float(row), (START + timedelta(minutes=row)).timestamp())
    first, second = run_at_step(run, 192, back=1), run_at_step(run, 192, back=0)
    assert list(first.run.series["reward"].value) == [0.0, 1.0, 2.0]
    assert list(second.run.series["reward"].value) == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    assert first.moment == START + timedelta(minutes=2) and second.moment == START + timedelta(minutes=5)
    assert first.run.timestep == second.run.timestep == 192
    assert first.run.info.outcome is None, "how it ended was not known then"
