"""A titled panel of prepared lines, scrollable: alerts, a recommendation, report paths.

Trap avoided: text that is cut with no way to reach it; long lines wrap, and what does not fit scrolls.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.cells import cell_len

from widgets.lines import LineWidget, Row, Span, folded, framed, wrap_spans, wrapped

Lines = Sequence[Row] | Callable[[int], Sequence[Row]]


class LinesPanel(LineWidget):
    """`show` replaces the lines; each wraps at the width, later rows under its text or its second span."""

    DEFAULT_CSS = """
    LinesPanel { width: 1fr; height: 1fr; min-height: 3; }
    """

    def __init__(
        self, title: str, *, empty: str = "", id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.title = title
        self.empty = empty
        self.active = False
        self._lines: Lines = ()
        self._value: Row = ()
        self._top = 0
        self._room = 1
        self._total_lines = 0

    def show(self, lines: Lines, value: Row = (), *, empty: str | None = None) -> None:
        """`value` stands at the title's right; `empty` is said where there are no lines.

        `lines` may be made for the cells that there are, which a hidden panel does not know yet.
        """
        self._lines, self._value = lines, value
        if empty is not None:
            self.empty = empty
        self.redraw()

    def move(self, rows: int) -> None:
        """Scroll by `rows` (negative: up), within the lines."""
        self._top = max(0, min(self._top + rows, self._total_lines - self._room))
        self.redraw()

    @property
    def page_size(self) -> int:
        return self._room

    def activate(self, active: bool) -> None:
        """Whether the keys act on this pane."""
        self.active = active
        self.redraw()

    def _made(self, width: int) -> Sequence[Row]:
        return self._lines(max(1, width)) if callable(self._lines) else self._lines

    def rows(self, width: int, height: int) -> Sequence[Row]:
        self._room = max(1, height - 2)
        body = [row for line in self._made(width - 4) for row in _flowed(line, width - 4)]
        if not body and self.empty:
            body = wrapped(self.empty, width - 4)
        self._total_lines = len(body)
        self._top = max(0, min(self._top, self._total_lines - self._room))
        shown = body[self._top : self._top + self._room]
        value = self._value
        if self._total_lines > self._room:
            more: Span = (f"{self._top + 1}–{self._top + len(shown)} of {self._total_lines}", "dim")
            value = [*value, ("  ", "dim"), more] if value else [more]
        return framed(self.title, value, shown, width, height, active=self.active)


def _flowed(line: Row, width: int) -> list[list[Span]]:
    if sum(cell_len(text) for text, _ in line) <= width:
        return [list(line)]
    if len(line) > 1:
        return wrap_spans(line, width, cell_len(line[0][0]))
    text, tone = line[0]
    indent = " " * (len(text) - len(text.lstrip(" -•")))
    return [[(part, tone)] for part in folded(text, width, indent)] or [[("", tone)]]
