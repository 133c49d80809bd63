"""Rows of cells under column names, with a cursor; columns leave when there is no room for them.

Trap avoided: a table cut at 80 columns in the middle of the one column that matters; each column says how
soon it leaves, and what left stands in the details.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from widgets.lines import Row, Span, fit
from widgets.row_list import RowList


class Column(NamedTuple):
    name: str
    size: int
    """Cells; the least of one that grows."""
    right: bool = False
    grows: bool = False
    """Takes what is left; one at most."""
    leaves: int = 0
    """The highest leaves first; 0 never."""


class TableRow(NamedTuple):
    key: str
    """The cursor stays on it."""
    cells: tuple[Span, ...]
    below: str = ""
    """A second line."""


class RowTable(RowList):
    """`selected` is the key of the row under the cursor."""

    def __init__(self, title: str, columns: Sequence[Column], *, id: str | None = None) -> None:
        super().__init__(title, id=id)
        self._columns = tuple(columns)
        self._table: tuple[TableRow, ...] = ()

    def show(self, rows: Sequence[TableRow], empty: Sequence[Row] = ()) -> None:
        key = self.selected
        self._table, self.empty = tuple(rows), empty
        keys = [row.key for row in rows]
        if key in keys:
            self.cursor = keys.index(key)
        self.redraw()

    def select(self, key: str) -> None:
        keys = [row.key for row in self._table]
        if key in keys:
            self.to(keys.index(key))

    @property
    def selected(self) -> str:
        return self._table[self.cursor].key if self.cursor < len(self._table) else ""

    @property
    def count(self) -> int:
        return len(self._table)

    def top_rows(self, width: int) -> Sequence[Row]:
        names = [fit(column.name, size, right=column.right) for (_, column), size in self._sizes(width)]
        return [[(" ".join(names), "dim")]]

    def item_rows(self, index: int, width: int) -> Sequence[Row]:
        row = self._table[index]
        line: list[Span] = []
        for (place, column), size in self._sizes(width):
            text, tone = row.cells[place]
            line += [(fit(text, size, right=column.right), tone), (" ", "dim")]
        return [line[:-1], [("  ", "dim"), (row.below, "dim")]] if row.below else [line[:-1]]

    def _sizes(self, width: int) -> list[tuple[tuple[int, Column], int]]:
        kept = list(enumerate(self._columns))
        while len(kept) > 1 and sum(column.size + 1 for _, column in kept) - 1 > width:
            leaving = max(kept, key=lambda each: each[1].leaves)
            if not leaving[1].leaves:
                break
            kept.remove(leaving)
        room = max(0, width - (sum(column.size + 1 for _, column in kept) - 1))
        return [((place, column), column.size + (room if column.grows else 0)) for place, column in kept]
