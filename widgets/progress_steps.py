"""The steps of a long job on one line: done ones ticked, the current one with its bar, pace and time left.

Trap avoided: a spinner. What is shown moves only when work was done.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

from widgets.lines import LineWidget, Row, Span
from widgets.tone import ascii_only, glyph

_BAR = 12


class ProgressSteps(LineWidget):
    """`[1/5] model ✓  [2/5] data ✓  [3/5] backtest ████░░░░ 44/62  [4/5] gates  [5/5] report`."""

    DEFAULT_CSS = """
    ProgressSteps { width: 1fr; height: 1; padding: 0 1; }
    """

    def __init__(self, titles: Sequence[str], *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.titles = tuple(titles)
        self._step = 0
        self._done = 0
        self._total = 0
        self._note = ""
        self._failed = False

    def show(self, step: int, done: int = 0, total: int = 0, note: str = "", *, failed: bool = False) -> None:
        """`step`: the current one, from 1; 0: not begun; past the last: all done. `note`: pace, time left."""
        self._step, self._done, self._total = step, done, total
        self._note, self._failed = note, failed
        self.redraw()

    def rows(self, width: int, height: int) -> Sequence[Row]:
        for full, bar, alone in (
            (True, _BAR, False),
            (False, _BAR, False),
            (False, 6, False),
            (False, _BAR, True),
            (False, 0, True),
        ):
            row = self._row(full, bar, alone=alone)
            if sum(cell_len(text) for text, _ in row) <= width:
                break
        return [row]

    def _row(self, full: bool, bar: int, *, alone: bool) -> list[Span]:
        """`full`: every title with its number; `alone`: nothing but the current step, where it is one."""
        alone = alone and 1 <= self._step <= len(self.titles)
        spans: list[Span] = []
        count = len(self.titles)
        for number, title in enumerate(self.titles, 1):
            if alone and number != self._step:
                continue
            if spans:
                spans.append(("  ", "dim"))
            numbered = f"[{number}/{count}] {title}"
            if number < self._step:
                mark = " ok" if ascii_only() else " ✓"
                spans += [(numbered if full else title, "dim"), (mark, "good")]
            elif number == self._step and self._failed:
                spans.append((f"{numbered} {glyph('critical')}", "critical-bold"))
            elif number == self._step:
                spans.append((numbered, "bright"))
                spans += self._bar(bar)
            else:
                spans.append((numbered if full else title, "dim"))
        if self._note:
            spans += [("   ", "dim"), (self._note, "plain")]
        return spans

    def _bar(self, width: int) -> list[Span]:
        if self._total <= 0:
            return []
        full, empty = ("#", ".") if ascii_only() else ("█", "░")
        filled = width * min(self._done, self._total) // self._total
        bar: list[Span] = (
            [(" " + full * filled, "accent"), (empty * (width - filled), "dim")] if width else []
        )
        return [*bar, (f" {self._done:,}/{self._total:,}", "bright")]
