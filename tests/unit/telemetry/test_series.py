"""A series whose past is reduced: extremes never lost, counts exact, the newest rows whole, order kept."""

from __future__ import annotations

import math
from array import array
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.telemetry.series import BUCKETS, EXACT_ROWS, FULL_POINTS, Series

VALUES = st.one_of(
    st.floats(-1e6, 1e6),
    st.sampled_from([0.0, 1.0, math.nan, math.inf, -math.inf, 1.7e308, -1.7e308]),
)


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[float], list[float]]:
    """Timesteps with some steps back, and values with some that are not finite."""
    values = draw(st.lists(VALUES, min_size=1, max_size=300))
    step, steps = 0.0, []
    for _ in values:
        step = max(0.0, step + draw(st.sampled_from([1, 1, 1, 1, 1, 1, 1, 64, 0, -90])))
        steps.append(step)
    return steps, values


def filled(steps: list[float], values: list[float]) -> Series:
    series = Series("reward")
    for row, (step, value) in enumerate(zip(steps, values, strict=True)):
        series.append(step, value, 1000.0 + row)
    return series


def points(series: Series) -> list[tuple[int, float, str, float]]:
    return [
        (series.row_of(at), series.timestep[at], repr(series.value[at]), series.time[at])
        for at in range(len(series))
    ]


@settings(max_examples=150)
@given(history=histories(), exact=st.integers(1, 40), buckets=st.integers(64, 128), data=st.data())
def test_reducing_often_keeps_what_reducing_once_keeps(
    history: tuple[list[float], list[float]], exact: int, buckets: int, data: st.DataObject
) -> None:
    steps, values = history
    grown = Series("reward")
    for row, (step, value) in enumerate(zip(steps, values, strict=True)):
        grown.append(step, value, 1000.0 + row)
        if data.draw(st.integers(0, 9)) == 0:
            grown = grown.reduced(exact, buckets)
    at_once = filled(steps, values)
    at_once.stride = grown.stride  # the width never shrinks again
    assert points(grown.reduced(exact, buckets)) == points(at_once.reduced(exact, buckets))


@settings(max_examples=200)
@given(history=histories(), exact=st.integers(1, 40), buckets=st.integers(2, 64))
def test_no_extreme_is_lost_and_counts_stay_exact(
    history: tuple[list[float], list[float]], exact: int, buckets: int
) -> None:
    steps, values = history
    whole = filled(steps, values)
    kept = whole.reduced(exact, buckets)
    rows = [kept.row_of(at) for at in range(len(kept))]
    assert rows == sorted(set(rows)), "in order, no row twice"
    for at, row in enumerate(rows):
        assert repr(kept.value[at]) == repr(values[row]), "a point is a row that was there"
        assert (kept.timestep[at], kept.time[at]) == (steps[row], 1000.0 + row)
    assert (kept.rows, kept.last_timestep) == (len(values), int(steps[-1]))
    for name in ("minimum", "maximum", "last", "last_finite"):
        assert getattr(kept, name) == getattr(whole, name)
    assert rows[-exact:] == list(range(max(0, len(values) - exact), len(values))), "the newest rows are whole"
    starts = [whole.row_of(at) for at in whole.segments]
    mine = [kept.row_of(at) for at in kept.segments]
    assert mine == starts[len(starts) - len(mine) :]
    held = set(rows)
    for begin in range(0, len(values), kept.stride):
        for first, end in _within(begin, min(begin + kept.stride, len(values)), starts):
            if first < mine[0]:
                continue  # of the oldest of too many segments only counts and extremes stay
            finite = [values[row] for row in range(first, end) if math.isfinite(values[row])]
            seen = [values[row] for row in range(first, end) if row in held]
            if finite:
                assert min(finite) == min(v for v in seen if math.isfinite(v))
                assert max(finite) == max(v for v in seen if math.isfinite(v))
            assert any(map(math.isfinite, seen)) == bool(finite)
            assert len(finite) == end - first or not all(map(math.isfinite, seen)), "a gap stays a gap"


def _within(begin: int, end: int, starts: list[int]) -> list[tuple[int, int]]:
    edges = [begin, *(start for start in starts if begin < start < end), end]
    return list(pairwise(edges))


@given(history=histories(), exact=st.integers(1, 40), rows=st.integers(0, 320))
def test_the_first_rows_of_a_reduced_series_go_on_with_the_right_numbers(
    history: tuple[list[float], list[float]], exact: int, rows: int
) -> None:
    steps, values = history
    kept = filled(steps, values).reduced(exact, 16)
    part = kept.first(rows)
    assert part.rows == min(rows, len(values))
    assert points(part) == [point for point in points(kept) if point[0] < rows]
    part.append(1e9, 1.0)
    assert part.row_of(len(part) - 1) == min(rows, len(values))


def test_a_million_rows_stay_within_their_caps_and_keep_one_spike() -> None:
    series = Series("approx_kl")
    chunk = 5000
    for start in range(0, 1_000_000, chunk):
        values = [0.01 + (row % 7) / 1000 for row in range(start, start + chunk)]
        if start == 400_000:
            values[1234] = 7.5
        steps = [64.0 * row for row in range(start, start + chunk)]
        series.extend(steps, values, array("d", (math.nan,)) * chunk, rising=True, finite=True)
        if len(series) - series.exact_from > FULL_POINTS:
            series = series.reduced()
            assert len(series) <= 2 * BUCKETS + 4 + EXACT_ROWS
    assert series.rows == 1_000_000 and series.stride == 256
    place = series.value.index(7.5)
    assert (series.row_of(place), series.timestep[place]) == (401_234, 64.0 * 401_234)
    assert series.index_of(401_234) == place


def test_steps_that_always_go_back_are_bounded_too() -> None:
    series = Series("reward")
    for row in range(60_000):
        series.append(float(-row), float(row))
        if len(series) - series.exact_from > FULL_POINTS:
            series = series.reduced()
    assert series.rows == 60_000 and len(series) < FULL_POINTS + 2 * BUCKETS
    assert (series.minimum, series.maximum) == (0.0, 59_999.0)


def test_the_first_rows_know_their_own_last_value() -> None:
    series = Series("reward")
    series.extend([1.0, 2.0, 3.0], [7.0, math.nan, 9.0], [0.0] * 3)
    first = series.first(2)
    assert (first.last, first.last_finite, first.maximum) == (None, 7.0, 7.0)


def test_columns_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError):
        Series("reward").extend([1.0], [1.0, 2.0], [1.0])


def test_a_segment_that_the_steps_do_not_show_can_be_opened() -> None:
    series = filled([1, 2, 2, 3], [1, 1, 1, 1])
    series.open_segment(2)
    series.open_segment(2)
    assert series.segments == [0, 2]
