"""One symbol's closed trades: side, entry, exit, how long it was held, profit, R and why it ended.

Trap avoided: a trade that cannot be found on the chart; the one under the cursor is marked there.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.revalidation.trade_book import SymbolBook, side_word
from core.units import counted, number
from widgets.lines import Row, fit
from widgets.row_list import RowList
from widgets.tone import safe

_HEADS = ("#", "side", "entry", "exit", "held", "profit", "R", "why")
_LEAVE = (3, 0, 6, 2)
"""The columns that go first where not all fit."""


class TradeTable(RowList):
    def __init__(self, title: str, book: SymbolBook, *, id: str | None = None) -> None:
        super().__init__(title, id=id)
        self._cells = _cells(book)
        self._widths = [max(map(len, column)) for column in zip(_HEADS, *self._cells, strict=True)]
        self._won = [(value or 0.0) > 0 for value in book.pnl]
        self.value = [(f"{counted(len(self._cells), 'trade')}, held in candles", "dim")]
        self.empty = [[("no trade was closed", "dim")]]

    @property
    def count(self) -> int:
        return len(self._cells)

    def top_rows(self, width: int) -> Sequence[Row]:
        return [self._row(_HEADS, width, ("dim",) * len(_HEADS))]

    def item_row(self, index: int, width: int) -> Row:
        tone = "good" if self._won[index] else "critical"
        return self._row(
            self._cells[index], width, ("dim", "plain", "plain", "plain", "dim", tone, tone, "dim")
        )

    def _row(self, cells: Sequence[str], width: int, tones: Sequence[str]) -> Row:
        widths = self._widths
        shown = list(range(len(_HEADS)))
        for column in _LEAVE:
            if sum(widths[i] + 2 for i in shown) <= width:
                break
            shown.remove(column)
        return [(fit(cells[i], widths[i], right=i in (0, 4, 5, 6)) + "  ", tones[i]) for i in shown]


def _cells(book: SymbolBook) -> list[tuple[str, ...]]:
    return [
        (
            str(index + 1),
            side_word(book.side[index]),
            _moment(book.entry[index]),
            _moment(book.exit[index]),
            number(book.candles[index]),
            number(book.pnl[index], 2),
            number(book.r_multiple[index], 2),
            safe(book.reason[index], 20) or number(None),
        )
        for index in range(len(book.pnl))
    ]


def _moment(text: str | None) -> str:
    """`2026-01-04 08:00Z`."""
    if text is None:
        return number(None)
    return f"{safe(text, 30)[:16].replace('T', ' ')}Z"
