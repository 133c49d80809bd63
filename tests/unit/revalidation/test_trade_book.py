"""The book of trades: every trade of the judgement, with its symbol's equity, for that judgement alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from console.screens.trades import marks, trades_csv
from core.errors import UnreadableError
from core.revalidation.pipeline import RevalidationRequest, revalidate
from core.revalidation.trade_book import BOOK_NAME, read_book


def test_the_book_holds_every_trade_of_its_result(
    request_for: Callable[..., RevalidationRequest], tmp_path: Path
) -> None:
    request = request_for()
    result = revalidate(request, lambda _: None, lambda: False)
    path = tmp_path / "reports" / BOOK_NAME
    assert str(path) in result.reports
    book = read_book(path)
    assert book.belongs_to(result)
    assert not book.belongs_to(msgspec.structs.replace(result, generated_at="2026-02-28T16:00:00Z"))
    assert [symbol.symbol for symbol in book.symbols] == [row.symbol for row in result.symbols]
    for symbol, row in zip(book.symbols, result.symbols, strict=True):
        assert len(symbol.pnl) == row.trades and symbol.curve is not None
        assert symbol.exit == tuple(sorted(symbol.exit))
        earned = sum(pnl or 0.0 for pnl in symbol.pnl)
        assert symbol.curve.equity[-1] == pytest.approx(1 + earned / book.capital)
        assert 100 * (symbol.curve.equity[-1] - 1) == pytest.approx(row.return_pct)
        assert all(first < last for first, last in zip(symbol.entry, symbol.exit, strict=True))
        assert {"signal", "stop", "target", "forced end"} >= set(symbol.reason)
        found = marks(symbol, 0)
        assert len(found) == row.trades + 1 and found[-1].kind == "chosen" and found[-1].at == found[0].at
        assert sum(mark.kind == "won" for mark in found) == sum((pnl or 0) > 0 for pnl in symbol.pnl)
        assert [mark.at for mark in found[:-1]] == sorted(mark.at for mark in found[:-1])
        lines = trades_csv(symbol).splitlines()
        assert len(lines) == 1 + row.trades and lines[0].startswith("symbol,episode,side,entry,exit")


def test_a_file_that_is_no_book_is_said(tmp_path: Path) -> None:
    (tmp_path / BOOK_NAME).write_text("{}")
    with pytest.raises(UnreadableError, match="could not be read"):
        read_book(tmp_path / BOOK_NAME)
