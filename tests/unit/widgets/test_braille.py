"""The canvas and the trace: no extreme is lost, gaps are gaps, and growing draws what a full draw draws."""

from __future__ import annotations

import math
from array import array

from hypothesis import given, settings
from hypothesis import strategies as st

from widgets.braille import Canvas, Trace

finite = st.floats(-1000, 1000, allow_nan=False)
any_value = st.one_of(finite, st.just(math.nan), st.just(math.inf), st.just(-math.inf))


def dots(canvas: Canvas) -> set[tuple[int, int]]:
    bits = {(0, 0): 1, (0, 1): 2, (0, 2): 4, (0, 3): 64, (1, 0): 8, (1, 1): 16, (1, 2): 32, (1, 3): 128}
    found = set()
    for y in range(canvas.height):
        for x, char in enumerate(canvas.row(y)):
            code = ord(char) - 0x2800 if char != " " else 0
            found |= {(2 * x + dx, 4 * y + dy) for (dx, dy), bit in bits.items() if code & bit}
    return found


def steps_of(gaps: list[int]) -> array[float]:
    total, out = 0, array("d")
    for gap in gaps:
        total += gap
        out.append(total)
    return out


@st.composite
def segments(
    draw: st.DrawFn, values: st.SearchStrategy[float] = any_value
) -> tuple[array[float], array[float]]:
    gaps = draw(st.lists(st.integers(0, 40), min_size=1, max_size=400))
    steps = steps_of(gaps)
    shown = array("d", draw(st.lists(values, min_size=len(steps), max_size=len(steps))))
    return steps, shown


def trace(width: int, height: int, last: float) -> Trace:
    return Trace(Canvas(width, height), 0, max(last, 1), -1000, 1000)


@given(segments(), st.integers(1, 30), st.integers(1, 8))
@settings(max_examples=150)
def test_each_columns_extremes_are_drawn(
    rows: tuple[array[float], array[float]], width: int, height: int
) -> None:
    """A spike of one row among hundreds in a column still stands there, at its level."""
    steps, values = rows
    drawn = trace(width, height, steps[-1])
    drawn.add_rows(steps, values, 0, len(steps))
    found = dots(drawn.canvas)
    for x, first, end in drawn.columns(steps, 0, len(steps)):
        kept = [value for value in values[first:end] if math.isfinite(value)]
        for value in (min(kept), max(kept)) if kept else ():
            assert (x, drawn.level(value)) in found


@given(segments(), st.data())
@settings(max_examples=150)
def test_growing_draws_the_same_picture_as_drawing_all_at_once(
    rows: tuple[array[float], array[float]], data: st.DataObject
) -> None:
    """Live and after a resize a chart looks the same."""
    steps, values = rows
    whole = trace(20, 6, steps[-1])
    whole.add_rows(steps, values, 0, len(steps))
    grown = trace(20, 6, steps[-1])
    start = 0
    while start < len(steps):
        stop = data.draw(st.integers(start + 1, len(steps)))
        grown.add_rows(steps, values, start, stop)
        start = stop
    assert [grown.canvas.row(y) for y in range(6)] == [whole.canvas.row(y) for y in range(6)]


def test_thinning_of_a_million_rows_keeps_the_one_spike() -> None:
    steps = array("d", range(1_000_000))
    values = array("d", bytes(8 * 1_000_000))
    values[654_321] = 900.0
    drawn = trace(60, 10, 1_000_000)
    drawn.add_rows(steps, values, 0, len(steps))
    assert (drawn.column(654_321), drawn.level(900.0)) in dots(drawn.canvas)


def test_nan_is_a_gap_and_segments_are_not_joined() -> None:
    drawn = trace(20, 4, 40)
    drawn.add_rows(array("d", [0, 20, 39]), array("d", [0.0, math.nan, 0.0]), 0, 3)
    assert {x for x, _ in dots(drawn.canvas)} == {0, 39}
    joined = trace(20, 4, 40)
    joined.add_rows(array("d", [0, 39]), array("d", [0.0, 0.0]), 0, 2)
    assert {x for x, _ in dots(joined.canvas)} == set(range(40))


def test_many_rows_with_a_gap_in_one_column_keep_their_extremes() -> None:
    steps = array("d", range(2000))
    values = array("d", [math.nan if i % 7 == 0 else float(i % 11) for i in range(2000)])
    values[1001] = -500.0
    drawn = trace(1, 8, 2000)
    drawn.add_rows(steps, values, 0, len(steps))
    assert (drawn.column(1001), drawn.level(-500.0)) in dots(drawn.canvas)


def test_ascii_canvas_holds_ascii_only() -> None:
    canvas = Canvas(10, 3, ascii=True)
    canvas.line(0, 0, 9, 5)
    assert all(canvas.row(y).isascii() for y in range(3))
    assert any(canvas.row(y).strip() for y in range(3))
