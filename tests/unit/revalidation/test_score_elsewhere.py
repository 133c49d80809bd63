"""`score` on the files other programs write: freqtrade's results, the `backtesting` package's tables."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from core.config.settings import Settings
from core.errors import ConsoleError, UnreadableError, UsageError
from core.revalidation.csv_input import read_equity, read_trades
from core.revalidation.result import RevalidationResult
from core.revalidation.score import score, score_freqtrade

START = 1_767_225_600_000
HOUR = 3_600_000
CANDLES = 700
PROFITS = np.where(np.arange(40) % 3 == 0, -20.0, 30.0)
NAME = "backtest-result-2026-02-01_00-00-00"


def trades() -> list[dict[str, Any]]:
    return [
        {
            "pair": "BTC/USDT" if number % 2 else "ETH/USDT",
            "profit_abs": float(profit),
            "close_timestamp": float(START + (number + 1) * 16 * HOUR),
            "close_date": "2026-01-01 00:00:00+00:00",
            "is_open": False,
            "exit_reason": "roi",
        }
        for number, profit in enumerate(PROFITS)
    ]


def content(**changes: Any) -> dict[str, Any]:
    strategy = {
        "trades": trades(),
        "starting_balance": 1000.0,
        "timeframe": "1h",
        "backtest_start_ts": START,
        "backtest_end_ts": START + (CANDLES - 1) * HOUR,
        "profit_mean": float("nan"),
        **changes,
    }
    return {"strategy": {"Mine": strategy}, "strategy_comparison": []}


def wallet() -> pd.DataFrame:
    """Two currencies at every candle; the worth is their sum."""
    random = np.random.default_rng(4)
    worth = 1000 * np.cumprod(1 + random.normal(0.0005, 0.002, CANDLES))
    date = pd.to_datetime(START + np.arange(CANDLES) * HOUR, unit="ms", utc=True)
    parts = [
        pd.DataFrame({"date": date, "currency": name, "total_quote": worth * share})
        for name, share in (("USDT", 0.75), ("BTC", 0.25))
    ]
    return pd.concat(parts).sort_values("date").reset_index(drop=True)


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    """A result on disk: JSON, or with `members` a zip of them beside it."""

    def write(value: Any, members: dict[str, bytes] | None = None) -> Path:
        text = value if isinstance(value, str) else json.dumps(value)
        if members is None:
            path = tmp_path / f"{NAME}.json"
            path.write_text(text)
            return path
        path = tmp_path / f"{NAME}.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in {f"{NAME}.json": text.encode(), **members}.items():
                archive.writestr(name, data)
        return path

    return write


def feather(frame: pd.DataFrame) -> bytes:
    stream = io.BytesIO()
    frame.to_feather(stream)
    return stream.getvalue()


def judge(path: Path, **changes: Any) -> RevalidationResult:
    given = {"settings": Settings(), "policy": "manual", "now": datetime(2026, 2, 27, tzinfo=UTC), **changes}
    return score_freqtrade(path, **given)


def statuses(result: RevalidationResult) -> dict[str, str]:
    return {gate.name: gate.status for gate in result.gates}


def test_a_freqtrade_zip_is_judged_on_its_wallet_and_trades(written: Callable[..., Path]) -> None:
    """The zip's configuration, another strategy's wallet and a pickle in it are none of the result."""
    other = wallet().assign(total_quote=1.0)
    path = written(
        content(),
        {
            f"{NAME}_config.json": b'{"strategy": "Mine"}',
            f"{NAME}_Mine_wallet.feather": feather(wallet()),
            f"{NAME}_Other_wallet.feather": feather(other),
            f"{NAME}_signals.pkl": b"\x80\x04cos\nsystem\n",
        },
    )
    result = judge(path)
    worth = wallet().groupby("date")["total_quote"].sum().to_numpy()
    returns = worth[1:] / worth[:-1] - 1
    assert result.metrics["sharpe_ratio"] == pytest.approx(
        returns.mean() / returns.std(ddof=1) * np.sqrt(8760)
    )
    assert result.metrics["trades"] == 40
    assert result.metrics["win_rate_pct"] == pytest.approx(100 * (PROFITS > 0).mean())
    assert [row.symbol for row in result.symbols] == ["BTC/USDT", "ETH/USDT"]
    assert "NOT_EVALUABLE" not in statuses(result).values()
    assert result.data["strategy"] == "Mine"
    assert result.data["timeframe"] == "1h"
    assert not any("wallet" in warning for warning in result.warnings)


def test_closed_trades_alone_pass_no_gate_that_needs_the_equity(
    written: Callable[..., Path], tmp_path: Path
) -> None:
    result = judge(written(content()))
    judged = statuses(result)
    assert [name for name, status in judged.items() if status == "NOT_EVALUABLE"] == [
        "sharpe_ratio",
        "max_drawdown_pct",
        "calmar_ratio",
    ]
    assert result.metrics["total_return_pct"] == pytest.approx(PROFITS.sum() / 10)
    assert result.evidence.psr is None
    assert any("--equity" in warning for warning in result.warnings)
    equity = tmp_path / "E.csv"
    wallet().groupby("date")["total_quote"].sum().rename("equity").to_csv(equity, index_label="timestamp")
    given = judge(written(content()), equity_file=equity)
    assert "NOT_EVALUABLE" not in statuses(given).values()


def test_one_of_several_strategies_is_named(written: Callable[..., Path]) -> None:
    both = content()
    both["strategy"]["Second"] = content(trades=trades()[:35])["strategy"]["Mine"]
    path = written(both)
    assert judge(path, strategy="Second").metrics["trades"] == 35
    for name in (None, "Third"):
        with pytest.raises(UsageError, match="strateg"):
            judge(path, strategy=name)


def one_trade(**changes: Any) -> dict[str, Any]:
    return content(trades=[{**trades()[0], **changes}])


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("[]", "an object with the backtests under `strategy`, got a list"),
        ('{"latest_backtest": "x.json"}', "under `strategy`, got the keys latest_backtest"),
        ('{"strategy": ', "expected JSON"),
        ("[" * 100_000, "expected JSON"),
        (one_trade(profit_abs="1"), "got `str` - at `strategy.Mine.trades[0].profit_abs`"),
        (one_trade(close_timestamp=None, close_date="soon"), "trade 1: expected an ISO 8601 time"),
        (one_trade(profit_abs=float("nan")), "trade 1: expected a finite number in profit_abs"),
        (content(timeframe="1M"), "a timeframe of s m h d w, got '1M'"),
        (content(starting_balance=None), "a positive starting_balance"),
        (content(backtest_end_ts=9e13), "candles of 1h"),
        (content(backtest_start_ts=-1.0), "an epoch in backtest_start_ts"),
    ],
)
def test_a_bad_freqtrade_file_says_what_where_expected_and_got(
    written: Callable[..., Path], value: Any, words: str
) -> None:
    path = written(value)
    with pytest.raises(UnreadableError) as caught:
        judge(path)
    assert words in caught.value.title
    assert str(path) in caught.value.title


def test_a_broken_zip_or_wallet_is_one_message(written: Callable[..., Path]) -> None:
    path = written(content(), {f"{NAME}_Mine_wallet.feather": b"no feather"})
    with pytest.raises(UnreadableError, match="date and total_quote"):
        judge(path)
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(UnreadableError, match="a whole zip"):
        judge(path)


def test_an_open_trade_is_no_closed_one(written: Callable[..., Path]) -> None:
    last = {"pair": "A/B", "profit_abs": -500.0, "is_open": True}
    assert judge(written(content(trades=[*trades(), last]))).metrics["trades"] == 40


CURVE = pd.DataFrame(
    {
        "Equity": [1e4, 10_100.5, 9_900.25],
        "DrawdownPct": [0.0, 0.0, 0.01],
        "DrawdownDuration": [None, None, "3 days"],
    },
    index=pd.to_datetime(["2025-01-01", "2025-01-02", "2025-01-03"]).as_unit("ns"),
)
CLOSED = pd.DataFrame(
    {"Size": [5, -5], "PnL": [100.5, -200.25], "EntryTime": CURVE.index[:2], "ExitTime": CURVE.index[1:]}
)


@pytest.mark.parametrize("form", ["csv", "csv without index", "json", "json records"])
def test_the_backtesting_package_s_tables_are_read_as_they_are_saved(tmp_path: Path, form: str) -> None:
    equity, closed = tmp_path / "E", tmp_path / "T"
    if form.startswith("csv"):
        CURVE.to_csv(equity)
        CLOSED.to_csv(closed, index=form == "csv")
    else:
        epochs = {str(day.value // 10**6): value for day, value in CURVE["Equity"].items()}
        equity.write_text(json.dumps({"Equity": epochs, "DrawdownPct": epochs}))  # as pandas 3 writes it
        CLOSED.to_json(closed, orient="records" if "records" in form else None, date_format="iso")
    read, found = read_equity(equity), read_trades(closed)
    assert read.equity.tolist() == [1e4, 10_100.5, 9_900.25]
    assert read.time.tolist() == [day.value // 10**6 for day in CURVE.index]
    assert found.pnl.tolist() == [100.5, -200.25]
    assert found.exit_time.tolist() == read.time.tolist()[1:]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{}", "a table as DataFrame.to_json writes it"),
        ('{"pnl": {"0": 1.0}, "exit_time": {"1": 0}}', "the same rows in every column"),
        ('[{"pnl": 1.0, "exit_time": 1700000000}, {"pnl": 2.0}]', "row 2: expected the keys pnl,exit_time"),
        ('[{"pnl": 1e999, "exit_time": 1700000000}]', "row 1: expected a finite number in pnl, got '1e999'"),
        ('[{"pnl": null, "exit_time": 1700000000}]', "row 1: expected a finite number in pnl, got ''"),
        ('{"pnl": ', "expected JSON"),
    ],
)
def test_a_bad_table_says_what_where_expected_and_got(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "T.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(UnreadableError) as caught:
        read_trades(path)
    assert words in caught.value.title
    assert str(path) in caught.value.title


def test_a_pickle_is_refused_with_the_way_out(tmp_path: Path) -> None:
    path = tmp_path / "T.pkl"
    CLOSED.to_pickle(path)
    with pytest.raises(ConsoleError, match="a pickle is never loaded") as caught:
        score(path, path, timeframe="1d", settings=Settings(), policy="manual", now=datetime.now(UTC))
    assert "to_csv" in caught.value.hint
