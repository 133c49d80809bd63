"""The metrics of a backtest: one pure function each, numpy in, a number or None out.

Definitions follow empyrical (returns, Sharpe, Sortino, drawdown, CAGR) with the starting capital prepended to
the equity, and the documents for trades. Trap avoided: a value that is vacuously good. Whatever cannot be
computed (too few values, NaN, no variance, no drawdown, ruin) is None, never 0 and never infinite.

Arrays are 1-D float64. Returns are simple and per candle, 0.01 is 1 %. Drawdowns are fractions of the peak.
`periods` is the number of candles in a year (2190 for 4 h, markets that never close).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

DRAW_SHARE = 1e-9
"""A trade within this share of the capital is a draw: neither won nor lost."""

_NO_SPREAD = 1e-12
"""Returns of a constant growth differ by rounding; below this they do not vary."""


def with_capital(equity: ArrayLike, capital: float) -> Floats:
    """`equity` (n,) with the starting capital before it, (n + 1,)."""
    return np.concatenate(([capital], _floats(equity)))


def returns_of(equity: ArrayLike) -> Floats:
    """Simple returns (n - 1,) of an equity (n,); NaN from the first value at or below zero on."""
    values = _floats(equity)
    if values.size < 2:
        return np.empty(0)
    dead = np.logical_or.accumulate(~(values > 0))
    safe = np.where(dead, np.nan, values)
    return np.asarray(safe[1:] / safe[:-1] - 1.0, np.float64)


def equity_of(returns: ArrayLike, start: float = 1.0) -> Floats:
    """The compounded equity (n + 1,) of returns (n,), the start first."""
    return start * np.concatenate(([1.0], np.cumprod(1.0 + _floats(returns))))


def has_variance(returns: ArrayLike) -> bool:
    """Whether finite returns differ by more than rounding."""
    values = _floats(returns)
    if values.size < 2 or not np.isfinite(values).all():
        return False
    spread = float(np.ptp(values))
    return spread > max(_NO_SPREAD, 1e-9 * abs(float(values.mean())))


def sharpe_ratio(returns: ArrayLike, periods: float, risk_free: float = 0.0) -> float | None:
    """mean / standard deviation (ddof 1) · √periods; `risk_free` is a yearly rate, compounded down.

    None below two returns, with a non-finite one, or without variance.
    """
    values = _floats(returns)
    if not has_variance(values):
        return None
    excess = values - ((1.0 + risk_free) ** (1.0 / periods) - 1.0)
    return finite(excess.mean() / excess.std(ddof=1) * math.sqrt(periods))


def sortino_ratio(returns: ArrayLike, periods: float) -> float | None:
    """mean / root mean square of min(r, 0) over all n · √periods; None without a negative return."""
    values = _floats(returns)
    if not has_variance(values):
        return None
    downside = math.sqrt(float(np.mean(np.minimum(values, 0.0) ** 2)))
    return finite(values.mean() / downside * math.sqrt(periods)) if downside > _NO_SPREAD else None


def volatility(returns: ArrayLike, periods: float) -> float | None:
    """Standard deviation (ddof 1) · √periods; None below two returns or with a non-finite one."""
    values = _floats(returns)
    if values.size < 2 or not np.isfinite(values).all():
        return None
    return finite(values.std(ddof=1) * math.sqrt(periods))


def drawdowns(equity: ArrayLike) -> Floats:
    """The loss from the highest value so far, as a fraction of it, (n,)."""
    values = _floats(equity)
    peak = np.maximum.accumulate(values)
    return np.asarray((peak - values) / peak, np.float64)


def max_drawdown(equity: ArrayLike) -> float | None:
    """The largest drawdown of an equity with its capital prepended.

    1.0 once the equity reaches zero; None below two values or with a non-finite one.
    """
    values = _floats(equity)
    if values.size < 2 or not np.isfinite(values).all():
        return None
    if (values <= 0).any():
        return 1.0
    return float(drawdowns(values).max())


def cagr(returns: ArrayLike, periods: float) -> float | None:
    """The yearly compounded growth; -1.0 after ruin, None without returns or where it overflows."""
    values = _floats(returns)
    if values.size == 0 or not np.isfinite(values).all():
        return None
    if (values <= -1.0).any():
        return -1.0
    growth = float(np.log1p(values).sum()) * periods / values.size
    return finite(math.expm1(growth)) if growth < 700 else None


def calmar_ratio(yearly_growth: float | None, drawdown: float | None) -> float | None:
    """CAGR / maximum drawdown; None where either is missing or nothing was ever lost."""
    if yearly_growth is None or drawdown is None or drawdown <= _NO_SPREAD:
        return None
    return finite(yearly_growth / drawdown)


def total_return(returns: ArrayLike) -> float | None:
    """The compounded return over all candles."""
    values = _floats(returns)
    return finite(equity_of(values)[-1] - 1.0) if values.size else None


def recovery_factor(total: float | None, drawdown: float | None) -> float | None:
    """Total return / maximum drawdown, with its sign; None where nothing was ever lost."""
    if total is None or drawdown is None or drawdown <= _NO_SPREAD:
        return None
    return finite(total / drawdown)


def outcomes(profits: ArrayLike, capital: float) -> NDArray[np.int8]:
    """Each trade's outcome: 1 won, -1 lost, 0 a draw (within `DRAW_SHARE` of `capital`)."""
    values = _floats(profits)
    margin = DRAW_SHARE * capital
    return np.asarray((values > margin).astype(np.int8) - (values < -margin).astype(np.int8), np.int8)


def win_rate(outcome: NDArray[np.int8]) -> float | None:
    """Won trades / all closed trades; a draw is in the denominator."""
    return float((outcome > 0).sum() / outcome.size) if outcome.size else None


def gross(profits: ArrayLike, outcome: NDArray[np.int8]) -> tuple[float, float]:
    """Gross profit of the won trades and gross loss of the lost ones, both positive, in currency."""
    values = _floats(profits)
    return total(values[outcome > 0]), total(-values[outcome < 0])


def profit_factor(gross_profit: float, gross_loss: float) -> float | None:
    """Gross profit / gross loss; None where nothing was lost (infinite, or nothing traded)."""
    return finite(gross_profit / gross_loss) if gross_loss > 0 else None


def expectancy(profits: ArrayLike) -> float | None:
    """The mean of the finite profits of all trades, in currency or in R; None without one."""
    values = _floats(profits)
    values = values[np.isfinite(values)]
    return finite(total(values) / values.size) if values.size else None


def longest_losing_run(outcome: NDArray[np.int8]) -> int:
    """The longest run of lost trades in the order of their exits; a draw breaks it."""
    lost = np.concatenate(([0], (outcome < 0).astype(np.int8), [0]))
    edges = np.flatnonzero(np.diff(lost))
    return int((edges[1::2] - edges[::2]).max()) if edges.size else 0


def losing_runs(outcome: NDArray[np.int8], stream: NDArray[np.int64]) -> dict[int, tuple[int, int]]:
    """Per stream: its longest losing run and its number of trades. Trades are in exit order."""
    return {
        int(key): (longest_losing_run(outcome[stream == key]), int((stream == key).sum()))
        for key in np.unique(stream)
    }


def percentile(values: Sequence[float], share: float) -> float | None:
    """Linear percentile, `share` from 0 to 100; None without values."""
    return float(np.percentile(np.asarray(values, np.float64), share)) if len(values) else None


def total(values: Floats) -> float:
    """The sum, rounded once; infinite where it is beyond a float."""
    try:
        return math.fsum(values)
    except OverflowError:
        return math.inf


def finite(value: float | np.floating) -> float | None:
    """`value` as a float, None where it is NaN or infinite."""
    number = float(value)
    return number if math.isfinite(number) else None


def _floats(values: ArrayLike) -> Floats:
    return np.asarray(values, np.float64)
