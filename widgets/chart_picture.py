"""One drawn state of a chart: canvases with fixed axes to which rows are added as they come.

Owns where labels, thresholds, the cursor and each line stand. Traps avoided: a series that grows in the
follower's thread while it is drawn (only rows whose value has arrived are looked at); a smoothed line that
stands where its rows were (they stay, dimmed, with every extreme).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
from rich.cells import cell_len

from widgets.axis import log_labels, log_ticks, log_values, tick_labels, ticks
from widgets.braille import Canvas, Trace
from widgets.chart_marks import StepsAxis
from widgets.chart_points import Points, parts, rows_in
from widgets.lines import Row, Span, fit
from widgets.smoothing import Smoother


class Threshold(msgspec.Struct, frozen=True):
    """A dashed line with its name."""

    value: float
    name: str
    tone: str = "warning"
    in_range: bool = True
    """The axis makes room for it; otherwise it shows only where the values reach."""


class Axes(msgspec.Struct, frozen=True):
    """What a picture's places mean; with other axes it is another picture."""

    size: tuple[int, int]
    """Of the whole chart, frame included."""
    view: tuple[float, float]
    """The steps from left to right."""
    values: tuple[float, float]
    """From bottom to top; logarithms where `log`."""
    log: bool = False
    smooth: float = 0.0
    """The span of the smoothed line in steps; 0: none."""

    def scaled(self, value: float) -> float:
        return log_values([value])[0] if self.log else value


class _Line:
    """One series on a canvas of its own."""

    def __init__(self, canvas: Canvas, axes: Axes, tone: str, letter: str = "", span: float = 0.0) -> None:
        self.canvas, self.tone, self.letter = canvas, tone, letter
        self._view = axes.view
        self._trace = Trace(canvas, *axes.view, *axes.values, scale=log_values if axes.log else None)
        self._smoother = Smoother(span) if span else None
        self._drawn = 0
        self.end: tuple[int, int] | None = None
        """The cell of the last drawn point."""

    def draw(self, points: Points) -> None:
        """Add the rows that are not drawn yet."""
        size = len(points.value)
        for start, stop in parts(points, size):
            if stop <= self._drawn:
                continue
            if start >= self._drawn:
                self._trace.lift()
                if self._smoother is not None:
                    self._smoother.restart()
            self._add(points, max(start, self._drawn), stop)
        self._drawn = size
        last = self._trace.last
        if last is not None:
            across, down = (1, 2) if self.canvas.ascii else (2, 4)
            self.end = (last[0] // across, last[1] // down)

    def _add(self, points: Points, start: int, stop: int) -> None:
        steps = points.timestep
        first, last = rows_in(steps, start, stop, self._view)
        if self._smoother is None:
            self._trace.add_rows(steps, points.value, first, last)
            return
        begin, _ = rows_in(steps, start, stop, (self._view[0] - self._smoother.warm_up, self._view[1]))
        smooth = self._smoother.feed(steps[begin:last], points.value[begin:last])
        self._trace.add_rows(steps[begin:last], smooth, first - begin, last - begin)


class Picture:
    """The lines of a chart on their axes."""

    def __init__(
        self,
        axes: Axes,
        thresholds: tuple[Threshold, ...],
        x_label: Callable[[float], str],
        tone: str,
        *,
        ascii: bool = False,
    ) -> None:
        self.axes = axes
        self.ascii = ascii
        self._tone = tone
        self.low, self.high = axes.values
        self._thresholds = [t for t in thresholds if self.low <= axes.scaled(t.value) <= self.high]
        inner_width, self._height = axes.size[0] - 2, axes.size[1] - 2
        self._labels = self._value_labels()
        self._margin = max((cell_len(label) for label in self._labels.values()), default=0) + 1
        if self._margin > inner_width // 2:
            self._labels, self._margin = {}, 0
        self._width = inner_width - self._margin - 1
        self.axis = StepsAxis(axes.view, inner_width, self._margin, x_label, ascii)
        self._rows = _Line(self._canvas(), axes, "dim" if axes.smooth else tone)
        self._mean = _Line(self._canvas(), axes, tone, span=axes.smooth) if axes.smooth else None
        self._others: dict[object, _Line] = {}

    def _canvas(self) -> Canvas:
        return Canvas(self._width, self._height, ascii=self.ascii)

    def draw(self, points: Points) -> None:
        """Add the rows that are not drawn yet."""
        self._rows.draw(points)
        if self._mean is not None:
            self._mean.draw(points)

    def draw_other(self, key: object, points: Points, letter: str, tone: str) -> None:
        """Another run's line, below this run's; its letter stands at its end."""
        line = self._others.get(key)
        if line is None:
            line = self._others[key] = _Line(self._canvas(), self.axes, tone, letter)
        line.draw(points)

    def cell_steps(self, step: float) -> tuple[float, float]:
        """The steps that share the cell of `step`: from, and up to but not including."""
        low, high = self.axes.view
        per_cell = (high - low) / self._width if self._width else 0.0
        cell = self._cell(step)
        return low + cell * per_cell, low + (cell + 1) * per_cell

    def _cell(self, step: float) -> int:
        canvas = self._rows.canvas
        low, high = self.axes.view
        x = int((step - low) * canvas.columns / (high - low)) if high > low else 0
        return min(max(x, 0), canvas.columns - 1) // (1 if self.ascii else 2)

    def body(self, cursor: float | None = None) -> list[Row]:
        """The plot's rows: label, lines of dots, dashed thresholds and the cursor where no dot is."""
        named = {self._row_of(self.axes.scaled(t.value)): t for t in self._thresholds}
        lines = [*self._others.values(), self._rows, *([self._mean] if self._mean is not None else [])]
        ends = {line.end: line for line in self._others.values() if line.end is not None}
        low, high = self.axes.view
        at = self._cell(cursor) if cursor is not None and low <= cursor <= high else None
        rows: list[Row] = []
        for y in range(self._height):
            label = fit(self._labels.get(y, ""), self._margin - 1, right=True) + " " if self._margin else ""
            plot: list[Span]
            if len(lines) == 1 and at is None:
                text = self._rows.canvas.row(y)
                plot = _dashed(text, named[y], self._tone, self.ascii) if y in named else [(text, self._tone)]
            else:
                plot = self._cells(y, lines, named.get(y), at)
            for (x, row), line in ends.items():
                if row == y:
                    _put(plot, min(x + 1, self._width - 1), line.letter, line.tone)
            rows.append([(label, "dim"), *plot])
        return rows

    def _cells(
        self, y: int, lines: Sequence[_Line], threshold: Threshold | None, cursor: int | None
    ) -> list[Span]:
        """One span per cell: the topmost line's dots, else the threshold's dash, else the cursor."""
        texts = [(line.canvas.row(y), line.tone) for line in reversed(lines)]
        cells: list[Span] = [
            next(((text[x], tone) for text, tone in texts if text[x] != " "), (" ", "dim"))
            for x in range(self._width)
        ]
        if threshold is not None:
            dots = "".join(char for char, _ in cells)
            under = _dashed(dots, threshold, "", self.ascii)
            cells = [cell if cell[0] != " " else dash for cell, dash in zip(cells, under, strict=True)]
        if cursor is not None:
            char, _ = cells[cursor]
            blank = char in " ╌-"
            cells[cursor] = (("|" if self.ascii else "│") if blank else char, "bright")
        return cells

    def _row_of(self, scaled: float) -> int:
        """The row of cells a (scaled) value stands in."""
        lines = self._height * (2 if self.ascii else 4)
        place = (self.high - scaled) / (self.high - self.low) * (lines - 1) if self.high > self.low else 0.0
        return min(max(int(place + 0.5) * self._height // lines, 0), self._height - 1)

    def _value_labels(self) -> dict[int, str]:
        """Label per row: the thresholds' own values, and round values that do not touch them."""
        scaled, log = self.axes.scaled, self.axes.log
        taken = {self._row_of(scaled(threshold.value)) for threshold in self._thresholds}
        count = max(2, (self._height + 1) // 3)
        round_values = log_ticks(self.low, self.high, count) if log else ticks(self.low, self.high, count)
        values = [
            value
            for value in round_values
            if not {self._row_of(scaled(value)) + near for near in (-1, 0, 1)} & taken
        ]
        values = sorted({*values, *(threshold.value for threshold in self._thresholds)})
        labels = log_labels(values) if log else tick_labels(values)
        return {self._row_of(scaled(value)): text for value, text in zip(values, labels, strict=True)}


def _put(plot: list[Span], x: int, char: str, tone: str) -> None:
    """Replace one cell of a row of spans."""
    start = 0
    for index, (text, old) in enumerate(plot):
        if start <= x < start + len(text):
            at = x - start
            plot[index : index + 1] = [(text[:at], old), (char, tone), (text[at + 1 :], old)]
            return
        start += len(text)


def _dashed(text: str, threshold: Threshold, tone: str, ascii: bool) -> list[Span]:
    """A threshold's row: dashes in the cells that hold no dot, and its name at the right where it is free."""
    under = list((("- " if ascii else "╌") * len(text))[: len(text)])
    name = f" {threshold.name} "
    for start in range(len(text) - len(name), 2, -1):
        if text[start : start + len(name)].isspace():
            under[start : start + len(name)] = name
            break
    return [
        (dot, tone) if dot != " " else (other, threshold.tone) for dot, other in zip(text, under, strict=True)
    ]
