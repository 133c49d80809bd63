"""One drawn state of a chart: a canvas with fixed axes to which rows are added as they come.

Owns where labels, thresholds and the steps' axis stand. Trap avoided: a series that grows in the follower's
thread while it is drawn: only rows whose value has arrived are looked at.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from rich.cells import cell_len

from widgets.axis import tick_labels, ticks
from widgets.braille import Canvas, Trace
from widgets.lines import Row, Span, fit


class Points(Protocol):
    """What a chart draws: `core.telemetry.model.Series` is one."""

    @property
    def timestep(self) -> Sequence[float]: ...
    @property
    def value(self) -> Sequence[float]: ...
    @property
    def segments(self) -> Sequence[int]:
        """The index at which each segment starts; segments are not joined."""

    @property
    def minimum(self) -> float | None:
        """The least finite value."""

    @property
    def maximum(self) -> float | None:
        """The greatest finite value."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """A dashed line with its name."""

    value: float
    name: str
    tone: str = "warning"
    in_range: bool = True
    """The axis makes room for it; otherwise it shows only where the values reach."""


class Picture:
    """`view`: the steps from left to right; `values`: from bottom to top. Both stay."""

    def __init__(
        self,
        size: tuple[int, int],
        view: tuple[float, float],
        values: tuple[float, float],
        thresholds: tuple[Threshold, ...],
        x_label: Callable[[float], str],
        *,
        ascii: bool = False,
    ) -> None:
        self.size = size
        self.view = view
        self.low, self.high = values
        self.ascii = ascii
        self._thresholds = [t for t in thresholds if self.low <= t.value <= self.high]
        self._drawn = 0
        inner_width, self._height = size[0] - 2, size[1] - 2
        self._labels = self._value_labels()
        self._margin = max((cell_len(label) for label in self._labels.values()), default=0) + 1
        if self._margin > inner_width // 2:
            self._labels, self._margin = {}, 0
        self._width = inner_width - self._margin - 1
        self._canvas = Canvas(self._width, self._height, ascii=ascii)
        self._trace = Trace(self._canvas, view[0], view[1], self.low, self.high)
        self.footer = self._steps_axis(x_label)

    def draw(self, points: Points) -> None:
        """Add the rows that are not drawn yet."""
        size = len(points.value)
        for start, stop in _parts(points, size):
            if stop <= self._drawn:
                continue
            if start >= self._drawn:
                self._trace.lift()
            first, last = _rows_in(points.timestep, max(start, self._drawn), stop, self.view)
            self._trace.add_rows(points.timestep, points.value, first, last)
        self._drawn = size

    def body(self, tone: str) -> list[Row]:
        """The plot's rows: label, line of dots, dashed thresholds where no dot is."""
        lines = {self._row_of(threshold.value): threshold for threshold in self._thresholds}
        rows: list[Row] = []
        for y in range(self._height):
            label = fit(self._labels.get(y, ""), self._margin - 1, right=True) + " " if self._margin else ""
            text = self._canvas.row(y)
            plot = _dashed(text, lines[y], tone, self.ascii) if y in lines else [(text, tone)]
            rows.append([(label, "dim"), *plot])
        return rows

    def _row_of(self, value: float) -> int:
        """The row of cells a value stands in."""
        lines = self._height * (2 if self.ascii else 4)
        place = (self.high - value) / (self.high - self.low) * (lines - 1) if self.high > self.low else 0.0
        return min(max(int(place + 0.5) * self._height // lines, 0), self._height - 1)

    def _value_labels(self) -> dict[int, str]:
        """Label per row: the thresholds' own values, and round values that do not touch them."""
        taken = {self._row_of(threshold.value) for threshold in self._thresholds}
        values = [
            value
            for value in ticks(self.low, self.high, max(2, (self._height + 1) // 3))
            if not {self._row_of(value) + near for near in (-1, 0, 1)} & taken
        ]
        values = sorted({*values, *(threshold.value for threshold in self._thresholds)})
        return {self._row_of(value): text for value, text in zip(values, tick_labels(values), strict=True)}

    def _steps_axis(self, label_of: Callable[[float], str]) -> list[Span]:
        """The bottom line of the frame: the first, the last and the round steps below their columns."""
        width = self.size[0] - 2
        cells = ["-" if self.ascii else "─"] * width
        used = [False] * (width + 2)
        low, high = self.view
        per_step = (self._width - 1) / (high - low) if high > low else 0.0
        left = max(0, self._margin - 1)
        for value in (low, high, *ticks(low, high, max(2, self._width // 9))):
            text = f" {label_of(value)} "
            start = round(self._margin + (value - low) * per_step - (len(text) - 1) / 2)
            start = max(min(start, width - len(text)), left)
            if start + len(text) > width or any(used[start : start + len(text) + 2]):
                continue
            cells[start : start + len(text)] = text
            used[start + 1 : start + len(text) + 1] = [True] * len(text)
        return [(cell, "dim" if used[index + 1] else "rule") for index, cell in enumerate(cells)]


def extent(points: Points) -> tuple[float, float]:
    """The least and the greatest step over all segments; at least one row must be there."""
    parts = list(_parts(points, len(points.value)))
    steps = points.timestep
    return min(steps[start] for start, _ in parts), max(steps[stop - 1] for _, stop in parts)


def bounds_in(points: Points, view: tuple[float, float]) -> tuple[float | None, float | None]:
    """The finite extremes of the rows whose steps lie in `view`."""
    low: float | None = None
    high: float | None = None
    for start, stop in _parts(points, len(points.value)):
        first, last = _rows_in(points.timestep, start, stop, view)
        finite = [value for value in points.value[first:last] if math.isfinite(value)]
        if finite:
            low = min(finite) if low is None else min(low, *finite)
            high = max(finite) if high is None else max(high, *finite)
    return low, high


def _parts(points: Points, size: int) -> Iterator[tuple[int, int]]:
    """(start, stop) of each segment within the first `size` rows."""
    starts = [start for start in points.segments if start < size] or [0]
    return pairwise([*starts, size])


def _rows_in(steps: Sequence[float], start: int, stop: int, view: tuple[float, float]) -> tuple[int, int]:
    """Of the rows `start` to `stop` of one segment those inside `view`."""
    return bisect_left(steps, view[0], start, stop), bisect_right(steps, view[1], start, stop)


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
