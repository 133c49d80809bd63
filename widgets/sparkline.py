"""A series in one line of eight levels, as text for a tile or a table.

Traps avoided: a mean per cell hides spikes, so a cell shows its value farthest from the cell before; a line
that shifts with each value repaints all of it, so this one grows to the right and shifts by half when full.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median

_LEVELS = "▁▂▃▄▅▆▇█"
_ASCII = "_.-=*#"
_MOST = 8
"""Values per cell at most; beyond that only the newest part of the series is shown."""


def sparkline(values: Sequence[float], width: int, *, ascii: bool = False) -> str:
    """`values` in `width` cells of 1, 2, 4 or 8 values each; gaps (not finite) and free cells are blanks."""
    size = len(values)
    if width <= 0 or size == 0:
        return " " * max(0, width)
    levels = _ASCII if ascii else _LEVELS
    per_cell = 1
    while per_cell < _MOST and size > per_cell * width:
        per_cell *= 2
    first_cell = 0
    half = max(1, width // 2)
    needed = -(-size // per_cell)
    if needed > width:
        first_cell = -(-(needed - width) // half) * half
    shown = values[first_cell * per_cell : size]
    finite = [value for value in shown if math.isfinite(value)]
    if not finite:
        return " " * width
    low, high = min(finite), max(finite)
    span = high - low
    reference = median([value for value in shown[: 2 * per_cell] if math.isfinite(value)] or [low])
    cells = []
    for start in range(0, len(shown), per_cell):
        part = [value for value in shown[start : start + per_cell] if math.isfinite(value)]
        if not part:
            cells.append(" ")
            continue
        value = max(part, key=lambda value: abs(value - reference))
        reference = value
        share = (value - low) / span if span > 0 and math.isfinite(span) else 0.0
        cells.append(levels[min(int(share * len(levels)), len(levels) - 1)])
    return "".join(cells).ljust(width)
