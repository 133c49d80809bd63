"""Rows in view, nearest to a step, one column further; also where a resume goes over the same steps again."""

from __future__ import annotations

import math
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from core.telemetry.series import Series
from widgets.axis import log_labels, log_ticks, log_values, part_of
from widgets.chart_points import nearest_row, step_beside, values_in
from widgets.smoothing import Smoother

passes = st.lists(
    st.lists(st.integers(0, 500), min_size=1, max_size=30, unique=True).map(sorted), min_size=1, max_size=4
)


def made(steps_of: list[list[int]]) -> Series:
    series = Series("x")
    for steps in steps_of:
        for step in steps:
            series.append(step, float(step % 7))
        series.open_segment(len(series))
    if series.segments and series.segments[-1] == len(series):
        series.segments.pop()
    return series


@given(passes, st.integers(-50, 600))
def test_the_nearest_row_is_the_nearest_of_all_and_the_newest_of_equals(
    steps_of: list[list[int]], step: int
) -> None:
    series = made(steps_of)
    row = nearest_row(series, step)
    assert row is not None
    distances = [abs(other - step) for other in series.timestep]
    assert distances[row] == min(distances)
    assert row == max(index for index, distance in enumerate(distances) if distance == min(distances)) or (
        series.timestep[row] != series.timestep[len(distances) - 1]
    )


@given(passes, st.integers(0, 500), st.integers(1, 50), st.sampled_from([-1, 1]))
def test_the_step_beside_is_the_next_one_outside_the_column(
    steps_of: list[list[int]], low: int, width: int, by: int
) -> None:
    series = made(steps_of)
    found = step_beside(series, low, low + width, by)
    outside = [s for s in series.timestep if (s >= low + width if by > 0 else s < low)]
    assert found == ((min(outside) if by > 0 else max(outside)) if outside else None)


@given(passes, st.integers(0, 500), st.integers(0, 500))
def test_the_values_in_view_are_those_whose_steps_are(steps_of: list[list[int]], a: int, b: int) -> None:
    series = made(steps_of)
    low, high = min(a, b), max(a, b)
    wanted = [value for step, value in zip(series.timestep, series.value, strict=True) if low <= step <= high]
    assert sorted(values_in(series, (low, high))) == sorted(wanted)


def test_no_rows_have_no_nearest_one() -> None:
    assert nearest_row(Series("x"), 3) is None
    assert step_beside(Series("x"), 0, 1, 1) is None


@given(st.floats(0, 1e9), st.floats(1, 1e8), st.booleans())
def test_a_part_holds_its_focus_and_its_width(focus: float, span: float, newest: bool) -> None:
    low, high = part_of(focus, span, newest=newest)
    assert low <= focus <= high * (1 + 1e-9)
    assert math.isclose(high - low, span, rel_tol=1e-6)
    if newest and focus >= span:
        assert focus >= low + span / 2 - 1e-6 * span


@given(st.lists(st.floats(1, 1e6), min_size=2, max_size=40).map(sorted), st.floats(10, 1e6))
def test_a_part_moves_rarely_while_the_focus_goes_on(steps: list[float], span: float) -> None:
    """It jumps by half its width, never by less."""
    lows = [part_of(step, span, newest=True)[0] for step in steps]
    for before, after in pairwise(lows):
        assert after == before or after - before >= span / 2 - 1e-6 * span


@given(st.floats(-9, 9), st.floats(0.1, 12), st.integers(1, 12))
def test_log_ticks_are_in_range_rising_and_not_too_many(low: float, width: float, count: int) -> None:
    found = log_ticks(low, low + width, count)
    assert len(found) <= max(count, 1) or len(found) <= width + 2
    assert found == sorted(found)
    assert all(low - 1e-6 <= math.log10(value) <= low + width + 1e-6 for value in found)
    assert len(set(log_labels(found))) == len(found)


def test_what_has_no_logarithm_is_a_gap() -> None:
    found = log_values([100.0, 0.0, -1.0, math.nan, math.inf])
    assert found[0] == 2.0 and all(math.isnan(value) for value in found[1:])


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60), st.integers(1, 30))
def test_the_mean_stays_within_what_it_averages_and_does_not_depend_on_batches(
    values: list[float], cut: int
) -> None:
    steps = [float(10 * index) for index in range(len(values))]
    whole = Smoother(50).feed(steps, values)
    parted = Smoother(50)
    assert parted.feed(steps[:cut], values[:cut]) + parted.feed(steps[cut:], values[cut:]) == whole
    slack = 1e-6 + 1e-9 * max(abs(value) for value in values)
    assert all(
        min(values[: i + 1]) - slack <= mean <= max(values[: i + 1]) + slack for i, mean in enumerate(whole)
    )


def test_a_gap_stays_a_gap_and_the_mean_goes_on_behind_it() -> None:
    found = Smoother(10).feed([0, 10, 20], [1.0, math.nan, 1.0])
    assert found[0] == 1.0 and math.isnan(found[1]) and found[2] == 1.0
