"""Per-symbol results, scrollable: return, drawdown, win rate, profit factor, trades.

Trap avoided: a DataTable of a hundred rows, which costs 30 ms a screen switch. Only the visible rows are
made.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.revalidation.result import SymbolResult
from core.units import number, percent
from widgets.lines import LineWidget, Row, fit, framed, with_cursor, wrapped
from widgets.tone import safe

_LONG = ("return", "drawdown", "win rate", "factor", "trades")
_SHORT = ("ret %", "dd %", "win %", "factor", "trades")
"""Where the long heads and a sign in each cell do not fit."""
_LEAVE = (2, 1, 3, 4)
"""The columns that go first where there is not even room for the short ones."""


class SymbolTable(LineWidget):
    DEFAULT_CSS = """
    SymbolTable { width: 1fr; height: 1fr; min-height: 3; }
    """

    def __init__(self, *, empty: str = "", id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.empty = empty
        self._symbols: tuple[SymbolResult, ...] = ()
        self._top = 0
        self._room = 1
        self.active = False
        self.cursor = 0

    @property
    def selected(self) -> SymbolResult | None:
        """The symbol under the cursor."""
        return self._symbols[self.cursor] if self.cursor < len(self._symbols) else None

    def activate(self, active: bool) -> None:
        """Whether the keys act on this pane; only then the cursor shows."""
        self.active = active
        self.redraw()

    def show(self, symbols: Sequence[SymbolResult]) -> None:
        if tuple(symbols) != self._symbols:
            self._symbols = tuple(symbols)
            self._top = self.cursor = 0
        self.redraw()

    def move(self, rows: int) -> None:
        """The cursor by `rows` (negative: up), within the table."""
        self.cursor = max(0, min(self.cursor + rows, len(self._symbols) - 1))
        self.redraw()

    @property
    def page_size(self) -> int:
        return self._room

    def rows(self, width: int, height: int) -> Sequence[Row]:
        self._room = max(1, height - 3)
        self._top = max(self.cursor - self._room + 1, min(self._top, self.cursor))
        self._top = max(0, min(self._top, len(self._symbols) - self._room))
        if not self._symbols:
            return framed("symbols", [], wrapped(self.empty, width - 4), width, height)
        inner = width - 4
        name_width = max(6, *(len(symbol.symbol) for symbol in self._symbols))
        name_width = min(name_width, max(6, inner - 2 * 10))
        heads, table, widths = _layout(self._symbols, inner - name_width)
        shown = [i for i, width in enumerate(widths) if width]
        body: list[Row] = [
            [
                (fit("symbol", name_width), "dim"),
                *((fit(heads[i], widths[i], right=True), "dim") for i in shown),
            ]
        ]
        rows = list(zip(self._symbols, table, strict=True))
        for symbol, cells in rows[self._top : self._top + self._room]:
            tone = "good" if (symbol.return_pct or 0) > 0 else "plain"
            body.append(
                [
                    (fit(safe(symbol.symbol, 40), name_width), "plain"),
                    *((fit(cells[i], widths[i], right=True), tone if i == 0 else "bright") for i in shown),
                ]
            )
        last = min(self._top + self._room, len(self._symbols))
        partly = len(self._symbols) > self._room
        value = f"{self._top + 1}–{last} of {len(self._symbols)}" if partly else f"{len(self._symbols)}"
        marked = with_cursor(body, 1 + self.cursor - self._top if self.active else None)
        return framed("symbols", [(value, "dim")], marked, width, height, gutter=0, active=self.active)


def _layout(
    symbols: Sequence[SymbolResult], room: int
) -> tuple[tuple[str, ...], list[tuple[str, ...]], list[int]]:
    """Heads, cells and the columns' widths, 0 for one that is left out: all of them, short where need be."""
    for heads, signs, gap in ((_LONG, True, 2), (_SHORT, False, 2), (_SHORT, False, 1)):
        table = [_cells(symbol, signs=signs) for symbol in symbols]
        widths = [max(len(head), *(len(cells[i]) for cells in table)) + gap for i, head in enumerate(heads)]
        if sum(widths) <= room:
            return heads, table, widths
    for column in _LEAVE:
        if sum(widths) <= room:
            break
        widths[column] = 0
    return heads, table, widths


def _cells(symbol: SymbolResult, *, signs: bool) -> tuple[str, ...]:
    write = percent if signs else _plain
    return (
        write(symbol.return_pct),
        write(symbol.max_drawdown_pct),
        write(symbol.win_rate_pct),
        number(symbol.profit_factor, 2),
        number(symbol.trades),
    )


def _plain(value: float | None) -> str:
    return number(value, 1)
