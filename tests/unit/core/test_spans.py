"""Lengths of time are typed with a unit, and come back as they were typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.spans import parse_span, span_text


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("45s", 45), ("90m", 5_400), ("2h", 7_200), (" 1H 30M ", 5_400), ("1d12h", 129_600), ("0.5h", 1_800)],
)
def test_a_length_with_its_unit_is_understood(text: str, seconds: float) -> None:
    assert parse_span(text) == seconds


@pytest.mark.parametrize("text", ["", "30", "h", "2 weeks", "-1h", "1h and", "١h"])
def test_everything_else_is_not_guessed(text: str) -> None:
    assert parse_span(text) is None


@given(st.integers(min_value=0, max_value=10_000_000))
def test_what_is_written_reads_back_the_same(seconds: int) -> None:
    assert parse_span(span_text(seconds)) == seconds
