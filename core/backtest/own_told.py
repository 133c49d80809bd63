"""A backtest from what a user's environments told: equity at each candle, trades, and where they disagree.

Trap avoided: a figure that the environment does not tell (exposure, costs) shown as 0.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.backtest.engine import Backtest, Integers, StreamTrades
from core.backtest.own_env import PAGE, OwnEnvironment, OwnTrade
from core.config.settings import Trading
from core.errors import UnreadableError
from core.market.model import Universe

_FAR = 4.0
"""A first equity this many times the capital, or less than this part of it, belongs to another capital."""


@dataclass(slots=True)
class Lane:
    """One environment's run over the candles `begin` … `end` - 1, of which those from `first` are scored."""

    symbol: int
    begin: int
    first: int
    end: int
    episode: int = 0
    capital: float | None = None
    equity: list[float] = field(default_factory=list)
    trades: list[tuple[int, OwnTrade]] = field(default_factory=list)
    """(step, trade)"""
    terminated: bool = False


def told_backtest(
    universe: Universe,
    kind: OwnEnvironment,
    lanes: list[Lane],
    starts: Integers,
    candles: int,
    trading: Trading,
) -> Backtest:
    """What the lanes hold. Raises UnreadableError where they contradict each other or the candles."""
    warnings: list[str] = []
    capital = _capital(universe, kind, lanes, trading, warnings)
    equity = np.full((len(universe.symbols), len(starts), candles), np.nan)
    rows: list[tuple[int, int, int, int, OwnTrade]] = []  # exit candle, symbol, episode, step, trade
    covered = early = 0
    for lane in lanes:
        there = lane.first + np.flatnonzero(np.isfinite(universe.close[lane.symbol, lane.first : lane.end]))
        steps = len(lane.equity)
        if steps > len(there):
            raise UnreadableError(
                f"{kind.name}: it takes {steps} steps on {len(there)} scored candles "
                f"({universe.symbols[lane.symbol]}, episode {lane.episode + 1}): its look-back changes",
                hint=PAGE,
            )
        at = there[:steps] if lane.terminated else there[len(there) - steps :]
        early += steps < len(there)
        covered += steps
        sleeve = equity[lane.symbol, lane.episode]
        sleeve[at - lane.first] = lane.equity
        rows += [(int(at[step]), lane.symbol, lane.episode, step, trade) for step, trade in lane.trades]
    if early:
        warnings.append(
            f"in {early:,} of {len(lanes):,} runs the environment took fewer steps than there are candles: "
            "the rest earns 0"
        )
    _carry_forward(equity, capital)
    rows.sort(key=lambda row: row[:4])
    _compare(rows, equity, capital, warnings)
    return Backtest(
        symbols=universe.symbols,
        starts=starts,
        candles=candles,
        time=universe.time,
        step_ms=universe.step_ms,
        capital=capital,
        equity=equity,
        exposed=None,
        trades=_stream_trades(rows),
        coverage=covered / equity.size,
        synthetic=universe.synthetic,
        environment=kind.name,
        warnings=tuple(warnings),
    )


def _capital(
    universe: Universe, kind: OwnEnvironment, lanes: list[Lane], trading: Trading, warnings: list[str]
) -> float:
    """What every environment starts with."""
    told = {lane.capital for lane in lanes if lane.equity}
    if told <= {None}:
        for lane in lanes:
            if lane.equity and not trading.capital / _FAR < lane.equity[0] < trading.capital * _FAR:
                raise UnreadableError(
                    f"{kind.name}: its equity begins at {lane.equity[0]:,.2f}, and trading.capital is "
                    f"{trading.capital:,.2f} ({universe.symbols[lane.symbol]}, episode {lane.episode + 1})",
                    hint='Return the starting capital as info["equity"] from reset.',
                )
        warnings.append(
            f"the environment's reset tells no equity: trading.capital, {trading.capital:,.2f}, is its start"
        )
        return trading.capital
    known = sorted(value for value in told if value is not None)
    if len(known) != 1 or None in told or not known[0] > 0:
        amounts = ", ".join(f"{value:,.2f}" for value in known[:3])
        raise UnreadableError(
            f"{kind.name}: every environment must start with the same positive capital; reset told {amounts}"
            + (", and sometimes none" if None in told else ""),
            hint=PAGE,
        )
    return known[0]


def _carry_forward(equity: NDArray[np.float64], capital: float) -> None:
    """A candle without a step keeps the value before it."""
    for candle in range(equity.shape[2]):
        before = equity[:, :, candle - 1] if candle else np.full(equity.shape[:2], capital)
        now = equity[:, :, candle]
        np.copyto(now, before, where=np.isnan(now))


def _compare(
    rows: list[tuple[int, int, int, int, OwnTrade]],
    equity: NDArray[np.float64],
    capital: float,
    warnings: list[str],
) -> None:
    """Trades and equity are told apart from each other: where they disagree, that is said."""
    earned = float((equity[:, :, -1] - capital).sum())
    told = sum(row[4].pnl for row in rows)
    if abs(earned - told) > 0.01 * capital * equity.shape[0] * equity.shape[1]:
        warnings.append(
            f"the environment's trades sum to {told:,.2f}, its equity changed by {earned:,.2f}: "
            "win rate and profit factor do not tell of all that was earned"
        )


def _stream_trades(rows: list[tuple[int, int, int, int, OwnTrade]]) -> StreamTrades:
    trades = [row[4] for row in rows]
    exits = [row[0] for row in rows]
    entries = [
        -1 if trade.candles is None else max(0, exit_ - trade.candles + 1)
        for exit_, trade in zip(exits, trades, strict=True)
    ]
    return StreamTrades(
        symbol=np.array([row[1] for row in rows], np.int64),
        episode=np.array([row[2] for row in rows], np.int64),
        side=np.array([trade.side for trade in trades], np.int8),
        entry_index=np.array(entries, np.int64),
        exit_index=np.array(exits, np.int64),
        entry_price=np.array([trade.entry_price for trade in trades], np.float64),
        exit_price=np.array([trade.exit_price for trade in trades], np.float64),
        exit_reason=np.full(len(trades), -1, np.int8),
        pnl=np.array([trade.pnl for trade in trades], np.float64),
        r_multiple=np.array([trade.r_multiple for trade in trades], np.float64),
        ambiguous=np.zeros(len(trades), np.bool_),
    )
