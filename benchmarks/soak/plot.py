"""The soak as one SVG: memory, lag, bytes and what stays open, over the days of the week, with their limits.

Trap avoided: an axis that begins near the values, on which a flat line looks like a slope.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.soak.samples import BYTES, LAG_MS, WARM_UP, Sample, limits
from benchmarks.soak.week import PACE
from core.revalidation.svg import Limit, Line, lines

WIDTH, HEIGHT, GAP = 860.0, 150.0, 32.0
STYLE = (
    "text{font:11px sans-serif;fill:#333} .title{font-weight:bold} .line{fill:none;stroke:#1f6feb;"
    "stroke-width:1.2} .frame{stroke:#aaa} .grid{stroke:#ddd} .limit{stroke:#b35900;stroke-dasharray:4 3}"
)
_DAY = 24 * 3600
_Value = Callable[[Sample], float | None]


@dataclass(frozen=True, slots=True)
class _Panel:
    name: str
    value: _Value
    limit: float | None = None
    judged: str = ""
    """What of the values is held against the limit."""

    @property
    def title(self) -> str:
        return self.name if self.limit is None else f"{self.name}; {self.judged} at most {self.limit:,.0f}"


def plot(samples: Sequence[Sample], title: str) -> str:
    """A whole SVG document."""
    allowed = limits(samples)
    memory, handles, threads = (
        (allowed.memory, allowed.handles, allowed.threads) if allowed is not None else (None, None, None)
    )
    panels = (
        _Panel("memory, MB resident", lambda each: each.memory, memory, "median of the last fifth"),
        _Panel("another screen: ms from key to paint", lambda each: each.lag, LAG_MS, "p95"),
        _Panel("bytes sent in a second", lambda each: float(each.count), BYTES, "median"),
        _Panel("open files", lambda each: each.handles, handles, "median of the last fifth"),
        _Panel("threads", lambda each: each.threads, threads, "median of the last fifth"),
        _Panel("store and alerts.log, MB on disk", lambda each: each.store),
    )
    end = samples[-1].at * PACE / _DAY if samples else 0.0
    parts = [f'<text class="title" x="8" y="16">{html.escape(title)}</text>']
    for number, panel in enumerate(panels):
        top = 24 + number * (HEIGHT + GAP)
        marks = [Limit(WARM_UP * end, "" if number else "warm-up ends", vertical=True)]
        if panel.limit is not None:
            marks.append(Limit(panel.limit, ""))
        drawn = _line(samples, panel.value)
        highest = max([panel.limit or 0.0, *drawn.y])
        chart = lines(
            [Line([0.0, end], [0.0, 0.0], "frame"), Line([0.0], [1.15 * highest], "frame"), drawn],
            width=WIDTH,
            height=HEIGHT,
            x_labels=_days(end),
            limits=marks,
            describe=panel.title,
        )
        parts.append(f'<text class="title" x="8" y="{top + 10}">{html.escape(panel.title)}</text>')
        parts.append(f'<g transform="translate(0 {top + 14})">{chart}</g>')
    tall = 24 + len(panels) * (HEIGHT + GAP)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH:g}" height="{tall:g}">'
    return (
        f'{head}<style>{STYLE}</style><rect width="100%" height="100%" fill="white"/>{"".join(parts)}</svg>\n'
    )


def _line(samples: Sequence[Sample], value: _Value) -> Line:
    """Over days of the week; samples without the value are left out."""
    points = [(each.at * PACE / _DAY, found) for each in samples if (found := value(each)) is not None]
    return Line([x for x, _ in points], [y for _, y in points])


def _days(end: float) -> list[tuple[float, str]]:
    if end < 1:
        return [(0.0, "0 h"), (end, f"{end * 24:.0f} h of the week")]
    return [(float(day), f"day {day}") for day in range(int(end) + 1)]
