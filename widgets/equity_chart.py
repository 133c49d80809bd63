"""Equity and drawdown of a backtest, drawn with plotext: a picture that a person opens and studies.

plotext is imported when there is a curve to draw, so the first screen never pays for it. Trap avoided:
plotext's own frame and odd tick values; it draws only the line, the frame and round ticks are ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from core.revalidation.result import Curve
from core.units import percent
from widgets.axis import tick_labels, ticks
from widgets.lines import LineWidget, Row, Span, framed, wrapped
from widgets.tone import ascii_only

_BOTH, _LEAST_HEIGHT, _LEAST_WIDTH = 9, 4, 24
"""From so many rows on the drawdown stands below the equity; with fewer, the equity alone."""
_WIDE_TITLE = 52
"""Cells for both names beside the figures."""
_UNIT = "equity, start = 1"


class EquityChart(LineWidget):
    """The portfolio's equity (a start of 1) above its drawdown in percent, over time."""

    DEFAULT_CSS = """
    EquityChart { width: 1fr; height: 1fr; min-height: 3; }
    """

    def __init__(self, *, empty: str = "", id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.empty = empty
        self._curve: Curve | None = None

    def show(self, curve: Curve | None) -> None:
        if curve != self._curve:
            self._curve = curve
            self.redraw()

    def rows(self, width: int, height: int) -> Sequence[Row]:
        curve = self._curve
        title = "equity and drawdown" if curve is None or width >= _WIDE_TITLE else "equity"
        if curve is None or len(curve.equity) < 2:
            words = self.empty if curve is None else "too short to draw"
            return framed(title, [], wrapped(words, width - 4), width, height)
        change = 100 * (curve.equity[-1] / curve.equity[0] - 1) if curve.equity[0] else None
        worst = max((abs(value) for value in curve.drawdown_pct), default=0.0)
        value: list[Span] = [
            ("+" if (change or 0) >= 0 else "", "bright"),
            (percent(change), "bright"),
            ("  worst ", "dim"),
            (f"-{percent(worst)}", "bright"),
        ]
        inner_width, inner_height = width - 4, height - 2
        if inner_width < _LEAST_WIDTH or inner_height < _LEAST_HEIGHT:
            return framed(title, value, [[("too small here: make the window larger", "dim")]], width, height)
        if inner_height < _BOTH:
            body = plotted(curve.equity, curve.time, inner_width, inner_height, dates=True)
            return framed(_UNIT, value, body, width, height)
        below = max(3, (inner_height - 1) // 3)
        drawdown = [-abs(value) for value in curve.drawdown_pct]
        body = [
            [(_UNIT, "dim")],
            *plotted(curve.equity, curve.time, inner_width, inner_height - below - 2, dates=False),
            [("drawdown, %", "dim")],
            *plotted(drawdown, curve.time, inner_width, below, dates=True, top=0.0),
        ]
        return framed(title, value, body, width, height)

    def on_unmount(self) -> None:
        self._curve = None


@dataclass(frozen=True, slots=True)
class Mark:
    """A point on the line that stands for something."""

    at: int
    """Which value, from 0."""
    kind: Literal["won", "lost", "chosen"]


_MARKS = {"won": ("▲", "+", "good"), "lost": ("▼", "x", "critical"), "chosen": ("◆", "@", "accent-bold")}
"""Glyph, in ASCII, tone; the later covers the earlier."""


def plotted(
    values: Sequence[float],
    times: Sequence[str],
    width: int,
    height: int,
    *,
    dates: bool,
    top: float | None = None,
    marks: Sequence[Mark] = (),
) -> list[list[Span]]:
    """`height` rows of one line plot; `dates` adds the first, a middle and the last date below it."""
    from textual_plotext.plot import Plot

    low, high = min(values), max(values) if top is None else top
    if high <= low:
        low, high = low - 1.0, high + (1.0 if top is None else 0.0)
    levels = ticks(low, high, max(2, height // 2))
    plot = Plot()
    plot.theme("clear")
    plot.frame(False)
    # Else no wider than what stdout says, which need not be the screen.
    plot._limit_size(False, False)  # type: ignore[attr-defined]
    plot.plotsize(width, height)
    plot.ylim(low, high)
    plot.yticks(levels, [f"{label:>6} " for label in tick_labels(levels)])
    if dates:
        places = [1, (len(values) + 1) // 2, len(values)]
        plot.xticks([float(place) for place in places], [times[place - 1][:10] for place in places])
    else:
        plot.xticks([], [])
    plot.plot(list(range(1, len(values) + 1)), list(values), marker="*" if ascii_only() else "braille")
    for kind, (glyph, plain, _tone) in _MARKS.items():
        chosen = [mark.at for mark in marks if mark.kind == kind]
        if chosen:
            marker = plain if ascii_only() else glyph
            plot.scatter([at + 1 for at in chosen], [values[at] for at in chosen], marker=marker)
    text = plot.uncolorize(plot.build())
    return [_spans(line, width, bool(marks)) for line in text.split("\n")[:height]]


def _spans(line: str, width: int, marked: bool) -> list[Span]:
    """The line's dots in the accent, marks in their tone, labels and axis dim."""
    tones = {glyph: tone for *glyphs, tone in _MARKS.values() for glyph in glyphs} if marked else {}
    spans: list[Span] = []
    for char in line[:width]:
        dots = "\u2800" <= char <= "\u28ff" or char == "*"
        spans.append((" " if char == "\u2800" else char, tones.get(char, "accent" if dots else "dim")))
    return spans
