"""A smoothed line: the exponential mean of the rows, by their distance in steps.

Trap avoided: a mean by row number, which smooths a reduced past less than its newest rows. The rows
themselves stay drawn below it: a mean alone hides the spike.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

_WARM = 5.0
"""So many spans before its first row the mean begins: what is older weighs under one percent."""


class Smoother:
    """Feed it the rows of one segment in order; `span` is how many steps it averages over."""

    def __init__(self, span: float) -> None:
        self.span = span
        self._mean: float | None = None
        self._step = 0.0

    def restart(self) -> None:
        """The next row begins a segment."""
        self._mean = None

    def feed(self, steps: Sequence[float], values: Sequence[float]) -> list[float]:
        """The mean at each row; nan where the row itself is a gap, and the mean goes on behind it."""
        out = []
        for step, value in zip(steps, values, strict=True):
            if not math.isfinite(value):
                out.append(math.nan)
                continue
            if self._mean is None:
                self._mean = value
            else:
                weight = -math.expm1(-max(0.0, step - self._step) / self.span) if self.span > 0 else 1.0
                self._mean += weight * (value - self._mean)
            self._step = step
            out.append(self._mean)
        return out

    @property
    def warm_up(self) -> float:
        """How many steps before the first drawn one it wants to be fed."""
        return _WARM * self.span
