"""Many small facts in one panel: label, value, unit and sparkline, one a row, with a subheading now and then.

Trap avoided: values that jump. Numbers are right-aligned in a column that never gets narrower, so only the
cells of a changed number are sent.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from rich.cells import cell_len

from widgets.lines import LineWidget, Row, Span, fit, framed, wrapped
from widgets.sparkline import sparkline
from widgets.tone import ascii_only

_MIN_SPARK = 4


class Tile(msgspec.Struct, frozen=True):
    """One row. `values`, when given, are drawn as a sparkline."""

    label: str
    value: str
    unit: str = ""
    values: Sequence[float] | None = None
    tone: str = "bright"
    short: str = ""
    """Stands where `value` does not fit."""
    heading: bool = False
    """A subheading above the rows that follow."""


class Tiles(LineWidget):
    """`show` replaces all tiles; where there are more than rows, `page` turns to the next ones."""

    DEFAULT_CSS = """
    Tiles { width: 1fr; height: 1fr; min-height: 3; }
    """

    def __init__(
        self, title: str = "now", *, empty: str = "", id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.title = title
        self.empty = empty
        self._tiles: tuple[Tile, ...] = ()
        self._first = 0
        self._value_width = 0
        self._room = 0

    def show(self, tiles: Sequence[Tile]) -> None:
        self._tiles = tuple(tiles)
        self._value_width = max(
            [self._value_width, *(cell_len(tile.value) for tile in tiles if tile.values is not None)]
        )
        self.redraw()

    def page(self) -> bool:
        """Turn to the next tiles; False when this was the last page (it is back at the first)."""
        more = self._first + self._room < len(self._tiles)
        self._first = self._first + max(1, self._room) if more else 0
        self.redraw()
        return more

    def rows(self, width: int, height: int) -> Sequence[Row]:
        self._room = max(1, height - 2)
        if self._first >= len(self._tiles):
            self._first = 0
        shown = self._tiles[self._first : self._first + self._room]
        inner = width - 4
        labels = (cell_len(tile.label) for tile in self._tiles if not tile.heading)
        label_width = max(labels, default=0)
        label_width = max(4, min(label_width, inner - self._value_width - 1))
        body: list[Row] = [self._row(tile, inner, label_width) for tile in shown]
        if not self._tiles:
            body = list(wrapped(self.empty, width - 4))
        value: list[Span] = []
        if len(self._tiles) > self._room:
            last = min(self._first + self._room, len(self._tiles))
            value = [(f"{self._first + 1}–{last} of {len(self._tiles)}", "dim")]
        return framed(self.title, value, body, width, height)

    def _row(self, tile: Tile, inner: int, label_width: int) -> list[Span]:
        if tile.heading:
            rule = ("-" if ascii_only() else "─") * max(0, inner - cell_len(tile.label) - 1)
            return [(tile.label + " ", "dim"), (rule, "rule")]
        spans: list[Span] = [(fit(tile.label, label_width) + " ", "dim")]
        room = inner - label_width - 1
        if tile.values is None:
            text = f"{tile.value} {tile.unit}".strip()
            if cell_len(text) > room and tile.short:
                text = tile.short
            return [*spans, (fit(text, room), tile.tone)]
        value_width = min(self._value_width, room)
        spans.append((fit(tile.value, value_width, right=True), tile.tone))
        room -= value_width
        if tile.unit and cell_len(tile.unit) + 1 <= room:
            spans.append((f" {tile.unit}", "dim"))
            room -= cell_len(tile.unit) + 1
        if room > _MIN_SPARK:
            spans.append((" " + sparkline(tile.values, room - 1, ascii=ascii_only()), "dim"))
        return spans
