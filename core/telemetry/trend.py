"""Slope and trend word of a series: least squares over the newest rows of the current segment.

Trap avoided: a trend drawn from three rows, or across a resume. Below four finite rows or 5,000 steps there
is no slope and the word is UNKNOWN.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    from core.telemetry.model import Series

TrendWord = Literal["INCREASING", "STABLE", "DECREASING", "UNKNOWN"]

MIN_ROWS = 4
MIN_STEPS = 5_000
TREND_WINDOW = 50_000
"""Steps the trend word looks back: the documents' span for "no improvement"."""

_MAX_ROWS = 2_000
_STEADY_SHARE = 0.05
_STANDARD_ERRORS = 2.0


class Fit(msgspec.Struct, frozen=True):
    """A least-squares line through the newest rows."""

    slope: float
    """Per step."""
    error: float
    """Standard error of the slope."""
    level: float
    """Mean of the absolute values."""
    span: float
    """Steps between the first and last row used."""
    rows: int


def fit(series: Series, window_steps: float = TREND_WINDOW) -> Fit | None:
    """The line through the newest `window_steps` steps of the current segment, widened until it holds four
    finite rows and 5,000 steps; None where the segment has fewer. Rows of nan or inf are left out.

    More than 2,000 rows are thinned to every n-th, the newest kept. Asked again for the same rows, it answers
    from memory.
    """
    asked = (series.rows, len(series), len(series.segments), window_steps)
    if series.fitted is None or series.fitted[0] != asked:
        series.fitted = (asked, _fit(series, window_steps))
    return series.fitted[1]


def _fit(series: Series, window_steps: float) -> Fit | None:
    steps, values = _window(series, max(float(window_steps), MIN_STEPS))
    count = len(values)
    if count < MIN_ROWS or steps[-1] - steps[0] < MIN_STEPS:
        return None
    try:
        return _least_squares(steps, values)
    except (OverflowError, ValueError):  # values near the end of the range of a float
        return None


def _least_squares(x: list[float], y: list[float]) -> Fit | None:
    count = len(x)
    mean_x, mean_y = math.fsum(x) / count, math.fsum(y) / count
    spread = math.fsum((one - mean_x) ** 2 for one in x)
    slope = math.fsum((one - mean_x) * (two - mean_y) for one, two in zip(x, y, strict=True)) / spread
    residual = math.fsum((two - mean_y - slope * (one - mean_x)) ** 2 for one, two in zip(x, y, strict=True))
    error = math.sqrt(residual / (count - 2) / spread)
    level = math.fsum(map(abs, y)) / count
    if not (math.isfinite(slope) and math.isfinite(error) and math.isfinite(level)):
        return None
    return Fit(slope, error, level, x[-1] - x[0], count)


def slope_per_step(series: Series, window_steps: float = TREND_WINDOW) -> float | None:
    """Least-squares slope per step over the window of `fit`; None without enough rows."""
    line = fit(series, window_steps)
    return None if line is None else line.slope


def trend_word(series: Series, limit: float | None, window_steps: float = TREND_WINDOW) -> TrendWord:
    """INCREASING above `limit` per step, DECREASING below −`limit`, else STABLE; UNKNOWN without a slope.

    Without a limit the metric is judged against itself: it moves when the slope exceeds two standard errors
    and takes the line at least 5 % of the metric's level over the window.
    """
    line = fit(series, window_steps)
    if line is None:
        return "UNKNOWN"
    if limit is None:
        limit = max(_STANDARD_ERRORS * line.error, _STEADY_SHARE * line.level / line.span)
    if line.slope > limit:
        return "INCREASING"
    return "DECREASING" if line.slope < -limit else "STABLE"


def _window(series: Series, window_steps: float) -> tuple[list[float], list[float]]:
    """Finite rows of the current segment, newest `window_steps` and at least the minimum, oldest first."""
    end = len(series)
    begin = series.segments[-1] if series.segments else 0
    steps: list[float] = []
    values: list[float] = []
    for index in range(end - 1, begin - 1, -1):
        step, value = series.timestep[index], series.value[index]
        if not math.isfinite(value):
            continue
        if len(steps) >= MIN_ROWS and steps[0] - step > window_steps and steps[0] - steps[-1] >= MIN_STEPS:
            break
        steps.append(step)
        values.append(value)
    stride = -(-len(steps) // _MAX_ROWS) or 1
    return steps[::stride][::-1], values[::stride][::-1]
