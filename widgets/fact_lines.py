"""Lines of facts without a frame, below a chart: each line flows into as many rows as it needs.

Traps avoided: a fact that is cut; lines that move the chart above them: once high, they stay so until the
width or the subject changes.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual import events

from widgets.lines import LineWidget, Row, Span, cut, wrapped

_GAP = "   "
FactLine = Sequence[Row]
"""Parts that stay whole, side by side where there is room; a part of one span may wrap between words."""


class FactLines(LineWidget):
    """`put` replaces the lines; where there is no room for all, `page` turns to the next ones."""

    DEFAULT_CSS = """
    FactLines { width: 1fr; height: 1; padding: 0 1; }
    """

    def __init__(self, *, most: int = 8, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.most = most
        self._lines: tuple[FactLine, ...] = ()
        self._height = 0
        self._subject: object = None
        self._first = 0

    def put(self, lines: Sequence[FactLine], subject: object = None) -> None:
        """Another `subject` may take fewer rows again."""
        if subject != self._subject:
            self._subject, self._height, self._first = subject, 0, 0
        self._lines = tuple(lines)
        self._grow(self.size.width)
        self.redraw()

    def on_resize(self, event: events.Resize) -> None:
        if event.size.width != self._width:
            self._width, self._height = event.size.width, 0
            self._grow(event.size.width)

    _width = 0

    def _grow(self, width: int) -> None:
        if width <= 0:
            return
        needed = max(1, min(self.most, len(self._flowed(width))))
        if needed > self._height or self._height > self.most:
            self._height = needed
            self.styles.height = needed

    def page(self) -> None:
        """Turn to the next rows; behind the last ones come the first."""
        room = max(1, self.size.height)
        more = self._first + room < len(self._flowed(self.size.width))
        self._first = self._first + room if more else 0
        self.redraw()

    def rows(self, width: int, height: int) -> Sequence[Row]:
        rows = self._flowed(width)
        if self._first >= len(rows):
            self._first = 0
        shown = rows[self._first : self._first + height]
        if len(rows) > height > 0:
            where = f"{self._first + 1}–{self._first + len(shown)} of {len(rows)}"
            last = [*cut(shown[-1], max(0, width - len(where) - 2)), ("  ", "dim"), (where, "dim")]
            shown = [*shown[:-1], last]
        return shown

    def _flowed(self, width: int) -> list[list[Span]]:
        return [row for line in self._lines for row in flowed(line, width)]


def flowed(line: FactLine, width: int) -> list[list[Span]]:
    """The parts of one line in rows of at most `width` cells."""
    rows: list[list[Span]] = []
    used = 0
    for part in line:
        length = sum(cell_len(text) for text, _ in part)
        if rows and used + len(_GAP) + length <= width:
            rows[-1] += [(_GAP, "plain"), *part]
            used += len(_GAP) + length
        elif length > width and len(part) == 1:
            rows += wrapped(part[0][0], width, part[0][1])
            used = sum(cell_len(text) for text, _ in rows[-1]) if rows else 0
        else:
            rows.append(list(part))
            used = length
    return rows
