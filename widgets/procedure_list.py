"""A procedure as a list: groups of lines, of which the one under the cursor says more.

Trap avoided: a page of advice that must be scrolled past to reach the step that is next; causes, steps and
the text to send are items, so that each can be reached and read in full.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from widgets.lines import Row, wrap_spans
from widgets.row_list import RowList


class Item(NamedTuple):
    key: str
    """Stays while its words change: the cursor stays on it."""
    lines: Sequence[Row]
    """Always shown, wrapped; later rows of a line go under its second span."""
    more: Sequence[Row] = ()
    """Shown under the cursor."""
    heading: Sequence[Row] = ()
    """Lines before it."""


class ProcedureList(RowList):
    """`show` takes the items; `selected` is the key of the one under the cursor."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__("", id=id)
        self._items: tuple[Item, ...] = ()

    def show(self, title: str, items: Sequence[Item], value: Row = ()) -> None:
        key = self.selected
        self.title, self._items, self.value = title, tuple(items), value
        self.select(key)
        self.redraw()

    @property
    def selected(self) -> str:
        return self._items[self.cursor].key if self.cursor < len(self._items) else ""

    def select(self, key: str) -> bool:
        """Put the cursor on an item, where there is one of that key."""
        for index, item in enumerate(self._items):
            if item.key == key:
                self.cursor, self._parts = index, None
                return True
        return False

    def to_start(self, key: str = "") -> None:
        """Show the beginning as far as the cursor allows, which stands on an item, else on the first."""
        self._top = self.cursor = 0
        self.select(key)
        self.redraw()

    @property
    def count(self) -> int:
        return len(self._items)

    def heading_rows(self, index: int, width: int) -> Sequence[Row]:
        return [row for line in self._items[index].heading for row in _flowed(line, width)]

    def item_rows(self, index: int, width: int) -> Sequence[Row]:
        item = self._items[index]
        lines = [*item.lines, *(item.more if index == self.cursor else ())]
        return [row for line in lines for row in _flowed(line, width)]


def _flowed(line: Row, width: int) -> list[Row]:
    if not line:
        return [[]]
    indent = len(line[0][0]) if len(line) > 1 else 0
    return list(wrap_spans(line, width, indent))
