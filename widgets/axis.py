"""Axes that hold still: the window of steps, the range of values, round ticks and their labels.

Trap avoided: an axis that moves with each point repaints the whole chart and makes the eye search. The
window grows by half or more when full; the range changes when a value leaves it or when it is much too wide.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence

_ROUND = (1.0, 2.0, 2.5, 5.0, 10.0)
_WINDOWS = (1.0, 1.5, 2.5, 4.0, 6.0, 10.0)
_OVERSHOOT = 1.02
"""Room for the last rollout where its size is unknown."""
_HEADROOM = 0.1
_TOO_WIDE = 0.25


def round_up(value: float, sizes: tuple[float, ...] = _ROUND) -> float:
    """The least `sizes` × 10^k that is not below `value` (> 0)."""
    if not value > 0 or not math.isfinite(value):
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    for size in sizes:
        if size * power >= value * (1 - 1e-9):
            return size * power
    return sizes[-1] * power


def window(first: float, last: float, total: float | None = None, gap: float = 0.0) -> tuple[float, float]:
    """The steps a chart of a whole run shows: from 0 to a round end past `last`, or to a nearer `total`.

    A run of 212,992 steps stands in 0 … 250,000. `gap` is the distance of the first two rows, a rollout: a
    run ends with the rollout that reaches its total, and one that begins more than 20 of them after 0
    (resumed in a folder of its own) has an axis that begins near it.
    """
    low = 0.0
    if gap > 0 and first > 20 * gap:
        unit = 10.0 ** math.floor(math.log10(first))
        low = math.floor(first / unit) * unit
    end = low + round_up(max(last - low, 1.0), _WINDOWS)
    if total is not None and last <= max(total * _OVERSHOOT, total + gap) and total < end:
        end = max(float(total), last)
    return low, end


class Range:
    """The values a chart shows, from `low` to `high`, with hysteresis."""

    def __init__(self) -> None:
        self.low = 0.0
        self.high = 1.0
        self._held: tuple[float, float] | None = None

    def fit(self, low: float, high: float, *, zero: bool = False) -> bool:
        """Make room for `low` … `high`; True when the range changed.

        `zero`: the axis starts (or ends) at zero, where zero means something.
        """
        if zero:
            low, high = min(low, 0.0), max(high, 0.0)
        if self._holds(low, high):
            return False
        self._held = (low, high)
        span = high - low
        if span < sys.float_info.min:
            around = abs(high) * 0.1 if abs(high) >= sys.float_info.min else 1.0
            low, high = low - around, high + around
            span = 2 * around
        step = round_up(span / 8)
        below = low if zero and low == 0 else low - span * _HEADROOM
        above = high if zero and high == 0 else high + span * _HEADROOM
        new = (math.floor(below / step + 1e-9) * step, math.ceil(above / step - 1e-9) * step)
        changed = new != (self.low, self.high)
        self.low, self.high = new
        return changed

    def _holds(self, low: float, high: float) -> bool:
        if self._held is None or low < self.low or high > self.high:
            return False
        held_span = self._held[1] - self._held[0]
        return high - low >= held_span * _TOO_WIDE and not (held_span == 0 and high > low)


def ticks(low: float, high: float, count: int) -> list[float]:
    """At most `count` round values in [low, high], evenly spaced, rising; none where nothing fits."""
    if count < 1 or not high > low or not math.isfinite(high - low):
        return []
    step = round_up((high - low) / count)
    while True:
        first = math.ceil(low / step - 1e-9)
        last = math.floor(high / step + 1e-9)
        if last - first + 1 <= count:
            break
        step = round_up(step * 1.001)
    return [index * step for index in range(first, last + 1)]


def log_values(values: Sequence[float]) -> list[float]:
    """The decimal logarithms; nan for what has none (zero, negative, not finite)."""
    return [math.log10(value) if 0 < value < math.inf else math.nan for value in values]


def log_ticks(low: float, high: float, count: int) -> list[float]:
    """At most `count` values 1, 2, 5 × 10^k whose logarithms lie in [low, high]; decades first."""
    if count < 1 or not high > low:
        return []
    first, last = math.ceil(low - 1e-9), math.floor(high + 1e-9)
    decades = list(range(first, last + 1))
    if len(decades) > count:
        every = -(-len(decades) // count)
        return [10.0**power for power in decades if power % every == 0][:count]
    for sizes in ((1.0, 2.0, 5.0), (1.0, 3.0)):
        found = [
            size * 10.0**power
            for power in range(math.floor(low), last + 1)
            for size in sizes
            if low - 1e-9 <= math.log10(size * 10.0**power) <= high + 1e-9
        ]
        if len(found) <= count:
            return found
    return [10.0**power for power in decades]


def log_labels(values: list[float]) -> list[str]:
    """One short label per value, each with its own decimals: 0.001, 0.05, 2, 300, 1e6."""
    return [
        f"{value:.0e}".replace("e+0", "e").replace("e-0", "e-") if not 1e-4 <= value < 1e5 else f"{value:g}"
        for value in values
    ]


def part_of(focus: float, span: float, *, newest: bool = False) -> tuple[float, float]:
    """A window of `span` steps with `focus` in it that holds still: it moves by half its width, when `focus`
    leaves its middle half, or with `newest` when it reaches the right end."""
    half = span / 2
    place = math.floor(focus / half) - 1 if newest else math.floor(focus / half - 0.5)
    low = max(0.0, place * half)
    return low, low + span


def decimals(values: list[float]) -> int:
    """The fewest decimals (at most 6) with which evenly spaced tick values read differently and exactly."""
    for places in range(7):
        if all(math.isclose(round(value, places), value, rel_tol=1e-9, abs_tol=1e-12) for value in values):
            return places
    return 6


def tick_labels(values: list[float]) -> list[str]:
    """One label per value, all with the same decimals; thousands as `12k`, tiny and huge ones as `1e-07`."""
    if not values:
        return []
    largest = max(abs(value) for value in values)
    if largest and (largest < 1e-4 or largest >= 1e9):
        return [f"{value:.2g}" for value in values]
    if largest >= 10_000:
        thousands = [value / 1_000_000 if largest >= 10_000_000 else value / 1000 for value in values]
        places = min(decimals(thousands), 3)
        unit = "M" if largest >= 10_000_000 else "k"
        return [f"{value:.{places}f}{unit}" if value else "0" for value in thousands]
    places = decimals(values)
    return [f"{value:.{places}f}" for value in values]
