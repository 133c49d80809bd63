"""Small charts as inline SVG: bars and lines, drawn with what the page's style calls them.

Colours are classes of the page (`core.revalidation.page`), so a chart follows a light or dark reader. Trap
avoided: a text from a file that becomes markup; every label is escaped.
"""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass

from core.text import visible

_LEFT, _RIGHT, _TOP, _BOTTOM = 46.0, 8.0, 8.0, 20.0


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a chart; points in the chart's own units."""

    x: Sequence[float]
    y: Sequence[float]
    style: str = "line"
    fill_to: float | None = None
    """Fill the area down (or up) to this value."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A straight line across the chart with its name."""

    at: float
    name: str
    vertical: bool = False


@dataclass(frozen=True, slots=True)
class Point:
    """A mark on a chart: style `won` or `lost`, with a tooltip."""

    x: float
    y: float
    style: str
    words: str = ""


def bars(
    values: Sequence[float],
    labels: Sequence[str],
    *,
    width: float = 300,
    height: float = 150,
    limit: float | None = None,
    limit_name: str = "",
    edges: bool = False,
    describe: str = "",
) -> str:
    """One bar per value, its number above and its label below, under its left side where the labels are
    `edges`. `limit` is a place between bars, from 0."""
    top = max([*values, 1e-12])
    slot = (width - _RIGHT - 8) / max(1, len(values))
    room = height - _TOP - 14 - _BOTTOM
    parts = []
    for index, (value, label) in enumerate(zip(values, labels, strict=True)):
        x, tall = 8 + index * slot, room * value / top
        y = _TOP + 14 + room - tall
        parts.append(
            f'<rect class="bar" x="{x + 2:.1f}" y="{y:.1f}" width="{slot - 4:.1f}" height="{tall:.1f}"/>'
        )
        middle = f"{x + slot / 2:.1f}"
        if value:
            parts.append(_text(f"{value:g}", middle, f"{y - 3:.1f}", "middle"))
        parts.append(_text(label, f"{x:.1f}" if edges else middle, f"{height - 6:.1f}", "middle"))
    if limit is not None:
        x = 8 + limit * slot
        parts.append(f'<line class="limit" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{height - _BOTTOM}"/>')
        parts.append(_text(limit_name, f"{x + 3:.1f}", f"{_TOP + 8:.1f}"))
    return _svg(parts, width, height, describe)


def lines(
    drawn: Sequence[Line],
    *,
    width: float = 720,
    height: float = 220,
    x_labels: Sequence[tuple[float, str]] = (),
    limits: Sequence[Limit] = (),
    points: Sequence[Point] = (),
    describe: str = "",
) -> str:
    """Lines over a common axis. `x_labels` are (place, words) below it."""
    xs = [value for line in drawn for value in line.x]
    ys = [value for line in drawn for value in (*line.y, *([] if line.fill_to is None else [line.fill_to]))]
    ys += [limit.at for limit in limits if not limit.vertical]
    if not xs or not ys:
        return ""
    low_x, high_x, low_y, high_y = min(xs), max(xs), min(ys), max(ys)
    wide, tall = (high_x - low_x) or 1.0, (high_y - low_y) or 1.0

    def place(x: float, y: float) -> tuple[float, float]:
        return (
            _LEFT + (width - _LEFT - _RIGHT) * (x - low_x) / wide,
            _TOP + (height - _TOP - _BOTTOM) * (1 - (y - low_y) / tall),
        )

    parts = []
    for tick in round_ticks(low_y, high_y):
        _, y = place(low_x, tick)
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{width - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(_text(f"{tick:g}", f"{_LEFT - 6}", f"{y + 4:.1f}", "end"))
    for line in drawn:
        path = [place(x, y) for x, y in zip(line.x, line.y, strict=True)]
        text = " ".join(f"{x:.1f},{y:.1f}" for x, y in path)
        if line.fill_to is not None and path:
            _, base = place(low_x, line.fill_to)
            area = f"{path[0][0]:.1f},{base:.1f} {text} {path[-1][0]:.1f},{base:.1f}"
            parts.append(f'<polygon class="{line.style}-area" points="{area}"/>')
        parts.append(f'<polyline class="{line.style}" points="{text}"/>')
    for limit in limits:
        x, y = place(limit.at if limit.vertical else low_x, low_y if limit.vertical else limit.at)
        ends = (x, x, _TOP, height - _BOTTOM) if limit.vertical else (_LEFT, width - _RIGHT, y, y)
        parts.append('<line class="limit" x1="{:.1f}" x2="{:.1f}" y1="{:.1f}" y2="{:.1f}"/>'.format(*ends))
        far = limit.vertical and ends[0] > 0.7 * width
        at = (ends[0] - 4 if far else ends[0] + 4, _TOP + 9 if limit.vertical else ends[2] - 3)
        parts.append(_text(limit.name, f"{at[0]:.1f}", f"{at[1]:.1f}", "end" if far else "start"))
    for point in points:
        x, y = place(point.x, point.y)
        tip = f"<title>{_safe(point.words)}</title>" if point.words else ""
        parts.append(f'<circle class="{point.style}" cx="{x:.1f}" cy="{y:.1f}" r="2.2">{tip}</circle>')
    for number, (below, words) in enumerate(x_labels):
        x, _ = place(below, low_y)
        anchor = "start" if number == 0 else "end" if number == len(x_labels) - 1 else "middle"
        parts.append(_text(words, f"{x:.1f}", f"{height - 5:.1f}", anchor))
    return _svg(parts, width, height, describe)


def round_ticks(low: float, high: float, count: int = 5) -> list[float]:
    """Round values within [low, high], about `count` of them."""
    if not (math.isfinite(low) and math.isfinite(high)) or high <= low:
        return [low]
    raw = (high - low) / count
    magnitude = 10.0 ** math.floor(math.log10(raw))
    step = next(magnitude * size for size in (1, 2, 2.5, 5, 10) if magnitude * size >= raw)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(number * step, 12) for number in range(first, last + 1)]


def _text(words: str, x: str, y: str, anchor: str = "start") -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}">{_safe(words)}</text>'


def _safe(words: str) -> str:
    return html.escape(visible(words))


def _svg(parts: Sequence[str], width: float, height: float, describe: str) -> str:
    label = f' aria-label="{_safe(describe)}"' if describe else ""
    box = f'viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}"'
    return f'<svg role="img"{label} {box}>{"".join(parts)}</svg>'
