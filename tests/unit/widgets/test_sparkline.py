"""Sparklines: exact width, spikes visible, and a new value changes little."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from widgets.sparkline import sparkline

values = st.lists(st.one_of(st.floats(allow_nan=True, allow_infinity=True)), max_size=300)


@given(values, st.integers(0, 40), st.booleans())
def test_it_has_the_width_it_was_given(shown: list[float], width: int, ascii: bool) -> None:
    line = sparkline(shown, width, ascii=ascii)
    assert len(line) == width
    assert not ascii or line.isascii()


@given(st.integers(0, 79), st.integers(6, 20))
def test_a_spike_reaches_the_top(at: int, width: int) -> None:
    """Of the newest `8 * width` values every one can be seen."""
    shown = [0.0] * 80
    shown[at] = 1.0
    assert "█" in sparkline(shown[: 8 * width], width) or at >= 8 * width


def test_nan_is_a_blank() -> None:
    assert sparkline([0.0, math.nan, 1.0], 5) == "▁ █  "


def test_it_grows_to_the_right_and_pages_by_half() -> None:
    """Per added value the cells before the newest one stay, except when the scale or the page changes."""
    shown, changes = [0.0, 1.0], 0
    before = sparkline(shown, 16)
    for index in range(600):
        shown.append(float(index % 2))
        after = sparkline(shown, 16)
        changes += sum(a != b for a, b in zip(before, after, strict=True))
        before = after
    assert changes < 600


def test_constant_and_empty() -> None:
    assert sparkline([], 4) == "    "
    assert sparkline([2.0, 2.0], 4) == "▁▁  "
