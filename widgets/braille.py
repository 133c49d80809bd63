"""Lines of dots in text cells: the canvas, and a trace that draws a series on it without losing a spike.

A trace joins the points of one segment; drawn point by point as they arrive or all at once, the picture is
the same, because of each column of dots the first, last, least and greatest values decide. Trap avoided:
averaging, which hides the one KL spike in ten thousand rows. Plain Python: a chart's first paint must not
wait for numpy.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence

_BRAILLE = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
_COLUMNS = tuple(tuple(dots[side] for dots in _BRAILLE) for side in (0, 1))
_ASCII = " '.:"
_FEW = 256
"""A column with gaps and at most so many rows is drawn row by row; with more, its gaps are not visible."""


class Canvas:
    """`width` × `height` cells of 2 × 4 dots (braille) or 1 × 2 (ASCII), counted from the top left."""

    __slots__ = ("_cells", "ascii", "columns", "height", "lines", "width")

    def __init__(self, width: int, height: int, *, ascii: bool = False) -> None:
        self.width, self.height = max(0, width), max(0, height)
        self.ascii = ascii
        self.columns = self.width * (1 if ascii else 2)
        self.lines = self.height * (2 if ascii else 4)
        self._cells = [bytearray(self.width) for _ in range(self.height)]

    def dot(self, x: int, y: int) -> None:
        """Set one dot; outside the canvas nothing happens."""
        if 0 <= x < self.columns and 0 <= y < self.lines:
            if self.ascii:
                self._cells[y >> 1][x] |= 1 << (y & 1)
            else:
                self._cells[y >> 2][x >> 1] |= _BRAILLE[y & 3][x & 1]

    def vertical(self, x: int, top: int, bottom: int) -> None:
        """All dots of one column from `top` to `bottom`, in either order."""
        if not 0 <= x < self.columns:
            return
        top, bottom = max(min(top, bottom), 0), min(max(top, bottom), self.lines - 1)
        per_cell = 2 if self.ascii else 4
        cell = x if self.ascii else x >> 1
        masks = (1, 2) if self.ascii else _COLUMNS[x & 1]
        for row in range(top // per_cell, bottom // per_cell + 1):
            first = max(0, top - row * per_cell)
            last = min(per_cell - 1, bottom - row * per_cell)
            self._cells[row][cell] |= sum(masks[first : last + 1])

    def line(self, x0: int, y0: int, x1: int, y1: int) -> None:
        """A connected line of dots (Bresenham), both ends included."""
        dx, dy = abs(x1 - x0), -abs(y1 - y0)
        step_x, step_y = (1 if x0 < x1 else -1), (1 if y0 < y1 else -1)
        error = dx + dy
        while True:
            self.dot(x0, y0)
            if x0 == x1 and y0 == y1:
                return
            twice = 2 * error
            if twice >= dy:
                error += dy
                x0 += step_x
            if twice <= dx:
                error += dx
                y0 += step_y

    def row(self, y: int) -> str:
        """The text of one row of cells; an empty cell is a blank."""
        if self.ascii:
            return "".join(_ASCII[cell] for cell in self._cells[y])
        return "".join(chr(0x2800 + cell) if cell else " " for cell in self._cells[y])


class Trace:
    """Draws values over steps on a canvas. Steps and values outside the axes are drawn at their edge."""

    def __init__(
        self,
        canvas: Canvas,
        x_low: float,
        x_high: float,
        y_low: float,
        y_high: float,
        scale: Callable[[Sequence[float]], Sequence[float]] | None = None,
    ) -> None:
        """`scale` turns values into what the y axis counts: their logarithms; None: themselves."""
        self.canvas = canvas
        self._scale = scale
        self._x_low, self._y_high = x_low, y_high
        self._per_x = canvas.columns / (x_high - x_low) if x_high > x_low else 0.0
        self._per_y = (canvas.lines - 1) / (y_high - y_low) if y_high > y_low else 0.0
        self._last: tuple[int, int] | None = None

    @property
    def last(self) -> tuple[int, int] | None:
        """(column, line of dots) of the last point; None after a gap."""
        return self._last

    def column(self, step: float) -> int:
        """The column of dots that holds `step`; never decreases with it."""
        x = int((step - self._x_low) * self._per_x)
        return min(max(x, 0), self.canvas.columns - 1)

    def level(self, value: float) -> int:
        """The line of dots nearest to a finite (scaled) `value`, 0 at the top."""
        if self._per_y == 0.0:
            return self.canvas.lines // 2
        y = int((self._y_high - value) * self._per_y + 0.5)
        return min(max(y, 0), self.canvas.lines - 1)

    def lift(self) -> None:
        """The next point is not joined to the last one: a new segment, or a gap."""
        self._last = None

    def add(self, step: float, value: float) -> None:
        """One more point of the segment; a (scaled) value that is not finite is a gap."""
        if not math.isfinite(value):
            self._last = None
            return
        self._join(self.column(step), self.level(value))

    def add_rows(self, steps: Sequence[float], values: Sequence[float], start: int, stop: int) -> None:
        """The rows `start` to `stop` of one segment (steps do not decrease), column by column."""
        for x, first, end in self.columns(steps, start, stop):
            part = values[first:end] if self._scale is None else self._scale(values[first:end])
            if math.isfinite(sum(part)):
                self._join(x, self.level(part[0]))
                self.canvas.vertical(x, self.level(max(part)), self.level(min(part)))
                self._last = (x, self.level(part[-1]))
            elif end - first <= _FEW:
                for value in part:
                    self.add(steps[first], value)
            else:
                self._add_thinned(x, part)

    def columns(self, steps: Sequence[float], start: int, stop: int) -> Iterator[tuple[int, int, int]]:
        """(column, first row, end row) for each column that holds rows of one segment."""
        while start < stop:
            x = self.column(steps[start])
            end = bisect_right(steps, x, start, stop, key=self.column)
            yield x, start, end
            start = end

    def _add_thinned(self, x: int, part: Sequence[float]) -> None:
        finite = [value for value in part if math.isfinite(value)]
        if not finite:
            self._last = None
            return
        if math.isfinite(part[0]):
            self._join(x, self.level(part[0]))
        self.canvas.vertical(x, self.level(max(finite)), self.level(min(finite)))
        self._last = (x, self.level(part[-1])) if math.isfinite(part[-1]) else None

    def _join(self, x: int, y: int) -> None:
        if self._last is None:
            self.canvas.dot(x, y)
        else:
            self.canvas.line(*self._last, x, y)
        self._last = (x, y)
