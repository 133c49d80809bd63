"""A long text in a frame, wrapped at the width, scrolled by rows.

Trap avoided: wrapping a quarter of a megabyte again for every row that scrolls; it is wrapped once a width.
"""

from __future__ import annotations

from collections.abc import Sequence

from textual.geometry import Size

from core.text import visible
from widgets.lines import LineWidget, Row, Span, framed
from widgets.wrap import chopped


class TextPane(LineWidget):
    """`lines` are shown as they are, each in as many rows as it needs; no character is lost."""

    DEFAULT_CSS = """
    TextPane { width: 1fr; height: auto; min-height: 3; }
    """

    def __init__(self, title: str, lines: Sequence[str], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.title = visible(title)
        self._lines = [visible(line, len(line) + 1) for line in lines]
        self._wrapped: tuple[int, list[str]] = (0, [])
        self._top = 0
        self._room = 1

    def move(self, rows: int) -> None:
        """Scroll, within the text."""
        self._top = max(0, min(self._top + rows, len(self._wrapped[1]) - self._room))
        self.redraw()

    @property
    def page_size(self) -> int:
        return max(1, self._room - 1)

    @property
    def length(self) -> int:
        """Rows of the whole text at this width."""
        return len(self._wrapped[1])

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._wrap(width)) + 2

    def _wrap(self, width: int) -> list[str]:
        inner = max(8, width - 4)
        if self._wrapped[0] != inner:
            self._wrapped = (inner, [part for line in self._lines for part in chopped(line, inner)])
        return self._wrapped[1]

    def rows(self, width: int, height: int) -> Sequence[Row]:
        self._room = max(1, height - 2)
        text = self._wrap(width)
        self._top = max(0, min(self._top, len(text) - self._room))
        shown = text[self._top : self._top + self._room]
        place: list[Span] = []
        if len(text) > self._room:
            place = [(f"{self._top + 1:,}–{self._top + len(shown):,} of {len(text):,} rows", "dim")]
        return framed(self.title, place, [[(part, "plain")] for part in shown], width, height, active=True)
