"""Axes: round ticks inside their bounds, a window that holds still, a range with hysteresis."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from widgets.axis import Range, round_up, tick_labels, ticks, window
from widgets.chart_marks import StepsAxis

bound = st.floats(-1e6, 1e6, allow_nan=False)


@given(bound, bound, st.integers(1, 12))
def test_ticks_are_round_evenly_spaced_and_inside(low: float, high: float, count: int) -> None:
    assume(high - low > 1e-9 * max(1.0, abs(low), abs(high)))
    marks = ticks(low, high, count)
    assert len(marks) <= count
    slack = (high - low) * 1e-6
    assert all(low - slack <= mark <= high + slack for mark in marks)
    if len(marks) > 1:
        gap = marks[1] - marks[0]
        mantissa = gap / 10 ** math.floor(math.log10(gap) + 1e-9)
        assert any(math.isclose(mantissa, size, rel_tol=1e-6) for size in (1, 2, 2.5, 5, 10))
        assert all(math.isclose(b - a, gap, rel_tol=1e-6) for a, b in pairwise(marks))


@given(bound, bound, st.integers(1, 12))
def test_labels_tell_ticks_apart(low: float, high: float, count: int) -> None:
    assume(high - low > 1e-3 * max(1.0, abs(low), abs(high)))
    marks = ticks(low, high, count)
    labels = tick_labels(marks)
    assert len(set(labels)) == len(marks)


def test_ticks_of_nothing() -> None:
    assert ticks(1, 1, 5) == ticks(0, math.inf, 5) == ticks(0, 1, 0) == []


def test_labels_as_people_write_them() -> None:
    assert tick_labels([0.0, 0.05, 0.1]) == ["0.00", "0.05", "0.10"]
    assert tick_labels([0.0, 5.0, 10.0]) == ["0", "5", "10"]
    assert tick_labels([0, 20_000, 40_000]) == ["0", "20k", "40k"]
    assert tick_labels([2e-6, 4e-6]) == ["2e-06", "4e-06"]


@given(st.lists(st.integers(1, 50_000), min_size=2, max_size=200), st.sampled_from([None, 500_000, 10_000]))
def test_the_window_holds_all_steps_and_moves_seldom(gaps: list[int], total: int | None) -> None:
    """It grows by half or more, or up to the run's end: a few times in a whole run."""
    last, seen = 0, []
    for gap in gaps:
        last += gap
        low, high = window(gaps[0], last, total, gaps[1])
        assert low <= last <= high
        if not seen or seen[-1] != (low, high):
            seen.append((low, high))
    assert len({low for low, _ in seen}) == 1
    ends = [high for _, high in seen]
    assert ends == sorted(ends)
    assert len(ends) <= 5 * math.log10(max(last / gaps[0], 10)) + 5


def test_the_window_of_the_documents_run() -> None:
    assert window(2048, 212_992, 500_000, 2048) == (0, 250_000)
    assert window(2048, 260_000, 500_000, 2048) == (0, 400_000)
    assert window(2048, 410_000, 500_000, 2048) == (0, 500_000)
    assert window(2048, 19_000, 20_000, 2048) == (0, 20_000)
    assert window(4096, 40_960, 40_000, 4096) == (0, 40_960), (
        "the rollout that reaches the total ends the run"
    )
    assert window(4096, 45_056, 40_000, 4096) == (0, 60_000), "it went on past its total"
    assert window(1_001_472, 1_050_000, None, 2048)[0] == 1_000_000


@given(st.lists(bound, min_size=1, max_size=100), st.booleans())
def test_the_range_always_holds_the_values(values: list[float], zero: bool) -> None:
    held = Range()
    for value in values:
        held.fit(min(values[: values.index(value) + 1]), max(values[: values.index(value) + 1]), zero=zero)
        assert held.low <= value <= held.high
        assert held.high > held.low
        if zero:
            assert held.low <= 0 <= held.high


def test_the_range_stays_while_values_stay_inside() -> None:
    held = Range()
    assert held.fit(0.0, 10.0)
    before = (held.low, held.high)
    assert not held.fit(0.5, 10.0)
    assert not held.fit(0.0, held.high)
    assert (held.low, held.high) == before
    assert held.fit(0.0, held.high + 0.1)


def test_the_range_narrows_when_far_too_wide() -> None:
    held = Range()
    held.fit(0.0, 1000.0)
    assert held.fit(0.0, 10.0)
    assert held.high < 20


def test_zero_only_where_it_means_something() -> None:
    free, bound_to_zero = Range(), Range()
    free.fit(100.0, 101.0)
    bound_to_zero.fit(100.0, 101.0, zero=True)
    assert free.low > 99
    assert bound_to_zero.low == 0


def test_round_up() -> None:
    assert [round_up(value) for value in (0.9, 1.0, 1.1, 2.4, 2.6, 7)] == [1, 1, 2, 2.5, 5, 10]
    assert round_up(0) == round_up(math.nan) == 1.0


@pytest.mark.parametrize("last", [40_960, 60_000, 250_000])
@pytest.mark.parametrize("width", [38, 70])
def test_steps_below_a_chart_are_evenly_spaced(last: int, width: int) -> None:
    """An end that is not round is named where there is room, never in place of a round step."""
    axis = StepsAxis((0, last), width, 6, lambda step: tick_labels([step, 10_000])[0])
    text = "".join(cell for cell, _ in axis.spans())
    steps = [int(word.removesuffix("k") or 0) for word in text.replace("─", " ").split()]
    between = [after - before for before, after in pairwise(steps)]
    assert len(steps) >= 3 and len(set(between)) == 1, text
