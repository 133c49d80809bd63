"""Slope and trend words."""

from __future__ import annotations

import math
import random

import pytest

from core.telemetry.model import Series
from core.telemetry.trend import slope_per_step, trend_word


def series_of(*rows: tuple[float, float]) -> Series:
    series = Series("reward")
    for step, value in rows:
        series.append(step, value)
    return series


def line(slope: float, rows: int = 20, every: int = 2048, start: float = 5.0) -> Series:
    return series_of(*((row * every, start + slope * row * every) for row in range(rows)))


def test_the_slope_of_a_line_is_its_slope() -> None:
    assert slope_per_step(line(0.002)) == pytest.approx(0.002)
    assert slope_per_step(line(-3e-7), 5_000) == pytest.approx(-3e-7)


@pytest.mark.parametrize(("slope", "word"), [(2e-4, "INCREASING"), (5e-5, "STABLE"), (-2e-4, "DECREASING")])
def test_the_word_turns_at_the_limit(slope: float, word: str) -> None:
    assert trend_word(line(slope), 1e-4) == word


def test_three_rows_or_fewer_than_five_thousand_steps_are_unknown() -> None:
    assert trend_word(line(1, rows=3, every=10_000), 1e-4) == "UNKNOWN"
    assert trend_word(line(1, rows=50, every=100), 1e-4) == "UNKNOWN"
    assert trend_word(line(1, rows=4, every=1667), 1e-4) == "INCREASING"
    assert slope_per_step(Series("reward")) is None


def test_the_window_is_widened_until_it_holds_four_rows() -> None:
    assert slope_per_step(line(0.5, rows=6, every=50_000), 5_000) == pytest.approx(0.5)


def test_only_the_newest_window_counts() -> None:
    rows = [(step * 1000.0, 0.0 if step < 100 else (step - 100) * 1.0) for step in range(200)]
    assert slope_per_step(series_of(*rows), 20_000) == pytest.approx(1e-3)


def test_nan_rows_are_left_out() -> None:
    rows = [(row * 2048.0, math.nan if row % 2 else 0.001 * row * 2048.0) for row in range(20)]
    assert slope_per_step(series_of(*rows)) == pytest.approx(0.001)
    assert trend_word(series_of(*((row * 2048.0, math.nan) for row in range(20))), 1e-4) == "UNKNOWN"


def test_a_resume_is_no_trend() -> None:
    """The rows before the step went back do not count."""
    series = line(1.0)
    series.append(1000, 0.0)
    assert trend_word(series, 1e-4) == "UNKNOWN"
    for row in range(1, 10):
        series.append(1000 + row * 2048, -0.01 * row * 2048)
    assert slope_per_step(series) == pytest.approx(-0.01)


def test_without_a_limit_noise_is_stable_and_a_real_move_is_not() -> None:
    rng = random.Random(1)
    noise = series_of(*((row * 2048.0, 0.008 + rng.gauss(0, 0.001)) for row in range(25)))
    assert trend_word(noise, None) == "STABLE"
    falling = series_of(*((row * 2048.0, 1.6 - 0.02 * row + rng.gauss(0, 0.01)) for row in range(25)))
    assert trend_word(falling, None) == "DECREASING"
    assert trend_word(line(0.0), None) == "STABLE"


def test_a_million_rows_cost_no_more_than_the_window_needs() -> None:
    series = line(0.001, rows=200_000, every=1)
    assert slope_per_step(series) == pytest.approx(0.001)
