"""What happened at which step, as one-cell glyphs on a chart's steps axis, and the axis itself.

Trap avoided: glyphs that need a colour or a fine font to be told apart; each has its own shape, the legend
says which, and without UTF-8 each is a letter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec

from widgets.axis import ticks
from widgets.lines import Span
from widgets.tone import ascii_only

GLYPHS = {
    "alert": ("!", "!"),
    "best": ("★", "*"),
    "resume": ("»", ">"),
    "evaluation": ("◊", "e"),
    "checkpoint": ("▪", "c"),
}
"""By kind, the weightiest first: of several in one cell it is the one that shows. UTF-8, ASCII."""
_RANK = {kind: rank for rank, kind in enumerate(GLYPHS)}
_NEAR = 2
"""So many cells a mark may stand beside its place, where a label of the axis stands."""


class Mark(msgspec.Struct, frozen=True):
    """Something that happened at a step."""

    kind: str
    step: float
    text: str = ""
    tone: str = "plain"


def mark_glyph(kind: str) -> str:
    """The glyph of a kind; an unknown kind gets the checkpoint's."""
    return GLYPHS.get(kind, GLYPHS["checkpoint"])[ascii_only()]


def legend(marks: Iterable[Mark]) -> list[Span]:
    """`! alert  ▪ checkpoint`, for the kinds that are there."""
    kinds = sorted({mark.kind for mark in marks}, key=lambda kind: _RANK.get(kind, 99))
    spans: list[Span] = []
    for kind in kinds:
        spans += [(f"{mark_glyph(kind)} ", "bright"), (f"{kind}  ", "dim")]
    return spans


def marks_near(marks: Sequence[Mark], low: float, high: float) -> list[Mark]:
    """Those with a step from `low` up to but not including `high`, the weightiest kinds first."""
    return sorted(
        (mark for mark in marks if low <= mark.step < high), key=lambda mark: _RANK.get(mark.kind, 99)
    )


class StepsAxis(msgspec.Struct, frozen=True):
    """The bottom line of a chart's frame: `width` cells, the plot's from `margin` on."""

    view: tuple[float, float]
    width: int
    margin: int
    label: Callable[[float], str]
    ascii: bool = False

    def column(self, step: float) -> int:
        """The cell below `step`."""
        low, high = self.view
        plot = self.width - self.margin - 1
        return self.margin + min(int((step - low) / (high - low) * plot), plot - 1) if high > low else 0

    def spans(self, marks: Iterable[Mark] = ()) -> list[Span]:
        """Round steps below their columns, both ends where there is room; the marks between the labels."""
        cells, labelled = self._labels()
        tones = ["dim" if there else "rule" for there in labelled]
        weight: dict[int, int] = {}
        for mark in marks:
            if not self.view[0] <= mark.step <= self.view[1]:
                continue
            x = self._free(self.column(mark.step), labelled)
            rank = _RANK.get(mark.kind, 99)
            if x is not None and rank <= weight.get(x, 99):
                weight[x] = rank
                cells[x], tones[x] = mark_glyph(mark.kind), mark.tone
        return list(zip(cells, tones, strict=True))

    def _free(self, x: int, labelled: Sequence[bool]) -> int | None:
        """`x`, or the nearest cell beside it that no label takes, below the plot."""
        for away in range(_NEAR + 1):
            for place in (x + away, x - away):
                if self.margin <= place < self.width and not labelled[place]:
                    return place
        return None

    def _labels(self) -> tuple[list[str], list[bool]]:
        cells = ["-" if self.ascii else "─"] * self.width
        used = [False] * (self.width + 2)
        low, high = self.view
        plot = self.width - self.margin - 1
        per_step = (plot - 1) / (high - low) if high > low else 0.0
        left = max(0, self.margin - 1)
        for value in (*ticks(low, high, max(2, plot // 9)), low, high):
            text = f" {self.label(value)} "
            start = round(self.margin + (value - low) * per_step - (len(text) - 1) / 2)
            start = max(min(start, self.width - len(text)), left)
            if start + len(text) > self.width or any(used[start : start + len(text) + 2]):
                continue
            cells[start : start + len(text)] = text
            used[start + 1 : start + len(text) + 1] = [True] * len(text)
        return cells, used[1 : self.width + 1]
