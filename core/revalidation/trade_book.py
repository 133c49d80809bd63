"""Every trade of a judgement with its symbol's equity, in a file of its own beside the report.

Apart from the result, which screens and commands pass around. Trap avoided: a list of trades beside a
decision that other trades led to; the book carries the time and the model of its result.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np

from core.backtest import metrics as m
from core.backtest.engine import Backtest
from core.clock import from_epoch, iso
from core.errors import UnreadableError
from core.files import read_regular
from core.revalidation.curve import chart_curve
from core.revalidation.result import Curve, RevalidationResult
from core.text import visible
from core.trading.trades import ExitReason
from core.units import number

BOOK_NAME = "revalidation_trades.json"
POINTS = 200
"""Of a symbol's equity."""
MAX_BYTES = 256 * 1024 * 1024


class SymbolBook(msgspec.Struct, frozen=True, kw_only=True):
    """One symbol's closed trades in the order of their exits; the other fields have one value per trade."""

    symbol: str
    curve: Curve | None
    episode: tuple[int, ...]
    """From 1."""
    side: tuple[int, ...]
    """1 long, -1 short, 0 not told."""
    entry: tuple[str | None, ...]
    """When the candle of the entry opened; None where it is not told."""
    exit: tuple[str, ...]
    """When the candle of the exit closed."""
    candles: tuple[int | None, ...]
    """Held, the entry's and the exit's among them."""
    entry_price: tuple[float | None, ...]
    exit_price: tuple[float | None, ...]
    pnl: tuple[float | None, ...]
    """In currency, net."""
    r_multiple: tuple[float | None, ...]
    reason: tuple[str, ...]
    """`signal`, `stop`, `target`, `forced end`, `ruin`; empty where it is not told."""


class TradeBook(msgspec.Struct, frozen=True, kw_only=True):
    generated_at: str
    model: str | None
    capital: float
    symbols: tuple[SymbolBook, ...]

    def belongs_to(self, result: RevalidationResult) -> bool:
        return (self.generated_at, self.model) == (result.generated_at, result.hashes.model)

    def of(self, symbol: str) -> SymbolBook | None:
        return next((book for book in self.symbols if book.symbol == symbol), None)


def trade_book(backtest: Backtest, result: RevalidationResult) -> TradeBook:
    """The book of a backtest and the result it led to."""
    return TradeBook(
        generated_at=result.generated_at,
        model=result.hashes.model,
        capital=backtest.capital,
        symbols=tuple(_symbol_book(backtest, index) for index in range(len(backtest.symbols))),
    )


def read_book(path: Path) -> TradeBook:
    """A saved book. Raises UnreadableError."""
    try:
        return msgspec.json.decode(read_regular(path, MAX_BYTES), type=TradeBook)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise UnreadableError(
            f"{path} could not be read: {visible(str(error), 200)}",
            hint="Revalidate again: it is written anew.",
        ) from error


def _symbol_book(backtest: Backtest, index: int) -> SymbolBook:
    trades = backtest.trades
    chosen = np.flatnonzero(trades.symbol == index)
    entry, exit_ = trades.entry_index[chosen], trades.exit_index[chosen]
    curves, times = [], []
    for start, sleeve in zip(backtest.starts, backtest.equity[index], strict=True):
        inside = backtest.time[start : start + backtest.candles]
        curves.append(m.with_capital(sleeve / backtest.capital, 1.0))
        times.append(np.concatenate(([inside[0]], inside + backtest.step_ms)))
    return SymbolBook(
        symbol=visible(backtest.symbols[index], 60),
        curve=chart_curve(curves, times, POINTS),
        episode=tuple((trades.episode[chosen] + 1).tolist()),
        side=tuple(trades.side[chosen].tolist()),
        entry=tuple(
            iso(from_epoch(int(backtest.time[index]) / 1000)) if index >= 0 else None
            for index in entry.tolist()
        ),
        exit=tuple(iso(from_epoch(ms / 1000)) for ms in (backtest.time[exit_] + backtest.step_ms).tolist()),
        candles=tuple(
            int(last - first + 1) if first >= 0 else None for first, last in zip(entry, exit_, strict=True)
        ),
        entry_price=_finite(trades.entry_price[chosen]),
        exit_price=_finite(trades.exit_price[chosen]),
        pnl=_finite(trades.pnl[chosen]),
        r_multiple=_finite(trades.r_multiple[chosen]),
        reason=tuple(
            ExitReason(code).name.lower().replace("_", " ") if code >= 0 else ""
            for code in trades.exit_reason[chosen].tolist()
        ),
    )


def side_word(side: int) -> str:
    """`long`, `short`, `–` where it is not told."""
    return {1: "long", -1: "short"}.get(side, number(None))


def _finite(values: m.Floats) -> tuple[float | None, ...]:
    return tuple(m.finite(value) for value in values.tolist())
