"""A live line chart in braille: one style for the line, axes that hold still, only changed cells repainted.

The data are the run's own growing series; `chart_picture` remembers how far it has drawn. Traps avoided:
redrawing a chart for each row costs 8 KB over SSH, one more point on a canvas that stays costs a few cells;
a part, a mean or a logarithm that looks like the whole: the frame's title says which it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import msgspec
from textual import events
from textual.message import Message

from core.units import steps as steps_label
from widgets.axis import Range, log_values, round_up, window
from widgets.chart_marks import Mark
from widgets.chart_picture import Axes, Picture, Threshold
from widgets.chart_points import Points, extent, gap, nearest_row, step_beside, values_in
from widgets.lines import LineWidget, Row, Span, framed, wrapped
from widgets.tone import ascii_only

__all__ = ["Chart", "Line", "Look", "Points", "Threshold", "Trend"]

Trend = Literal["INCREASING", "STABLE", "DECREASING", "UNKNOWN"]
_TREND = {"INCREASING": "▲", "STABLE": "─", "DECREASING": "▼", "UNKNOWN": " "}
_TREND_ASCII = {"INCREASING": "^", "STABLE": "-", "DECREASING": "v", "UNKNOWN": " "}
_SMOOTHED_SHARE = 30
"""The mean goes over this part of the visible steps."""


class Look(msgspec.Struct, frozen=True):
    """How a person wants to see the rows."""

    view: tuple[float, float] | None = None
    """Only these steps; None: the whole run."""
    cursor: float | None = None
    log: bool = False
    smooth: bool = False


class Line(msgspec.Struct, frozen=True):
    """Another run's rows of the same metric."""

    key: str
    points: Points
    letter: str
    """Stands at the line's end."""
    tone: str = "plain"


class Chart(LineWidget):
    """`show` gives it a series and what its frame says; call it again when the series grew."""

    DEFAULT_CSS = """
    Chart { width: 1fr; height: 1fr; min-height: 3; }
    """

    class Clicked(Message):
        """The mouse pointed at a step."""

        def __init__(self, chart: Chart, step: float | None) -> None:
            super().__init__()
            self.chart, self.step = chart, step

    def __init__(
        self,
        title: str,
        *,
        zero: bool = False,
        empty: str = "",
        x_label: Callable[[float], str] = steps_label,
        tone: str = "accent",
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.title = title
        self.zero = zero
        """The value axis includes zero because zero means something for this metric."""
        self.empty = empty
        """What stands here when there is no data, and how to get it."""
        self.active = False
        """The keys act on this chart."""
        self.thresholds: tuple[Threshold, ...] = ()
        self._x_label = x_label
        self._tone = tone
        self._points: Points | None = None
        self._latest = ""
        self._latest_tone = "bright"
        self._trend: Trend = "UNKNOWN"
        self._total: float | None = None
        self._look = Look()
        self._marks: tuple[Mark, ...] = ()
        self._others: tuple[Line, ...] = ()
        self._range = Range()
        self._picture: Picture | None = None
        self._told: tuple[object, ...] = ()
        """What was given to the last `show`."""

    def become(self, title: str, *, zero: bool, empty: str) -> None:
        """Draw another metric from the next `show` on."""
        if title != self.title:
            self.title, self.zero, self.empty = title, zero, empty
            self._points, self._picture, self._range = None, None, Range()
            self._others = ()

    def show(
        self,
        points: Points | None,
        *,
        latest: str = "",
        latest_tone: str = "bright",
        trend: Trend = "UNKNOWN",
        total: float | None = None,
        thresholds: tuple[Threshold, ...] | None = None,
        marks: tuple[Mark, ...] | None = None,
        others: tuple[Line, ...] | None = None,
        look: Look | None = None,
    ) -> None:
        """Draw `points` (the same object again: only its new rows), with `latest` and `trend` in the frame.

        `total`: where the run will end, if known. `thresholds`, `marks`, `others`, `look`: None leaves them
        as they are.
        """
        if points is not self._points:
            self._points, self._picture, self._range = points, None, Range()
        if thresholds is not None and thresholds != self.thresholds:
            self.thresholds, self._picture = thresholds, None
        if others is not None and others != self._others:
            self._others, self._picture, self._range = others, None, Range()
        if marks is not None:
            self._marks = marks
        if look is not None:
            self._take(look)
        self._latest, self._latest_tone, self._trend = latest, latest_tone, trend
        self._total = total
        told = self._told
        self._told = self._inputs()
        if told == self._told and self._picture is not None and self._drawn_for == self._content_size():
            return
        self.redraw()

    def _inputs(self) -> tuple[object, ...]:
        """Whatever decides what is drawn; of rows their number, since they only ever grow."""
        rows = [
            (len(points.value), len(points.segments))
            for points in (self._points, *(line.points for line in self._others))
            if points is not None
        ]
        frame = (self.title, self.active, self._latest, self._latest_tone, self._trend)
        return rows, frame, self._total, self._marks, self._look, self.thresholds

    def look(self, look: Look) -> None:
        """See the rows another way; the frame says how."""
        self._take(look)
        self.redraw()

    def _take(self, look: Look) -> None:
        before, self._look = self._look, look
        if (before.view, before.log, before.smooth) != (look.view, look.log, look.smooth):
            self._picture, self._range = None, Range()

    @property
    def shown_view(self) -> tuple[float, float] | None:
        """The steps from the left to the right edge; None where nothing is drawn."""
        if self._look.view is not None:
            return self._look.view
        return self._whole(self._points) if self._points is not None and len(self._points.value) else None

    @property
    def smoothed_over(self) -> float:
        """The steps that the mean goes over; 0 without one."""
        view = self.shown_view
        return round_up((view[1] - view[0]) / _SMOOTHED_SHARE) if self._look.smooth and view else 0.0

    # The cursor.

    def step_beside(self, step: float, by: int) -> float | None:
        """The step of the row in the next column to the left (`by` < 0) or right; None past the ends."""
        if self._points is None or not len(self._points.value):
            return None
        low, high = self.cell_steps(step)
        return step_beside(self._points, low, high, by)

    def cell_steps(self, step: float) -> tuple[float, float]:
        """The steps drawn in one cell with `step`; one beside it where nothing is drawn."""
        return self._picture.cell_steps(step) if self._picture is not None else (step, step + 1)

    def on_click(self, event: events.Click) -> None:
        event.stop()
        view, picture = self.shown_view, self._picture
        step = None
        if view is not None and picture is not None and self._points is not None:
            cell = event.x - 1 - picture.axis.margin
            cells = max(1, picture.axis.width - picture.axis.margin - 1)
            row = nearest_row(self._points, view[0] + (cell + 0.5) / cells * (view[1] - view[0]))
            step = self._points.timestep[row] if row is not None else None
        self.post_message(self.Clicked(self, step))

    # Drawing.

    def rows(self, width: int, height: int) -> Sequence[Row]:
        points = self._points
        if points is None or len(points.value) == 0 or width < 16 or height < 4:
            return self._without_plot(width, height)
        picture = self._advance(points, width, height)
        return framed(
            self._heading(points),
            self._value_spans(),
            picture.body(self._look.cursor),
            width,
            height,
            footer=picture.axis.spans(self._marks),
            gutter=0,
            active=self.active,
        )

    def _heading(self, points: Points) -> str:
        words = [self.title]
        if self._others:
            words.append("with " + " ".join(line.letter for line in self._others))
        if self._look.log:
            words.append("log")
        if self._look.smooth:
            words.append(f"smoothed over {self._x_label(self.smoothed_over)}")
        if self._look.view is not None:
            low, high = self._look.view
            first, last = extent(points)
            if low > first or high < last:
                words.append(f"part {self._x_label(low)}–{self._x_label(high)} of {self._x_label(last)}")
        return "  ".join(words)

    def _value_spans(self) -> list[Span]:
        if not self._latest:
            return []
        trend = (_TREND_ASCII if ascii_only() else _TREND)[self._trend]
        return [(self._latest, self._latest_tone), (f" {trend}", self._latest_tone)]

    def _without_plot(self, width: int, height: int) -> Sequence[Row]:
        words = self.empty if self._points is None or not len(self._points.value) else ""
        body = wrapped(words, width - 4)
        return framed(self.title, self._value_spans(), body, width, height, active=self.active)

    def _whole(self, points: Points) -> tuple[float, float]:
        first, last = extent(points)
        for line in self._others:
            if len(line.points.value):
                last = max(last, extent(line.points)[1])
        return window(first, last, self._total, gap(points))

    def _advance(self, points: Points, width: int, height: int) -> Picture:
        """The picture with all rows in it: the old one with the new rows added, if its axes still hold."""
        view = self._look.view or self._whole(points)
        self._range.fit(*self._bounds(points, view), zero=self.zero and not self._look.log)
        values = (self._range.low, self._range.high)
        axes = Axes((width, height), view, values, self._look.log, self.smoothed_over)
        picture = self._picture
        if picture is None or picture.axes != axes:
            picture = Picture(axes, self.thresholds, self._x_label, self._tone, ascii=ascii_only())
            self._picture = picture
        for line in self._others:
            picture.draw_other(line.key, line.points, line.letter, line.tone)
        picture.draw(points)
        return picture

    def _bounds(self, points: Points, view: tuple[float, float]) -> tuple[float, float]:
        """The finite extremes of what is in view, widened to the thresholds that the axis makes room for."""
        values: list[float] = []
        for each in (points, *(line.points for line in self._others)):
            if self._look.view is None and not self._look.log:
                values += [value for value in (each.minimum, each.maximum) if value is not None]
            else:
                found = values_in(each, view)
                if self._look.log:
                    found = [value for value in found if value > 0]
                values += [min(found), max(found)] if found else []
        values += [threshold.value for threshold in self.thresholds if threshold.in_range]
        if self._look.log:
            values = [value for value in log_values(values) if value == value]
        return (min(values), max(values)) if values else (0.0, 1.0)
