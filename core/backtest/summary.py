"""How the streams of a backtest combine into the numbers that the gates judge.

Streams are symbol × episode. An episode's portfolio is the mean of its sleeves' equity, the symbols being
sub-accounts of equal capital; Sharpe, Sortino and CAGR use the episodes' portfolio returns joined in time
order; the worst episode's drawdown rules; win rate and profit factor pool the trades. Trap avoided: a wiped
out sleeve that vanishes in the mean (`Summary.broken` names it and no gate passes).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from core.backtest import metrics as m
from core.text import visible

if TYPE_CHECKING:
    from core.backtest.engine import Backtest
    from core.config.settings import Settings

Number = float | int | None
Statistic = Literal["median", "worst", "pooled"]
RISK_FREE = 0.02


@dataclass(frozen=True, slots=True)
class Curves:
    """The equity of a backtest as fractions of the capital, the start prepended; one entry per episode."""

    episodes: tuple[m.Floats, ...]
    """The portfolio's, each (N + 1,) and beginning at 1 where the capital is the start."""
    broken: str | None
    """Why nothing can be judged: not finite, or at or below zero, in any sleeve."""
    worst_sleeve: float | None
    """The largest drawdown of any single sleeve."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """All closed trades in exit order, with the stream each belongs to. Arrays (n,)."""

    profits: m.Floats
    stream: NDArray[np.int64]
    capital: float


@dataclass(frozen=True, slots=True)
class Summary:
    """The metrics of `interfaces.md` and what decides whether a gate can be judged at all."""

    metrics: dict[str, Number]
    trades: int
    unique_candles: int
    eligible_streams: int
    """Streams with enough trades for a losing run to mean something."""
    coverage: float | None
    """Share of the candles that exist; None where that is unknown."""
    varies: bool
    """The portfolio's returns differ from candle to candle."""
    no_losing_trade: bool
    """Something was won and nothing lost: the profit factor is infinite, hence None."""
    broken: str | None
    realised_only: bool = False
    """The curve is a balance of closed trades: what open positions lost on the way is not in it."""


def summarise(backtest: Backtest, *, min_stream_trades: int, statistic: Statistic = "median") -> Summary:
    """The summary of a backtest; `min_stream_trades` and `statistic` as in the settings."""
    trades = backtest.trades
    streams = backtest.equity.shape[0] * backtest.equity.shape[1]
    extra: dict[str, Number] = {
        "exposure_pct": None
        if backtest.exposed is None
        else 100.0 * int(backtest.exposed.sum()) / backtest.equity.size,
        "expectancy_r": m.expectancy(trades.r_multiple),
        "ambiguous_candles": int(trades.ambiguous.sum()) if backtest.environment is None else None,
        "coverage_pct": 100.0 * backtest.coverage,
        "episodes": len(backtest.starts),
        "streams": streams,
    }
    return combine(
        portfolio_curves(backtest),
        Ledger(trades.pnl, trades.symbol * len(backtest.starts) + trades.episode, backtest.capital),
        periods=backtest.periods_per_year,
        candles=backtest.equity.size,
        unique_candles=backtest.unique_candles,
        coverage=backtest.coverage,
        min_stream_trades=min_stream_trades,
        statistic=statistic,
        extra=extra,
    )


def summary_of(backtest: Backtest, settings: Settings) -> Summary:
    """The summary by which these settings judge."""
    return summarise(
        backtest,
        min_stream_trades=settings.evidence.min_stream_trades,
        statistic=settings.decision.statistic,
    )


def symbol_results(backtest: Backtest) -> list[dict[str, Any]]:
    """Per symbol: its return over the joined episodes, its worst episode's drawdown, its trades' figures."""
    rows: list[dict[str, Any]] = []
    for index, symbol in enumerate(backtest.symbols):
        curves = [m.with_capital(sleeve, backtest.capital) for sleeve in backtest.equity[index]]
        profits = backtest.trades.pnl[backtest.trades.symbol == index]
        outcome = m.outcomes(profits, backtest.capital)
        rate = m.win_rate(outcome)
        rows.append(
            {
                "symbol": visible(symbol, 60),
                "return_pct": _percent(m.total_return(np.concatenate([m.returns_of(c) for c in curves]))),
                "max_drawdown_pct": _percent(_worst(m.max_drawdown(curve) for curve in curves)),
                "win_rate_pct": _percent(rate),
                "profit_factor": m.profit_factor(*m.gross(profits, outcome)),
                "trades": len(profits),
            }
        )
    return rows


def portfolio_curves(backtest: Backtest) -> Curves:
    """The episodes' portfolios, the worst sleeve, and the first sleeve that cannot be judged."""
    relative = backtest.equity / backtest.capital
    start = np.ones((*relative.shape[:2], 1))
    sleeves = np.concatenate((start, relative), axis=2)
    bad = ~(sleeves > 0) | ~np.isfinite(sleeves)
    broken: str | None = None
    if bad.any():
        symbol, episode, candle = (int(index) for index in np.argwhere(bad)[0])
        value = sleeves[symbol, episode, candle]
        what = f"reached {value * backtest.capital:,.2f}" if np.isfinite(value) else "is not finite"
        broken = f"the equity of {backtest.symbols[symbol]} in episode {episode + 1} {what}"
    peaks = np.maximum.accumulate(sleeves, axis=2)
    falls = (peaks - sleeves) / peaks
    worst = None if broken else m.finite(falls.max())
    mean = sleeves.mean(axis=0)
    return Curves(tuple(mean), broken, worst)


def combine(
    curves: Curves,
    ledger: Ledger,
    *,
    periods: float,
    candles: int,
    unique_candles: int,
    coverage: float | None,
    min_stream_trades: int,
    statistic: Statistic,
    extra: dict[str, Number],
) -> Summary:
    """Metrics and evidence from equity curves and a ledger of trades, wherever they come from."""
    returns = np.concatenate([m.returns_of(curve) for curve in curves.episodes])
    worst = _worst(m.max_drawdown(curve) for curve in curves.episodes)
    growth = m.cagr(returns, periods)
    total = m.total_return(returns)
    outcome = m.outcomes(ledger.profits, ledger.capital)
    gross_profit, gross_loss = m.gross(ledger.profits, outcome)
    rate = m.win_rate(outcome)
    runs, eligible = _losing_runs(outcome, ledger.stream, min_stream_trades)
    values: dict[str, Number] = {
        "sharpe_ratio": m.sharpe_ratio(returns, periods),
        "sharpe_ratio_rf2": m.sharpe_ratio(returns, periods, RISK_FREE),
        "sortino_ratio": m.sortino_ratio(returns, periods),
        "volatility_pct": _percent(m.volatility(returns, periods)),
        "max_drawdown_pct": _percent(worst),
        "win_rate_pct": 100.0 * int((outcome > 0).sum()) / outcome.size if rate is not None else None,
        "profit_factor": m.profit_factor(gross_profit, gross_loss),
        "consecutive_losses": runs[statistic],
        "calmar_ratio": m.calmar_ratio(growth, worst),
        "cagr_pct": _percent(growth),
        "total_return_pct": _percent(total),
        "recovery_factor": m.recovery_factor(total, worst),
        "expectancy": m.expectancy(ledger.profits),
        "exposure_pct": None,
        "trades": int(outcome.size),
        "wins": int((outcome > 0).sum()),
        "losses": int((outcome < 0).sum()),
        "draws": int((outcome == 0).sum()),
        "candles": candles,
        "unique_candles": unique_candles,
        "gross_profit": gross_profit,
        "gross_loss": gross_loss,
        "consecutive_losses_median": runs["median"],
        "consecutive_losses_p90": runs["p90"],
        "consecutive_losses_worst": runs["worst"],
        "consecutive_losses_pooled": runs["pooled"],
        "worst_sleeve_drawdown_pct": _percent(curves.worst_sleeve),
        **extra,
    }
    return Summary(
        metrics=values,
        trades=int(outcome.size),
        unique_candles=unique_candles,
        eligible_streams=eligible if statistic == "median" else int(outcome.size >= min_stream_trades),
        coverage=coverage,
        varies=m.has_variance(returns),
        no_losing_trade=gross_profit > 0 and gross_loss == 0,
        broken=curves.broken or _broken_trades(ledger),
    )


def _broken_trades(ledger: Ledger) -> str | None:
    unknown = int((~np.isfinite(ledger.profits)).sum())
    return f"{unknown:,} of {ledger.profits.size:,} trades have no finite profit" if unknown else None


def _losing_runs(
    outcome: NDArray[np.int8], stream: NDArray[np.int64], least: int
) -> tuple[dict[str, Number], int]:
    """Median and 90th percentile over the streams of at least `least` trades, worst and pooled over all."""
    per_stream = m.losing_runs(outcome, stream)
    counted = [run for run, trades in per_stream.values() if trades >= least]
    traded = bool(per_stream)
    runs: dict[str, Number] = {
        "median": m.percentile(counted, 50),
        "p90": m.percentile(counted, 90),
        "worst": max((run for run, _ in per_stream.values()), default=None),
        "pooled": m.longest_losing_run(outcome) if traded else None,
    }
    return runs, len(counted)


def _worst(values: Iterable[float | None]) -> float | None:
    """The largest; None where one is missing, for it could be the largest."""
    known: list[float] = []
    for value in values:
        if value is None:
            return None
        known.append(value)
    return max(known, default=None)


def _percent(value: float | None) -> float | None:
    return None if value is None else m.finite(100.0 * value)
