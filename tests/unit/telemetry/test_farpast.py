"""The far past is reduced while it is read, and keeps what reducing keeps."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.telemetry.assembly import Assembly
from core.telemetry.discovery import find_files
from core.telemetry.farpast import FarPast
from core.telemetry.ledger import Ledger, Rank
from core.telemetry.model import Run, RunInfo
from core.telemetry.series import Series
from core.telemetry.stepclock import StepClock


class Feed:
    rank = Rank.DASHBOARD


def points(series: Series) -> list[tuple[int, float, str, str]]:
    return [
        (series.row_of(at), series.timestep[at], repr(series.value[at]), repr(series.time[at]))
        for at in range(len(series))
    ]


@settings(max_examples=200)
@given(
    values=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=300),
    stride=st.sampled_from([2, 4, 8, 32]),
    data=st.data(),
)
def test_condensing_the_far_past_keeps_what_reducing_keeps(
    values: list[float], stride: int, data: st.DataObject
) -> None:
    """Batches of any size, some of which go back (a resume), start over or hold nan and take the other way;
    looks in between; far past and near."""
    feed, once = Feed(), Feed()
    ledger = Ledger(Run(RunInfo("a", Path())), stride=stride)
    plain = Ledger(Run(RunInfo("b", Path())), stride=stride)
    row, base = 0, 0.0
    while row < len(values):
        size = data.draw(st.integers(1, 60))
        part = values[row : row + size]
        if data.draw(st.integers(0, 9)) == 9:
            part = [math.nan, *part[1:]]
        if data.draw(st.integers(0, 9)) == 9:
            base = 0.0
        ledger.condensing = data.draw(st.integers(0, 9)) != 9
        steps = [base + each for each in range(len(part))]
        base = steps[-1] + 1
        finite = all(map(math.isfinite, part))
        plain.extend(once, "reward", steps, part, rising=True, finite=finite)
        ledger.extend(feed, "reward", steps, part, rising=True, finite=finite)
        row += size
        if data.draw(st.integers(0, 5)) == 5:
            assert ledger.lengths(feed) == plain.lengths(once)
    ledger.close_past()
    mine, theirs = ledger.run.series["reward"], plain.run.series["reward"]
    assert (mine.rows, mine.minimum, mine.maximum) == (theirs.rows, theirs.minimum, theirs.maximum)
    assert (mine.last, mine.last_finite) == (theirs.last, theirs.last_finite)
    assert mine.last_timestep == theirs.last_timestep
    mine, theirs = mine.reduced(1), theirs.reduced(1)
    assert points(mine) == points(theirs) and mine.segments == theirs.segments


def test_one_look_at_many_batches_keeps_what_reducing_keeps() -> None:
    feed = Feed()
    ledger, plain = (Ledger(Run(RunInfo("a", Path())), stride=4) for _ in range(2))
    ledger.condensing = True
    for start in range(0, 200, 10):
        steps = [float(row) for row in range(start, start + 10)]
        for one in (ledger, plain):
            one.extend(feed, "reward", steps, [step * step % 7 for step in steps], rising=True, finite=True)
    ledger.close_past()
    mine, theirs = (one.run.series["reward"].reduced(1) for one in (ledger, plain))
    assert points(mine) == points(theirs) and len(mine) < 120


def test_a_spike_in_the_far_past_is_kept_and_rows_do_not_fill_the_memory() -> None:
    ledger, feed = Ledger(Run(RunInfo("a", Path())), stride=256), Feed()
    ledger.condensing = True
    for start in range(0, 200_000, 1000):
        values = [0.0] * 1000
        if start == 100_000:
            values[321] = 7.5
        steps = [64.0 * row for row in range(start, start + 1000)]
        ledger.extend(feed, "reward", steps, values, rising=True, finite=True)
    ledger.close_past()
    series = ledger.run.series["reward"]
    assert series.rows == 200_000 and len(series) < 2 * 200_000 / 256 + 1500
    place = series.value.index(7.5)
    assert (series.row_of(place), series.timestep[place]) == (100_321, 64.0 * 100_321)


def test_more_rows_than_were_expected_widen_the_buckets() -> None:
    ledger, feed = Ledger(Run(RunInfo("a", Path())), stride=2), Feed()
    ledger.condensing = True
    for start in range(0, 40_000, 1000):
        steps = [float(row) for row in range(start, start + 1000)]
        ledger.extend(feed, "reward", steps, [math.sin(step) for step in steps], rising=True, finite=True)
    ledger.close_past()
    series = ledger.run.series["reward"]
    assert series.rows == 40_000 and series.stride > 2 and len(series) < 3 * 4096 + 1001


def test_steps_that_go_back_are_not_condensed_into_what_stands_before_them() -> None:
    series = Series("reward")
    series.stride = 4
    past = FarPast.opened(series)
    assert past is not None and past.add([0.0, 1.0, 2.0, 3.0], [1.0, 2.0, 3.0, 4.0])
    assert not past.add([1.0, 2.0], [5.0, 6.0])
    assert past.close() is series and (series.rows, series.last) == (4, 4.0)


def test_rows_whose_times_are_known_stay_whole() -> None:
    series = Series("reward")
    series.extend([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], [math.nan, 1000.0, 1001.0])
    assert FarPast.opened(series) is None


def test_a_bucket_that_began_before_condensing_did_is_reduced_as_one() -> None:
    """Rows 2 and 3 are one bucket, though rows 0 to 3 came whole, for one of them is no number."""
    ledger, feed = Ledger(Run(RunInfo("a", Path())), stride=2), Feed()
    ledger.condensing = True
    ledger.extend(feed, "reward", [0.0, 1.0, 2.0, 3.0], [math.nan, 0.0, 0.0, 0.0], rising=True, finite=False)
    ledger.extend(feed, "reward", [4.0], [0.0], rising=True, finite=True)
    ledger.close_past()
    kept = ledger.run.series["reward"].reduced(1)
    assert [kept.row_of(at) for at in range(len(kept))] == [0, 1, 2, 4]


def test_a_look_that_fails_leaves_no_row_of_the_far_past_waiting(tmp_path: Path) -> None:
    (tmp_path / "convergence_dashboard.csv").write_text("timestep,reward\n")
    assembly = Assembly(RunInfo("a", tmp_path), every_row=False, expected_rows=1_000_000)
    assembly.follow(find_files(tmp_path))
    feed = assembly._rows[0]
    ledger = feed._ledger

    def fails(pause: object = None) -> tuple[bool, bool]:
        ledger.condensing = True
        for start in range(0, 10_000, 1000):
            part = [float(step) for step in range(start, start + 1000)]
            ledger.extend(feed, "reward", part, [1.0] * 1000, rising=True, finite=True)
        raise OSError("the volume is gone")

    feed.poll = fails  # type: ignore[method-assign, assignment]
    with pytest.raises(OSError):
        assembly.poll(datetime(2026, 2, 24, tzinfo=UTC), StepClock())
    assert assembly.run.series["reward"].rows == 10_000
