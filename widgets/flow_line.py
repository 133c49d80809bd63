"""Short facts side by side, in as few rows as hold them: the rows wrap between facts, a long fact inside.

Trap avoided: one long line that loses its end in a small terminal.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual.geometry import Size

from widgets.lines import LineWidget, Row, Span, wrap_spans

GAP = "   "


class FlowLine(LineWidget):
    """`put` replaces the parts; the height follows, zero without any."""

    DEFAULT_CSS = """
    FlowLine { width: 1fr; height: auto; padding: 0 1; }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._facts: list[list[Span]] = []

    def put(self, parts: Sequence[Row]) -> None:
        facts = [list(part) for part in parts]
        if facts == self._facts:
            return
        width = self.size.width
        before = len(self.flow(width)) if width else -1
        self._facts = facts
        if len(self.flow(width)) != before:
            self.refresh(layout=True)
        self.redraw()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self.flow(width))

    def rows(self, width: int, height: int) -> Sequence[Row]:
        return self.flow(width)

    def flow(self, width: int) -> list[list[Span]]:
        """The rows at this width."""
        return flow_parts(self._facts, width)


def flow_parts(parts: Sequence[list[Span]], width: int) -> list[list[Span]]:
    """`parts` in as many rows as they need; each whole, where a row holds it."""
    rows: list[list[Span]] = []
    used = 0
    for part in parts:
        length = row_length(part)
        if rows and used + len(GAP) + length <= width:
            rows[-1] += [(GAP, "plain"), *part]
            used += len(GAP) + length
        elif length > width > 0:
            rows += wrap_spans(part, width, indent=2)
            used = row_length(rows[-1])
        else:
            rows.append(list(part))
            used = length
    return rows


def row_length(row: Row) -> int:
    """Cells."""
    return sum(cell_len(text) for text, _ in row)
