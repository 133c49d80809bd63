"""How the Dashboard's charts are looked at: the part in view, the cursor, scales. Pure.

Trap avoided: each chart with a view of its own, so that two charts side by side show two times.
"""

from __future__ import annotations

import math

import msgspec

from widgets.axis import part_of, round_up
from widgets.chart import Look

LEAST_ROWS = 8
"""The closest zoom shows so many rows."""

_ZOOM = 1.9
_ALMOST = 0.7
"""A part that would show so much of the whole is the whole."""
_ROUND = (1.0, 2.0, 5.0, 10.0)
"""Parts are so many steps × 10^k wide, so that their ends are round."""


class ChartView(msgspec.Struct):
    """Shared by all charts but the scale, which is each metric's own."""

    span: float | None = None
    """Steps in view; None: the whole run."""
    cursor: float | None = None
    """The step under the cursor; None without one."""
    smooth: bool = False
    log: set[str] = msgspec.field(default_factory=set)
    """Metrics on a logarithmic scale."""

    def part(self, newest: float | None) -> tuple[float, float] | None:
        """The steps in view: around the cursor, else up to the newest row. None: the whole run."""
        if self.span is None or newest is None:
            return None
        if self.cursor is not None:
            return part_of(self.cursor, self.span)
        return part_of(newest, self.span, newest=True)

    def look(self, name: str, newest: float | None) -> Look:
        """How the chart of a metric is drawn."""
        return Look(self.part(newest), self.cursor, name in self.log, self.smooth)

    def zoom(self, by: int, whole: float, gap: float) -> bool:
        """Closer (`by` > 0) or wider; `whole`: the steps of the whole axis, `gap`: of a row. False at the
        end."""
        before = self.span
        if by > 0:
            span = _round_down((self.span or whole) / _ZOOM)
            if span >= LEAST_ROWS * gap and span > 0:
                self.span = span
        elif self.span is not None:
            span = round_up(self.span * _ZOOM, _ROUND)
            self.span = span if span < whole * _ALMOST else None
        return self.span != before

    def toggle_log(self, name: str) -> bool:
        """Whether the metric is on a logarithmic scale now."""
        self.log ^= {name}
        return name in self.log


def _round_down(span: float) -> float:
    """The greatest round width that is not above `span`."""
    power = 10.0 ** math.floor(math.log10(span)) if span > 0 else 0.0
    return max((size * power for size in _ROUND if size * power <= span * (1 + 1e-9)), default=0.0)
