"""A symbol's trades: the exits on its equity, and the list beside them."""

from __future__ import annotations

from console.screens.trades import TradeChart
from core.revalidation.result import Curve
from core.revalidation.trade_book import SymbolBook
from widgets.lines import Row
from widgets.trade_table import TradeTable

DAYS = tuple(f"2026-01-{day:02d}T00:00:00Z" for day in range(1, 21))
CURVE = Curve(time=DAYS, equity=tuple(1 + at / 10 for at in range(20)), drawdown_pct=(0.0,) * 20)


def book(count: int) -> SymbolBook:
    pnl = tuple(-10.0 if at % 2 else 1_234.5 for at in range(count))
    return SymbolBook(
        symbol="AAA",
        curve=CURVE,
        episode=(1,) * count,
        side=(1,) * count,
        entry=DAYS[:1] * count,
        exit=tuple(DAYS[at % 20] for at in range(count)),
        candles=(4,) * count,
        entry_price=(1.0,) * count,
        exit_price=(2.0,) * count,
        pnl=pnl,
        r_multiple=(0.5,) * count,
        reason=("signal",) * count,
    )


def drawn(rows: list[Row]) -> str:
    return "\n".join("".join(text for text, _tone in row) for row in rows)


def test_each_exit_stands_on_the_equity_and_the_chosen_one_apart() -> None:
    text = drawn(TradeChart(book(3)).rows(70, 10))
    body = text.split("\n", 1)[1]
    assert body.count("▲") == 1 and body.count("▼") == 1 and body.count("◆") == 1
    assert "▲ won ▼ lost ◆ chosen" in text


def test_more_exits_than_columns_do_not_hide_the_line() -> None:
    """Then the chosen one alone is marked, and the title says of how many."""
    text = drawn(TradeChart(book(1_067)).rows(70, 10))
    assert "▲" not in text and "▼" not in text
    assert "◆ chosen of 1,067" in text and text.count("◆") == 2


def test_the_list_says_its_unit_and_keeps_its_columns() -> None:
    text = drawn(list(TradeTable("AAA", book(1_067)).rows(70, 10)))
    assert "1,067 trades, held in candles" in text and "1–7 of 1,067 lines" in text
    lines = [line for line in text.splitlines() if "long" in line]
    assert {line.index("0.50") for line in lines} == {lines[0].index("0.50")}
    assert "1 trade, held" in drawn(list(TradeTable("AAA", book(1)).rows(70, 10)))
