"""The same six gates for a backtest made elsewhere: an equity curve and a list of trades.

The first equity is the capital unless one is given, and nothing is prepended without it. Trap avoided: a
yearly ratio from a guessed number of periods; it is asked for, and compared with the rows' own spacing.
"""

from __future__ import annotations

import hashlib
import math
import re
import time
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.backtest import metrics as m
from core.backtest.summary import Curves, Ledger, Summary, combine
from core.clock import from_epoch, iso
from core.config.settings import Settings
from core.errors import UnreadableError, UsageError
from core.revalidation.build import build_result
from core.revalidation.csv_input import EquityFile, TradesFile, read_equity, read_trades
from core.revalidation.curve import chart_curve
from core.revalidation.decision import PolicyName
from core.revalidation.evidence.assess import assess_sample
from core.revalidation.evidence.sample import Sample
from core.revalidation.freqtrade import REALISED, read_freqtrade
from core.revalidation.gates import REALISED_ONLY
from core.revalidation.result import Hashes, RevalidationResult, SymbolResult
from core.text import visible

_TIMEFRAME = re.compile(r"(\d{1,5})([smhdw])", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_YEAR_MS = 365 * 86_400_000
_MOST_ROWS = 200_000
"""Of which histories are drawn in some forty seconds."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A backtest that another program made."""

    equity: EquityFile
    trades: TradesFile
    named: dict[str, str]
    """What the report says of the files."""
    warnings: tuple[str, ...] = ()
    realised_only: bool = False
    """The equity is a balance of closed trades."""


def score(
    equity_file: Path,
    trades_file: Path,
    *,
    timeframe: str | None = None,
    periods_per_year: float | None = None,
    capital: float | None = None,
    settings: Settings,
    policy: PolicyName,
    now: datetime,
) -> RevalidationResult:
    """Judge the two files. Exactly one of `timeframe` (`4h`, `5m`, `1d`) and `periods_per_year` is needed.

    Raises UsageError (those two, a capital that is not positive, no such file) and UnreadableError (file,
    line, expected, got).
    """
    began = time.perf_counter()
    periods = periods_of(timeframe, periods_per_year)
    _check_capital(capital)
    found = Elsewhere(
        read_equity(equity_file),
        read_trades(trades_file),
        {"equity": str(equity_file), "trades": str(trades_file)},
    )
    label = timeframe or f"{periods:g} periods a year"
    result = _judge(found, periods, label, capital, settings, policy, now)
    return msgspec.structs.replace(result, seconds=time.perf_counter() - began)


def score_freqtrade(
    result_file: Path,
    *,
    strategy: str | None = None,
    equity_file: Path | None = None,
    timeframe: str | None = None,
    periods_per_year: float | None = None,
    capital: float | None = None,
    settings: Settings,
    policy: PolicyName,
    now: datetime,
) -> RevalidationResult:
    """Judge a freqtrade result, `.zip` or `.json`; its own timeframe counts unless another is given, its own
    wallet history unless `equity_file` gives the equity.

    Raises as `score`, and UsageError where the file holds several strategies and none is named.
    """
    began = time.perf_counter()
    _check_capital(capital)
    read = read_freqtrade(result_file, strategy, lambda own: _YEAR_MS / _own_periods(result_file, own))
    if timeframe is None and periods_per_year is None:
        timeframe = read.timeframe
    periods = periods_of(timeframe, periods_per_year)
    named = {"backtest": str(result_file), "strategy": visible(read.strategy, 60)}
    if equity_file is not None:
        found = Elsewhere(read_equity(equity_file), read.trades, {**named, "equity": str(equity_file)})
    else:
        named["equity"] = read.source
        found = Elsewhere(read.equity, read.trades, named, read.warnings, read.source == REALISED)
    label = timeframe or f"{periods:g} periods a year"
    result = _judge(found, periods, label, capital, settings, policy, now)
    return msgspec.structs.replace(result, seconds=time.perf_counter() - began)


def _own_periods(path: Path, timeframe: str) -> float:
    try:
        return periods_of(timeframe, None)
    except UsageError:
        raise UnreadableError(
            f"{path}: expected a timeframe of s m h d w, got {visible(timeframe, 20)!r}"
        ) from None


def _check_capital(capital: float | None) -> None:
    if capital is not None and not (math.isfinite(capital) and capital > 0):
        raise UsageError(f"--capital: expected a positive amount, got {capital}")


def _judge(
    found: Elsewhere,
    periods: float,
    label: str,
    capital: float | None,
    settings: Settings,
    policy: PolicyName,
    now: datetime,
) -> RevalidationResult:
    equity, trades = found.equity, found.trades
    start = capital if capital is not None else float(equity.equity[0])
    values = m.with_capital(equity.equity, capital) if capital is not None else equity.equity
    times = np.concatenate((equity.time[:1], equity.time)) if capital is not None else equity.time
    broken = None if (values > 0).all() else _ruin(equity, start)
    with np.errstate(over="ignore", invalid="ignore"):
        relative = values / start if start > 0 else values
        if broken is None and not np.isfinite(relative).all():
            broken = "the equity is out of all proportion to the capital"
        summary = replace(
            _summary(relative, equity, trades, start, broken, periods, settings),
            realised_only=found.realised_only,
        )
        why_not = REALISED_ONLY if found.realised_only else _no_sample(equity, trades, values)
        sample = None
        if broken is None and not why_not:
            sample = _sample(relative, equity.time[-len(relative) + 1 :], trades, abs(start), periods)
        assessment = assess_sample(sample, summary, settings, why_not)
        curve = chart_curve([relative], [times]) if start > 0 else None
    return build_result(
        summary,
        settings=settings,
        policy=policy,
        now=now,
        symbols=_symbols(trades, start),
        curve=curve,
        hashes=Hashes(data=hashlib.sha256(f"{equity.digest} {trades.digest}".encode()).hexdigest()),
        data={
            **found.named,
            "first": iso(from_epoch(int(equity.time[0]) / 1000)),
            "last": iso(from_epoch(int(equity.time[-1]) / 1000)),
            "timeframe": label,
        },
        assessment=assessment,
        warnings=[*found.warnings, *_warnings(equity, trades, values, periods)],
    )


def periods_of(timeframe: str | None, periods_per_year: float | None) -> float:
    """Candles in a year of 365 days: 2190 for `4h`. Raises UsageError unless exactly one is given."""
    if (timeframe is None) == (periods_per_year is None):
        raise UsageError(
            "expected one of --timeframe and --periods-per-year, got "
            + ("neither" if timeframe is None else "both"),
            hint="For 4-hour rows: --timeframe 4h.",
        )
    if timeframe is None:
        assert periods_per_year is not None
        if not (math.isfinite(periods_per_year) and periods_per_year > 0):
            raise UsageError(f"--periods-per-year: expected a positive number, got {periods_per_year}")
        return periods_per_year
    match = _TIMEFRAME.fullmatch(timeframe.strip())
    seconds = int(match[1]) * _SECONDS[match[2]] if match else 0
    if seconds == 0:
        raise UsageError(f"--timeframe: expected a number and one of s m h d w, got {timeframe!r}")
    return _YEAR_MS / (1000 * seconds)


def _summary(
    relative: m.Floats,
    equity: EquityFile,
    trades: TradesFile,
    capital: float,
    broken: str | None,
    periods: float,
    settings: Settings,
) -> Summary:
    names, stream = _streams(trades)
    return combine(
        Curves((relative,), broken, None),
        Ledger(trades.pnl, stream, abs(capital)),
        periods=periods,
        candles=len(equity.time),
        unique_candles=len(equity.time),
        coverage=None,
        min_stream_trades=settings.evidence.min_stream_trades,
        statistic=settings.decision.statistic,
        extra={"streams": len(names)},
    )


def _no_sample(equity: EquityFile, trades: TradesFile, values: m.Floats) -> str:
    """Why no history can be drawn from the files; empty where one can."""
    outside = int((trades.exit_time > equity.time[-1]).sum() + (trades.exit_time < equity.time[0]).sum())
    if outside:
        return f"{outside:,} trades ended outside the equity's time"
    if len(values) < 3:
        return f"{len(values)} values of the equity"
    if len(values) > _MOST_ROWS:
        return f"{len(values):,} rows; at most {_MOST_ROWS:,} are resampled"
    return ""


def _sample(
    relative: m.Floats, closes: NDArray[np.int64], trades: TradesFile, capital: float, periods: float
) -> Sample:
    """One episode. A trade belongs to the return that ends at the first row at or after its exit; `closes`
    (n,) are the times at which the n returns end."""
    names, stream = _streams(trades)
    return Sample(
        returns=m.returns_of(relative)[None, :],
        periods=periods,
        candle=np.searchsorted(closes, trades.exit_time),
        stream=stream,
        streams=max(1, len(names)),
        profits=trades.pnl,
        capital=capital,
    )


def _streams(trades: TradesFile) -> tuple[list[tuple[str, str]], NDArray[np.int64]]:
    """The streams' names and each trade's place among them."""
    pairs = list(zip(trades.symbol, trades.episode, strict=True))
    names = sorted(set(pairs))
    keys = {name: index for index, name in enumerate(names)}
    return names, np.array([keys[pair] for pair in pairs], np.int64)


def _ruin(equity: EquityFile, start: float) -> str:
    if start <= 0:
        return f"the equity starts at {start:,.2f}"
    at = int(np.argmax(equity.equity <= 0))
    return f"the equity reached {equity.equity[at]:,.2f} at {iso(from_epoch(int(equity.time[at]) / 1000))}"


def _symbols(trades: TradesFile, capital: float) -> list[SymbolResult]:
    """Per symbol what trades alone tell: return and drawdown belong to the one equity curve."""
    rows = []
    names = np.array(trades.symbol)
    for name in sorted(set(trades.symbol) - {""}):
        profits = trades.pnl[names == name]
        outcome = m.outcomes(profits, abs(capital))
        rate = m.win_rate(outcome)
        rows.append(
            SymbolResult(
                symbol=name,
                return_pct=None,
                max_drawdown_pct=None,
                win_rate_pct=None if rate is None else 100.0 * rate,
                profit_factor=m.profit_factor(*m.gross(profits, outcome)),
                trades=len(profits),
            )
        )
    return rows


def _warnings(equity: EquityFile, trades: TradesFile, values: m.Floats, periods: float) -> list[str]:
    found = []
    if len(equity.time) > 1:
        spacing = float(np.median(np.diff(equity.time)))
        asked = _YEAR_MS / periods
        if not 0.99 < spacing / asked < 1.01:
            found.append(
                f"the equity's rows are {spacing / 3_600_000:g} h apart, the yearly ratios count "
                f"{periods:g} periods of {asked / 3_600_000:.4g} h"
            )
    late = int((trades.exit_time > equity.time[-1]).sum() + (trades.exit_time < equity.time[0]).sum())
    if late:
        found.append(f"{late:,} of {len(trades.pnl):,} trades ended outside the equity's time")
    moved, earned = float(values[-1] - values[0]), m.total(trades.pnl)
    if len(trades.pnl) and abs(moved - earned) > 0.01 * abs(float(values[0])):
        found.append(f"the equity moved by {moved:,.2f}, the trades sum to {earned:,.2f}")
    return found
