"""Per-symbol results, scrollable: return, drawdown, win rate, profit factor, trades.

Trap avoided: a DataTable of a hundred rows, which costs 30 ms a screen switch. Only the visible rows are
made.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.revalidation.result import SymbolResult
from core.units import number, percent
from widgets.lines import LineWidget, Row, fit, framed, wrapped
from widgets.tone import safe

_HEADS = ("return", "drawdown", "win rate", "factor", "trades")
_WIDTHS = (9, 9, 9, 7, 7)


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

    def activate(self, active: bool) -> None:
        """Whether the keys act on this pane."""
        self.active = active
        self.redraw()

    def show(self, symbols: Sequence[SymbolResult]) -> None:
        if tuple(symbols) != self._symbols:
            self._symbols = tuple(symbols)
            self._top = 0
        self.redraw()

    def move(self, rows: int) -> None:
        """Scroll by `rows` (negative: up), within the table."""
        self._top = max(0, min(self._top + rows, len(self._symbols) - self._room))
        self.redraw()

    @property
    def page_size(self) -> int:
        return self._room

    def rows(self, width: int, height: int) -> Sequence[Row]:
        self._room = max(1, height - 3)
        self._top = max(0, min(self._top, len(self._symbols) - self._room))
        if not self._symbols:
            return framed("symbols", [], wrapped(self.empty, width - 4), width, height)
        inner = width - 4
        name_width = max(6, *(len(symbol.symbol) for symbol in self._symbols))
        name_width = min(name_width, max(6, inner - 2 * 10))
        shown = _columns_that_fit(inner - name_width)
        body: list[Row] = [
            [
                (fit("symbol", name_width), "dim"),
                *((fit(_HEADS[i], _WIDTHS[i] + 1, right=True), "dim") for i in shown),
            ]
        ]
        for symbol in self._symbols[self._top : self._top + self._room]:
            cells = _cells(symbol)
            tone = "good" if (symbol.return_pct or 0) > 0 else "plain"
            body.append(
                [
                    (fit(safe(symbol.symbol, 40), name_width), "plain"),
                    *(
                        (fit(cells[i], _WIDTHS[i] + 1, right=True), tone if i == 0 else "bright")
                        for i in shown
                    ),
                ]
            )
        last = min(self._top + self._room, len(self._symbols))
        partly = len(self._symbols) > self._room
        value = f"{self._top + 1}–{last} of {len(self._symbols)}" if partly else f"{len(self._symbols)}"
        return framed("symbols", [(value, "dim")], body, width, height, active=self.active)


def _columns_that_fit(room: int) -> list[int]:
    shown: list[int] = []
    for index in (0, 4, 3, 1, 2):
        if sum(_WIDTHS[i] + 1 for i in (*shown, index)) <= room:
            shown.append(index)
    return sorted(shown)


def _cells(symbol: SymbolResult) -> tuple[str, ...]:
    return (
        percent(symbol.return_pct),
        percent(symbol.max_drawdown_pct),
        percent(symbol.win_rate_pct),
        number(symbol.profit_factor, 2),
        number(symbol.trades),
    )
