"""The list of earlier runs: name, outcome, steps and best validation Sharpe, and which of them are overlaid.

Trap avoided: an outcome told by colour alone; glyph and word stand there.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from rich.cells import cell_len

from widgets.lines import Row, Span, fit, wrapped
from widgets.row_list import RowList
from widgets.tone import Tone, ascii_only, glyph

_OUTCOMES: dict[str, Tone] = {"finished": "good", "stopped": "warning", "crashed": "critical"}


class RunRow(msgspec.Struct, frozen=True):
    """One run of the list; every text printable."""

    key: str
    name: str
    started: str = ""
    outcome: str = ""
    """`finished`, `stopped`, `crashed`, or other words."""
    steps: str = ""
    sharpe: str = ""
    letter: str = ""
    """On the charts as this letter; empty: not overlaid."""
    pinned: bool = False
    loading: bool = False
    problem: str = ""


class RunsList(RowList):
    """`put` replaces the rows; the cursor stays on its run."""

    DEFAULT_CSS = """
    RunsList { width: 1fr; height: 1fr; min-height: 3; }
    """

    def __init__(self, title: str = "earlier runs", *, id: str | None = None) -> None:
        super().__init__(title, id=id)
        self._items: tuple[RunRow, ...] = ()
        self._words = ""

    def put(self, rows: Sequence[RunRow], *, empty: str) -> None:
        """`empty` is said where there are none."""
        before = self.chosen
        self._items, self._words = tuple(rows), empty
        keys = [row.key for row in rows]
        if before is not None and before.key in keys:
            self.cursor = keys.index(before.key)
        self.value = [(str(len(rows)), "dim")] if rows else ()
        self.redraw()

    @property
    def chosen(self) -> RunRow | None:
        """The run under the cursor."""
        return self._items[self.cursor] if 0 <= self.cursor < len(self._items) else None

    @property
    def count(self) -> int:
        return len(self._items)

    def rows(self, width: int, height: int) -> Sequence[Row]:
        self.empty = wrapped(self._words, width - 4)
        return super().rows(width, height)

    def item_rows(self, index: int, width: int) -> Sequence[Row]:
        run = self._items[index]
        pin = ("*" if ascii_only() else "★") if run.pinned else " "
        head: list[Span] = [(f"{run.letter or ' '}{pin} ", "accent-bold"), (run.name, "bright")]
        used = 3 + cell_len(run.name)
        if run.started and used + 2 + len(run.started) <= width:
            head.append((fit(run.started, width - used, right=True), "dim"))
        return [head, *_indented(self._facts(run), width)]

    def item_row(self, index: int, width: int) -> Row:
        return self.item_rows(index, width)[0]

    @staticmethod
    def _facts(run: RunRow) -> list[Span]:
        if run.problem:
            return [(f"{glyph('unknown')} {run.problem}", "warning")]
        tone = _OUTCOMES.get(run.outcome, "unknown")
        spans: list[Span] = [(f"{glyph(tone)} {run.outcome or 'no end known'}", tone)]
        if run.steps:
            spans.append((run.steps, "plain"))
        if run.sharpe:
            spans.append((f"Sharpe {run.sharpe}", "plain"))
        if run.loading:
            spans.append(("reading", "dim"))
        return spans


def _indented(facts: Sequence[Span], width: int) -> list[list[Span]]:
    """The facts below a run's name, in as many lines as they need."""
    lines: list[list[Span]] = []
    used = 0
    for text, tone in facts:
        if lines and used + 2 + cell_len(text) <= width:
            lines[-1].append((f"  {text}", tone))
            used += 2 + cell_len(text)
        else:
            lines.append([("   ", "dim"), (text, tone)])
            used = 3 + cell_len(text)
    return lines
