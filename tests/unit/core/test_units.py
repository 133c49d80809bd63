"""One spelling for numbers and times."""

from __future__ import annotations

import math

import pytest

from core.units import (
    MISSING,
    age,
    apart,
    counted,
    duration,
    duration_apart,
    gigabytes,
    number,
    significant,
    steps,
)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (59.9, "59s"), (124, "2m04s"), (11_220, "3h07m"), (187_200, "2d04h"), (None, MISSING)],
)
def test_durations_show_their_two_largest_units(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text


def test_an_unknown_duration_is_missing_not_zero() -> None:
    assert duration(math.inf) == duration(math.nan) == age(None) == MISSING


def test_numbers_keep_their_decimals_and_name_what_is_not_finite() -> None:
    assert number(212_992) == "212,992"
    assert number(0.008, 4) == "0.0080"
    assert number(None) == MISSING
    assert number(math.nan) == "nan"
    assert number(-math.inf) == "-inf"


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (950, "950"), (100_000, "100k"), (2_500, "2.5k"), (1_500_000, "1.5M")]
)
def test_steps_are_short(value: float, text: str) -> None:
    assert steps(value) == text


def test_sizes_are_decimal_gigabytes() -> None:
    assert gigabytes(81_400_000_000) == "81 GB"
    assert gigabytes(1_500_000_000) == "1.5 GB"


def test_one_thing_is_not_said_in_the_plural() -> None:
    assert [counted(count, "row") for count in (0, 1, 8_295)] == ["0 rows", "1 row", "8,295 rows"]
    assert counted(1, "entry", "entries") == "1 entry" and counted(2, "entry", "entries") == "2 entries"


def test_what_is_compared_never_reads_like_a_limit_that_it_is_not() -> None:
    assert apart(0.996, 1.0, 2) == "0.996"
    assert apart(1.0, 1.0, 2) == "1.00"
    assert apart(0.05004, 0.05, 4) == "0.05004"
    assert apart(1.42, 1.0, 2) == "1.42"
    assert apart(math.nan, 1.0, 2) == "nan" and apart(None, 1.0, 2) == "–"
    assert significant(0.100004, 0.1, 3) == "0.100004"
    assert significant(0.1, 0.1, 3) == "0.1" and significant(0.1234, 0.1, 3) == "0.123"


@pytest.mark.parametrize(
    ("seconds", "limit", "text"),
    [
        (7204.0, 7200.0, "2h00m04s"),
        (7200.4, 7200.0, "2h00m00.4s"),
        (7200.0, 7200.0, "2h00m"),
        (7260.0, 7200.0, "2h01m"),
        (46_920.0, 43_200.0, "13h02m"),
        (90_004.0, 90_000.0, "1d01h00m04s"),
        (120.25, 120.0, "2m00.2s"),
        (5.5, 5.0, "5.5s"),
        (None, 7200.0, MISSING),
        (7204.0, None, "2h00m"),
    ],
)
def test_a_duration_just_past_a_limit_does_not_read_like_it(
    seconds: float | None, limit: float | None, text: str
) -> None:
    assert duration_apart(seconds, limit) == text
