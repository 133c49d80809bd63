"""Words about one thing, wrapped in a titled frame and scrolled when there are more than fit.

Trap avoided: a detail that is cut at 80 columns with no way to read the rest.
"""

from __future__ import annotations

from collections.abc import Sequence

from textual import events

from widgets.lines import LineWidget, Row, Span, fit, framed
from widgets.row_list import _position
from widgets.tone import safe

_HANG = 2
"""Cells by which the further lines of a paragraph stand in."""


class DetailPane(LineWidget):
    def __init__(self, title: str, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.title = title
        self.value: Row = ()
        self._facts: tuple[tuple[str, str, str], ...] = ()
        self._top = 0

    def show(self, title: str, facts: Sequence[tuple[str, str, str]], value: Row = ()) -> None:
        """`facts`: (label, text, tone) each; an empty label is a paragraph of its own."""
        shown = tuple((label, safe(text, 4000), tone) for label, text, tone in facts)
        if title != self.title or [fact[0] for fact in shown] != [fact[0] for fact in self._facts]:
            self._top = 0
        self.title, self._facts, self.value = title, shown, value
        self.redraw()

    def scroll_by(self, lines: int) -> None:
        self._top = max(0, self._top + lines)
        self.redraw()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.scroll_by(1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.scroll_by(-1)

    def rows(self, width: int, height: int) -> Sequence[Row]:
        body = fact_rows(self._facts, width - 4)
        room = max(1, height - 2)
        self._top = max(0, min(self._top, len(body) - room))
        footer = _position(self._top, min(room, len(body) - self._top), len(body))
        return framed(self.title, self.value, body[self._top :], width, height, footer=footer)


def fact_rows(facts: Sequence[tuple[str, str, str]], width: int) -> list[list[Span]]:
    """Labels dim in a column at the left, texts wrapped beside them; a paragraph's further lines hang in."""
    labels = max((len(label) for label, _text, _tone in facts if label), default=0)
    out: list[list[Span]] = []
    for label, text, tone in facts:
        indent = labels + 2 if label else 0
        lines = wrapped(text, max(8, width - indent)) or [""]
        if not label and len(lines) > 1:
            lines = wrapped(text, max(8, width - _HANG))
        for number, line in enumerate(lines):
            left = fit(label if number == 0 else "", indent) if indent else " " * _HANG if number else ""
            out.append([(left, "dim"), (line, tone)])
    return out


def wrapped(text: str, width: int) -> list[str]:
    """Lines of at most `width` cells, broken at blanks; a word longer than a line is broken inside."""
    from rich.cells import cell_len, chop_cells

    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        for number, piece in enumerate(chop_cells(word, width) or [""]):
            joined = f"{line} {piece}" if line and number == 0 else line + piece
            if number > 0 or cell_len(joined) > width:
                lines.append(line)
                line = piece
            else:
                line = joined
    lines.append(line)
    return [line for index, line in enumerate(lines) if line or 0 < index < len(lines) - 1]
