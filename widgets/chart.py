"""A live line chart in braille: one style for the line, axes that hold still, only changed cells repainted.

The data are the run's own growing series; `chart_picture` remembers how far it has drawn. Trap avoided:
redrawing a chart for each row costs 8 KB over SSH; one more point on a canvas that stays costs a few cells.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from core.units import steps as steps_label
from widgets.axis import Range, window
from widgets.chart_picture import Picture, Points, Threshold, bounds_in, extent
from widgets.lines import LineWidget, Row, Span, framed, wrapped
from widgets.tone import ascii_only

__all__ = ["Chart", "Points", "Threshold", "Trend"]

Trend = Literal["INCREASING", "STABLE", "DECREASING", "UNKNOWN"]
_TREND = {"INCREASING": "▲", "STABLE": "─", "DECREASING": "▼", "UNKNOWN": " "}
_TREND_ASCII = {"INCREASING": "^", "STABLE": "-", "DECREASING": "v", "UNKNOWN": " "}


class Chart(LineWidget):
    """`show` gives it a series and what its frame says; call it again when the series grew."""

    DEFAULT_CSS = """
    Chart { width: 1fr; height: 1fr; min-height: 3; }
    """

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
        self.thresholds: tuple[Threshold, ...] = ()
        self._x_label = x_label
        self._tone = tone
        self._points: Points | None = None
        self._latest = ""
        self._latest_tone = "bright"
        self._trend: Trend = "UNKNOWN"
        self._total: float | None = None
        self._view: tuple[float, float] | None = None
        self._range = Range()
        self._picture: Picture | None = None

    def show(
        self,
        points: Points | None,
        *,
        latest: str = "",
        latest_tone: str = "bright",
        trend: Trend = "UNKNOWN",
        total: float | None = None,
        thresholds: tuple[Threshold, ...] | None = None,
    ) -> None:
        """Draw `points` (the same object again: only its new rows), with `latest` and `trend` in the frame.

        `total`: where the run will end, if known. `thresholds`: None leaves them as they are.
        """
        if points is not self._points:
            self._points, self._picture, self._range = points, None, Range()
        if thresholds is not None and thresholds != self.thresholds:
            self.thresholds, self._picture = thresholds, None
        self._latest, self._latest_tone, self._trend = latest, latest_tone, trend
        self._total = total
        self.redraw()

    def set_view(self, view: tuple[float, float] | None) -> None:
        """Show only the steps `view`; None: the whole run. The frame says when it is a part."""
        self._view, self._picture, self._range = view, None, Range()
        self.redraw()

    def rows(self, width: int, height: int) -> Sequence[Row]:
        points = self._points
        if points is None or len(points.value) == 0 or width < 16 or height < 4:
            return self._without_plot(width, height)
        picture = self._advance(points, width, height)
        return framed(
            self._heading(points),
            self._value_spans(),
            picture.body(self._tone),
            width,
            height,
            footer=picture.footer,
            gutter=0,
        )

    def _heading(self, points: Points) -> str:
        if self._view is None:
            return self.title
        low, high = self._view
        first, last = extent(points)
        if low <= first and high >= last:
            return self.title
        return f"{self.title}  part {self._x_label(low)}–{self._x_label(high)} of {self._x_label(last)}"

    def _value_spans(self) -> list[Span]:
        if not self._latest:
            return []
        trend = (_TREND_ASCII if ascii_only() else _TREND)[self._trend]
        return [(self._latest, self._latest_tone), (f" {trend}", self._latest_tone)]

    def _without_plot(self, width: int, height: int) -> Sequence[Row]:
        words = self.empty if self._points is None or not len(self._points.value) else ""
        return framed(self.title, self._value_spans(), wrapped(words, width - 4), width, height)

    def _advance(self, points: Points, width: int, height: int) -> Picture:
        """The picture with all rows in it: the old one with the new rows added, if its axes still hold."""
        first, last = extent(points)
        gap = points.timestep[1] - points.timestep[0] if len(points.value) > 1 else 0.0
        view = self._view or window(first, last, self._total, gap)
        moved = self._range.fit(*self._bounds(points, view), zero=self.zero)
        picture = self._picture
        if picture is None or moved or picture.view != view or picture.size != (width, height):
            picture = Picture(
                (width, height),
                view,
                (self._range.low, self._range.high),
                self.thresholds,
                self._x_label,
                ascii=ascii_only(),
            )
            self._picture = picture
        picture.draw(points)
        return picture

    def _bounds(self, points: Points, view: tuple[float, float]) -> tuple[float, float]:
        """The finite extremes of what is in view, widened to the thresholds that the axis makes room for."""
        seen = (points.minimum, points.maximum) if self._view is None else bounds_in(points, view)
        values = [value for value in seen if value is not None]
        values += [threshold.value for threshold in self.thresholds if threshold.in_range]
        return (min(values), max(values)) if values else (0.0, 1.0)
