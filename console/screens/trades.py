"""One symbol's trades over the Revalidate screen: its equity with the exits marked, and the list.

Trap avoided: a result that nobody can follow down to the trades it was made of.
"""

from __future__ import annotations

import bisect
import csv
import io
from typing import TYPE_CHECKING, cast

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from console.keyboard import key_of
from console.screens.box import Box
from console.screens.modals import close_key, key_line, scroll_keys
from core.revalidation.trade_book import SymbolBook, TradeBook
from core.units import percent
from widgets.equity_chart import Mark, plotted
from widgets.lines import LineWidget, Row, framed, wrapped
from widgets.row_list import RowList
from widgets.tone import safe
from widgets.trade_table import TradeTable

if TYPE_CHECKING:
    from console.app import ConsoleApp

_LEAST_HEIGHT, _LEAST_WIDTH = 5, 30
_TITLE = "equity, ▲ won ▼ lost ◆ chosen"


class TradeChart(LineWidget):
    """A symbol's equity: a mark at every exit, another at the trade under the cursor.

    With more exits than columns they would hide the line: then the chosen one alone is marked.
    """

    def __init__(self, book: SymbolBook, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._book = book
        self._chosen = 0

    def choose(self, trade: int) -> None:
        self._chosen = trade
        self.redraw()

    def rows(self, width: int, height: int) -> list[Row]:
        curve = self._book.curve
        points = marks(self._book, self._chosen)
        many = len(self._book.exit) > width - 4
        if many:
            points = [mark for mark in points if mark.kind == "chosen"]
        title = f"equity, ◆ chosen of {len(self._book.exit):,}" if many else _TITLE
        if curve is None or len(curve.equity) < 2:
            return list(framed(title, [], wrapped("there is no curve to draw", width - 4), width, height))
        if width - 4 < _LEAST_WIDTH or height - 2 < _LEAST_HEIGHT:
            words = wrapped("too small here: make the window larger", width - 4)
            return list(framed(title, [], words, width, height))
        change = 100 * (curve.equity[-1] / curve.equity[0] - 1)
        body = plotted(curve.equity, curve.time, width - 4, height - 2, dates=True, marks=points)
        return list(framed(title, [(percent(change), "bright")], body, width, height))


def marks(book: SymbolBook, chosen: int) -> list[Mark]:
    """Where each trade's exit stands on the curve: at the first of its points that is not earlier."""
    if book.curve is None:
        return []
    last = len(book.curve.time) - 1
    places = [min(bisect.bisect_left(book.curve.time, moment), last) for moment in book.exit]
    found = [
        Mark(at, "won" if (pnl or 0.0) > 0 else "lost") for at, pnl in zip(places, book.pnl, strict=True)
    ]
    if chosen < len(places):
        found.append(Mark(places[chosen], "chosen"))
    return found


class SymbolTrades(Box[None]):
    """`tab` goes to the next symbol, `y` copies the list as CSV."""

    CSS_PATH = "trades.tcss"
    BOX = "a symbol's trades"

    def __init__(self, book: TradeBook, symbol: str) -> None:
        super().__init__()
        self._book = book
        names = [each.symbol for each in book.symbols]
        self._at = names.index(symbol) if symbol in names else 0

    @property
    def _symbol(self) -> SymbolBook:
        return self._book.symbols[self._at]

    def compose(self) -> ComposeResult:
        with Vertical(id="trades"):
            yield TradeChart(self._symbol, id="trade-chart")
            yield TradeTable(safe(self._symbol.symbol, 60), self._symbol, id="trade-table")
            symbol, copy = (key_of("pane.next"), "next symbol"), (key_of("text.copy"), "copy as CSV")
            yield Static(key_line(scroll_keys("trade"), symbol, copy, close_key()), id="keys")

    @property
    def _table(self) -> TradeTable:
        return self.query_one(TradeTable)

    @on(RowList.Moved)
    def _moved(self, event: RowList.Moved) -> None:
        self.query_one(TradeChart).choose(event.index)

    def action_move(self, by: int) -> None:
        self._table.move(by)

    def action_page(self, direction: int) -> None:
        self._table.page(direction)

    async def action_symbol(self, by: int) -> None:
        self._at = (self._at + by) % len(self._book.symbols)
        await self.recompose()

    def action_copy(self) -> None:
        cast("ConsoleApp", self.app).copy_out("trades", trades_csv(self._symbol))
        self.dismiss(None)


def trades_csv(book: SymbolBook) -> str:
    """One row per trade, every field of the book."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    fields = tuple(name for name in book.__struct_fields__ if name not in ("symbol", "curve"))
    writer.writerow(("symbol", *fields))
    columns = (getattr(book, name) for name in fields)
    writer.writerows((book.symbol, *row) for row in zip(*columns, strict=True))
    return stream.getvalue()
