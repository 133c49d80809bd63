"""What stands below a metric that fills the screen: exact values, what the documents expect, marks. Pure.

Trap avoided: a rounded value passed off as the exact one; here all digits that the file held are shown.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from core import units
from core.clock import from_epoch
from core.telemetry.metrics import metric
from core.telemetry.trend import TrendWord
from widgets.chart import Chart
from widgets.chart_marks import Mark, legend, marks_near
from widgets.chart_points import nearest_row, parts, rows_in
from widgets.fact_lines import FactLine
from widgets.lines import Row

if TYPE_CHECKING:
    from core.telemetry.model import Series

_WORDS = {"INCREASING": "rising", "STABLE": "steady", "DECREASING": "falling"}


def exact(value: float) -> str:
    """Every digit that the row holds."""
    return units.number(value) if not math.isfinite(value) else f"{value:.12g}"


def fact(label: str, value: str, tone: str = "bright") -> Row:
    return [(f"{label} ", "dim"), (value, tone)]


def study_answer(name: str, series: Series | None, trend: TrendWord, latest: str, width: int = 200) -> str:
    """The first line of a metric that fills the screen; what is expected stands below too."""
    entry = metric(name)
    if series is None or not len(series):
        return f"{entry.label}: no value yet"
    words = f"{entry.label} {latest}{' ' + entry.unit if entry.unit else ''}"
    word = _WORDS.get(trend, "trend not known yet")
    expected = f"; expected: {entry.expected}" if entry.expected else ""
    if len(words) + 2 + len(word) + len(expected) > width:
        expected = ""
    return f"{words}, {word}{expected}"


def study_lines(
    name: str,
    series: Series | None,
    chart: Chart,
    cursor: float | None,
    marks: Sequence[Mark],
    others: Sequence[FactLine] = (),
) -> list[FactLine]:
    """Exact values first, then what is expected, what happened there, and how to read the picture."""
    entry = metric(name)
    lines: list[FactLine] = []
    if series is not None and len(series):
        lines.append(_at(series, chart, cursor, entry.unit))
    lines += others
    if entry.expected:
        lines.append([[(f"expected: {entry.expected}", "plain")]])
    if cursor is not None:
        here = marks_near(marks, *chart.cell_steps(cursor))
        if here:
            lines.append([[("here: " + "; ".join(mark.text or mark.kind for mark in here), "plain")]])
    view = chart.shown_view
    visible = [mark for mark in marks if view is None or view[0] <= mark.step <= view[1]]
    if visible:
        lines.append([legend(visible)])
    if chart.thresholds:
        named = [f"{line.name} {line.value:g}" for line in chart.thresholds]
        lines.append([[("lines: " + ", ".join(named), "dim")]])
    if chart.smoothed_over:
        over = units.steps(chart.smoothed_over)
        lines.append([[(f"bright: the mean over {over} steps; dim: the rows, with every extreme", "dim")]])
    if name and entry.help:
        lines.append([[(entry.help, "dim")]])
    if series is not None:
        lines += _how_drawn(series)
    return lines


def _at(series: Series, chart: Chart, cursor: float | None, unit: str) -> FactLine:
    row = nearest_row(series, cursor) if cursor is not None else len(series) - 1
    if row is None:
        return []
    value = series.value[row]
    tone = "bright" if math.isfinite(value) else "critical-bold"
    line: list[Row] = [
        fact("at step" if cursor is not None else "newest: step", units.number(series.timestep[row])),
        fact(series.name, exact(value) + (f" {unit}" if unit else ""), tone),
    ]
    if math.isfinite(series.time[row]):
        line.append(fact("at", from_epoch(series.time[row]).strftime("%Y-%m-%d %H:%M:%SZ")))
    if cursor is not None:
        line += _column(series, chart.cell_steps(cursor))
        return line
    if series.minimum is not None and series.maximum is not None:
        line += [fact("least", exact(series.minimum)), fact("greatest", exact(series.maximum))]
    line.append(fact("rows", units.number(series.rows)))
    return line


def _column(series: Series, steps: tuple[float, float]) -> list[Row]:
    """What the cell under the cursor stands for, where that is more than one row."""
    values: list[float] = []
    for start, stop in parts(series, len(series)):
        first, last = rows_in(series.timestep, start, stop, (steps[0], math.nextafter(steps[1], 0)))
        values += series.value[first:last]
    finite = [value for value in values if math.isfinite(value)]
    if len(values) < 2 or not finite:
        return []
    out = [fact(f"{len(values)} rows here:", f"{exact(min(finite))} to {exact(max(finite))}", "plain")]
    if len(finite) < len(values):
        out.append(fact("of them", f"{len(values) - len(finite)} not finite", "critical"))
    return out


def _how_drawn(series: Series) -> list[FactLine]:
    words = []
    if series.stride > 1:
        words.append(
            f"the oldest rows are kept as the extremes of {units.number(series.stride)} rows each; "
            f"the newest {units.number(len(series) - series.exact_from)} are exact"
        )
    if len(series.segments) > 1:
        words.append(f"resumed: {len(series.segments)} passes over the steps, not joined")
    return [[[("; ".join(words), "dim")]]] if words else []
