"""The soak as one SVG: memory, lag, bytes and what stays open, over the days of the week."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence

from benchmarks.soak.samples import WARM_UP, Sample
from benchmarks.soak.week import PACE
from core.revalidation.svg import Limit, Line, lines

WIDTH, HEIGHT, GAP = 860.0, 170.0, 34.0
STYLE = (
    "text{font:11px sans-serif;fill:#333} .title{font-weight:bold} .line,.second{fill:none;stroke:#1f6feb;"
    "stroke-width:1.2} .second{stroke:#b35900} .grid{stroke:#ddd} .limit{stroke:#999;stroke-dasharray:4 3}"
)
_DAY = 24 * 3600


def plot(samples: Sequence[Sample], title: str) -> str:
    """A whole SVG document."""
    panels = (
        ("memory, MB resident", (lambda each: each.memory,)),
        ("key to paint, ms", (lambda each: each.lag,)),
        ("bytes sent in the second", (lambda each: float(each.count),)),
        ("open files (blue), threads (brown)", (lambda each: each.handles, lambda each: each.threads)),
        ("store and alerts.log, MB on disk", (lambda each: each.store,)),
    )
    end = samples[-1].at if samples else 0.0
    parts = [f'<text class="title" x="8" y="16">{html.escape(title)}</text>']
    for number, (name, values) in enumerate(panels):
        top = 24 + number * (HEIGHT + GAP)
        drawn = [
            _line(samples, value, style) for value, style in zip(values, ("line", "second"), strict=False)
        ]
        chart = lines(
            drawn,
            width=WIDTH,
            height=HEIGHT,
            x_labels=_days(end),
            limits=[Limit(WARM_UP * end * PACE / _DAY, "warm-up ends", vertical=True)],
            describe=name,
        )
        parts.append(f'<text x="8" y="{top + 10}">{html.escape(name)}</text>')
        parts.append(f'<g transform="translate(0 {top + 14})">{chart}</g>')
    tall = 24 + len(panels) * (HEIGHT + GAP)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH:g}" height="{tall:g}">'
    return (
        f'{head}<style>{STYLE}</style><rect width="100%" height="100%" fill="white"/>{"".join(parts)}</svg>\n'
    )


def _line(samples: Sequence[Sample], value: Callable[[Sample], float | None], style: str) -> Line:
    """Over days of the week, from zero; samples without the value are left out."""
    points = [(each.at * PACE / _DAY, found) for each in samples if (found := value(each)) is not None]
    return Line([x for x, _ in points], [y for _, y in points], style, fill_to=None)


def _days(end: float) -> list[tuple[float, str]]:
    last = end * PACE / _DAY
    if last < 1:
        return [(0.0, "0 h"), (last, f"{last * 24:.0f} h of the week")]
    return [(float(day), f"day {day}") for day in range(int(last) + 1)]
