"""A list drawn by lines in a titled frame: a cursor, headings, scrolling, and only changed cells repainted.

Trap avoided: a `DataTable`, which costs 30 ms a switch and redraws whole rows. The cursor is a glyph and a
background, so it is seen without colour too.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.style import Style as RichStyle
from textual import events
from textual.message import Message
from textual.style import Style

from widgets.lines import STYLES, LineWidget, Row, Span, cut, framed, wrap_spans
from widgets.tone import ascii_only

_CURSOR = "|cursor-banner"
"""Appended to a tone: the same on the cursor's background."""


class RowList(LineWidget):
    """Subclasses say `item_row` (or `item_rows`) for each item and, before some, `heading_rows`."""

    class Moved(Message):
        """Another item is under the cursor."""

        def __init__(self, row_list: RowList, index: int) -> None:
            super().__init__()
            self.row_list = row_list
            self.index = index

        @property
        def control(self) -> RowList:
            return self.row_list

    def __init__(self, title: str, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.title = title
        self.value: Row = ()
        """At the right of the title."""
        self.empty: Sequence[Row] = ()
        """What stands here without items."""
        self.cursor = 0
        self.active = True
        """The cursor's background is shown only where the keys act."""
        self._top = 0
        self._lines_of: list[int | None] = []
        self._parts: tuple[int, list[tuple[Sequence[Row], list[Row]]]] | None = None
        """(width, of each item the lines above it and its own), until the items may read differently."""

    @property
    def count(self) -> int:
        """How many items."""
        raise NotImplementedError

    def item_row(self, index: int, width: int) -> Row:
        """One item, for `width` cells (the cursor's mark is not among them)."""
        raise NotImplementedError

    def item_rows(self, index: int, width: int) -> Sequence[Row]:
        """The lines of one item; one by default."""
        return [self.item_row(index, width)]

    def heading_rows(self, index: int, width: int) -> Sequence[Row]:
        """Lines before item `index`: column names before the first, group names."""
        return ()

    def top_rows(self, width: int) -> Sequence[Row]:
        """Lines that stay above the scrolled part: column names."""
        return ()

    # Movement.

    def move(self, by: int) -> None:
        self.to(self.cursor + by)

    def page(self, direction: int) -> None:
        self.move(direction * max(1, self.size.height - 4))

    def to(self, index: int) -> None:
        """Put the cursor on an item; past the ends it stays on the first or last."""
        index = max(0, min(index, self.count - 1))
        if index != self.cursor:
            before, self.cursor = self.cursor, index
            if self._parts is not None and max(before, index) < len(self._parts[1]):
                for each in (before, index):  # an item may say more under the cursor
                    self._parts[1][each] = self._part(each, self._parts[0])
            super().redraw()
            self.post_message(self.Moved(self, index))

    def on_click(self, event: events.Click) -> None:
        line = event.y - 1
        if 0 <= line < len(self._lines_of):
            index = self._lines_of[line]
            if index is not None:
                self.to(index)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.move(1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.move(-1)

    # Drawing.

    def redraw(self) -> None:
        """The items may read differently; a cursor that moves draws only the two that it leaves and meets."""
        self._parts = None
        super().redraw()

    def rows(self, width: int, height: int) -> Sequence[Row]:
        self.cursor = max(0, min(self.cursor, self.count - 1))
        inner, room = width - 4, height - 2
        if self.count == 0:
            self._lines_of = []
            empty = [part for row in self.empty for part in wrap_spans(row, inner)]
            return framed(self.title, self.value, empty, width, height)
        fixed = list(self.top_rows(inner - 2)) if room > 3 else []
        room -= len(fixed)
        lines, owners = self._all_lines(inner)
        self._scroll(owners, max(1, room))
        shown = lines[self._top : self._top + room]
        self._lines_of = [*(None for _ in fixed), *owners[self._top : self._top + room]]
        body: list[Row] = [*([("  ", "dim"), *row] for row in fixed), *shown]
        footer = _position(self._top, len(shown), len(lines))
        return framed(self.title, self.value, body, width, height, footer=footer)

    def _all_lines(self, inner: int) -> tuple[list[Row], list[int | None]]:
        lines: list[Row] = []
        owners: list[int | None] = []
        if self._parts is None or self._parts[0] != inner or len(self._parts[1]) != self.count:
            self._parts = (inner, [self._part(index, inner) for index in range(self.count)])
        for index, (headings, own) in enumerate(self._parts[1]):
            lines += headings
            owners += [None] * len(headings)
            lines += [self._marked(index, row, first=number == 0) for number, row in enumerate(own)]
            owners += [index] * len(own)
        return lines, owners

    def _part(self, index: int, inner: int) -> tuple[Sequence[Row], list[Row]]:
        own: list[Row] = [cut(row, inner - 2) for row in self.item_rows(index, inner - 2)]
        return self.heading_rows(index, inner), own

    def _marked(self, index: int, row: Row, *, first: bool) -> Row:
        if index != self.cursor:
            return [("  ", "dim"), *row]
        mark = ("  " if not first else "> " if ascii_only() else "▸ ", "accent")
        if not self.active:
            return [mark, *row]
        return [(text, tone + _CURSOR) for text, tone in [mark, *row]]

    def _scroll(self, owners: Sequence[int | None], room: int) -> None:
        line = first = owners.index(self.cursor)
        last = line + owners.count(self.cursor) - 1
        while first > 0 and owners[first - 1] is None:
            first -= 1
        if last - first >= room:
            first = line
        self._top = min(self._top, first)
        self._top = max(self._top, min(line, last - room + 1))
        self._top = max(0, min(self._top, len(owners) - room))

    def _style(self, tone: str) -> RichStyle:
        if not tone.endswith(_CURSOR):
            return super()._style(tone)
        style = self._rich.get(tone)
        if style is None:
            base = Style.parse(STYLES[tone.removesuffix(_CURSOR)])
            style = (self.visual_style + base + Style.parse("on $surface-active")).rich_style
            self._rich[tone] = style
        return style


def _position(top: int, shown: int, total: int) -> list[Span] | None:
    """`─ 3–20 of 44 ─` in the bottom line, when not all is seen."""
    if shown >= total:
        return None
    line, dash = ("-", "-") if ascii_only() else ("─", "–")
    return [
        (line * 2 + " ", "rule"),
        (f"{top + 1:,}{dash}{top + shown:,} of {total:,} lines", "dim"),
        (" ", "rule"),
    ]
