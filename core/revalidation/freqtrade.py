"""A freqtrade backtest: the result file it exports, `.zip` or `.json`, as equity and trades.

The equity is the wallet that freqtrade (from 2026.4) records at every candle, summed over the currencies. A
file without one has closed trades alone: their running balance stands in and no gate is passed on it, for it
hides what open positions lost. Traps avoided: the configuration or another strategy's file of the same zip
taken for the result; a pickle of the same zip, which is never touched.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.clock import from_epoch, iso
from core.errors import UnreadableError, UsageError
from core.revalidation.cells import epoch_seconds, milliseconds_of
from core.revalidation.csv_input import (
    MAX_BYTES,
    EquityFile,
    TradesFile,
    in_exit_order,
    read_bytes,
)
from core.text import visible

WALLET = "the wallet at every candle"
REALISED = "the running balance of closed trades"
_NO_WALLET = (
    "the file holds no wallet history (freqtrade exports it from 2026.4 on): the curve is the running "
    "balance of closed trades, so Sharpe, drawdown and Calmar are not judged; --equity E.csv gives a real one"
)
_MOST_ROWS = 5_000_000
_HINT = "Give a .zip or .json of user_data/backtest_results, from `freqtrade backtesting --export trades`."


class _Trade(msgspec.Struct, frozen=True):
    pair: str
    profit_abs: float
    close_timestamp: float | None = None
    close_date: str | None = None
    is_open: bool = False


class _Strategy(msgspec.Struct, frozen=True):
    trades: list[_Trade]
    timeframe: str
    backtest_start_ts: float
    backtest_end_ts: float
    starting_balance: float | None = None
    dry_run_wallet: float | None = None


@dataclass(frozen=True, slots=True)
class FreqtradeResult:
    """One strategy's backtest."""

    strategy: str
    timeframe: str
    equity: EquityFile
    trades: TradesFile
    source: str
    """`WALLET` or `REALISED`."""
    warnings: tuple[str, ...]


def read_freqtrade(path: Path, strategy: str | None, step_of: Callable[[str], float]) -> FreqtradeResult:
    """Read the result at `path`; `step_of` gives a timeframe's ms.

    Raises UsageError (no such file, no such strategy, several and none named) and UnreadableError.
    """
    data = read_bytes(path, "a freqtrade result file")
    digest = hashlib.sha256(data).hexdigest()
    archive = _archive(path, data) if data.startswith(b"PK") else None
    found = _result(path, data) if archive is None else _member_result(path, archive)
    name = _chosen(path, found, strategy)
    try:
        content = msgspec.convert(found[name], _Strategy)
    except msgspec.ValidationError as error:
        where = str(error).replace("$", f"strategy.{visible(name, 60)}")
        raise UnreadableError(f"{path}: {visible(where, 200)}", hint=_HINT) from None
    trades = _trades(path, content, digest)
    wallet = None if archive is None else _wallet(path, archive, name, digest)
    if wallet is not None:
        return FreqtradeResult(name, content.timeframe, wallet, trades, WALLET, ())
    realised = _realised(path, content, trades, step_of(content.timeframe), digest)
    return FreqtradeResult(name, content.timeframe, realised, trades, REALISED, (_NO_WALLET,))


def _archive(path: Path, data: bytes) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise _unreadable(f"{path}", "a whole zip", str(error)) from None


def _member_result(path: Path, archive: zipfile.ZipFile) -> dict[str, Any]:
    """The result among the zip's JSON files: the one named as the zip, else the only one that is a result."""
    names = [name for name in archive.namelist() if name.endswith(".json")]
    own = f"{path.stem}.json"
    names.sort(key=lambda name: (name != own, len(name), name))
    for name in names:
        content = _json(f"{path}, {visible(name, 80)}", _member(path, archive, name))
        if isinstance(content, dict) and isinstance(content.get("strategy"), dict):
            return _strategies(f"{path}, {visible(name, 80)}", content)
    listed = visible(", ".join(archive.namelist()[:6]), 120) or "no file"
    raise _unreadable(f"{path}", f"a result, {own}, in the zip", listed)


def _member(path: Path, archive: zipfile.ZipFile, name: str) -> bytes:
    try:
        with archive.open(name) as stream:
            data = stream.read(MAX_BYTES + 1)
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError, OSError) as error:
        raise _unreadable(f"{path}, {visible(name, 80)}", "a whole member", str(error)) from None
    if len(data) > MAX_BYTES:
        raise _unreadable(f"{path}, {visible(name, 80)}", f"at most {MAX_BYTES:,} bytes", "more")
    return data


def _result(path: Path, data: bytes) -> dict[str, Any]:
    return _strategies(str(path), _json(str(path), data))


def _json(where: str, data: bytes) -> Any:
    try:
        return json.loads(data)  # freqtrade writes NaN, which is no JSON; this reads it
    except (ValueError, RecursionError) as error:
        raise _unreadable(where, "JSON", str(error)) from None


def _strategies(where: str, content: Any) -> dict[str, Any]:
    """Strategy → its part of the file."""
    found = content.get("strategy") if isinstance(content, dict) else None
    if not isinstance(found, dict) or not found:
        got = f"the keys {', '.join(map(str, content))[:80]}" if isinstance(content, dict) else "a list"
        raise _unreadable(where, "an object with the backtests under `strategy`", got)
    return found


def _chosen(path: Path, found: dict[str, Any], strategy: str | None) -> str:
    listed = ", ".join(visible(name, 60) for name in found)
    if strategy is None:
        if len(found) > 1:
            raise UsageError(
                f"{path} holds {len(found)} strategies: expected one, named with --strategy, got none",
                hint=f"It holds {listed}.",
            )
        return next(iter(found))
    if strategy not in found:
        raise UsageError(
            f"--strategy: expected one of {listed} in {path}, got {visible(strategy, 60)!r}",
        )
    return strategy


def _trades(path: Path, content: _Strategy, digest: str) -> TradesFile:
    times, profits, symbols = [], [], []
    for number, trade in enumerate(content.trades, 1):
        if trade.is_open:
            continue
        where = f"{path}, trade {number}"
        if not math.isfinite(trade.profit_abs):
            raise _unreadable(where, "a finite number in profit_abs", str(trade.profit_abs))
        if trade.close_timestamp is not None:
            times.append(_moment(where, "close_timestamp", trade.close_timestamp))
        else:
            times.append(milliseconds_of(where, "close_date", trade.close_date or ""))
        profits.append(trade.profit_abs)
        symbols.append(visible(trade.pair, 60))
    return in_exit_order(times, profits, symbols, [""] * len(times), digest)


def _wallet(path: Path, archive: zipfile.ZipFile, strategy: str, digest: str) -> EquityFile | None:
    """The wallet's worth at each candle; None where the zip has none."""
    names = [name for name in archive.namelist() if name.endswith("_wallet.feather")]
    own = [name for name in names if name.endswith(f"_{strategy}_wallet.feather")]
    if not (own or len(names) == 1):
        return None
    name = (own or names)[0]
    where = f"{path}, {visible(name, 80)}"
    data = _member(path, archive, name)
    time, worth = _columns(where, data)
    moments, place = np.unique(time, return_inverse=True)
    total = np.bincount(place, worth, len(moments)).astype(np.float64)
    if not len(moments) or not np.isfinite(total).all():
        raise _unreadable(where, "a finite total_quote at every date", f"{len(moments):,} dates")
    return EquityFile(moments, total, digest)


def _columns(where: str, data: bytes) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """`date` in ms and `total_quote` of each row: one per candle and currency."""
    import pyarrow as pa
    from pyarrow import feather

    try:
        table = feather.read_table(io.BytesIO(data), columns=["date", "total_quote"])
        time = table["date"].cast(pa.timestamp("ms", tz="UTC")).cast(pa.int64()).to_numpy()
        worth = table["total_quote"].cast(pa.float64()).to_numpy()
    except (pa.ArrowException, ValueError, KeyError, OSError) as error:
        raise _unreadable(where, "a feather table with date and total_quote", str(error)) from None
    return np.asarray(time, np.int64), np.asarray(worth, np.float64)


def _realised(path: Path, content: _Strategy, trades: TradesFile, step: float, digest: str) -> EquityFile:
    """The balance at each candle: the start's, and what trades brought that closed until then."""
    capital = content.starting_balance if content.starting_balance is not None else content.dry_run_wallet
    if capital is None or not (math.isfinite(capital) and capital > 0):
        raise _unreadable(f"{path}", "a positive starting_balance", str(capital))
    first = _moment(str(path), "backtest_start_ts", content.backtest_start_ts)
    last = _moment(str(path), "backtest_end_ts", content.backtest_end_ts)
    last = max(last, int(trades.exit_time[-1])) if len(trades.exit_time) else last
    count = math.ceil((last - first) / step) + 1
    if not 1 <= count <= _MOST_ROWS:
        span = f"{iso(from_epoch(first / 1000))} to {iso(from_epoch(last / 1000))}"
        raise _unreadable(f"{path}", f"a period of 1 to {_MOST_ROWS:,} candles of {content.timeframe}", span)
    time = first + (step * np.arange(count)).astype(np.int64)
    brought = np.concatenate(([0.0], np.cumsum(trades.pnl)))
    equity = capital + brought[np.searchsorted(trades.exit_time, time, side="right")]
    return EquityFile(time, equity, digest)


def _moment(where: str, column: str, value: float) -> int:
    """An epoch of the file in ms."""
    if not (math.isfinite(value) and 0 < value < 1e14):
        raise _unreadable(where, f"an epoch in {column}", str(value))
    return round(epoch_seconds(value) * 1000)


def _unreadable(where: str, expected: str, got: str) -> UnreadableError:
    return UnreadableError(f"{where}: expected {expected}, got {visible(got, 160)}", hint=_HINT)
