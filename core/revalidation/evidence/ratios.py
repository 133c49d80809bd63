"""The probabilistic and the deflated Sharpe ratio (Bailey and López de Prado 2012, 2014).

PSR is the chance that the true Sharpe ratio exceeds a benchmark, given length, skewness and kurtosis of the
returns; DSR takes as benchmark the best Sharpe ratio that so many trials without skill would show. Both treat
the returns as independent. Trap avoided: an annual ratio in a formula that counts candles.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from core.backtest import metrics as m

_NORMAL = NormalDist()
_EULER = 0.5772156649015329


def probabilistic_sharpe(returns: ArrayLike, benchmark: float = 0.0) -> float | None:
    """PSR of returns (n,) against `benchmark`, a ratio per candle; None without variance."""
    values = np.asarray(returns, np.float64)
    if not m.has_variance(values) or values.size < 3:
        return None
    standard = (values - values.mean()) / values.std()
    skewness, kurtosis = float((standard**3).mean()), float((standard**4).mean())
    ratio = float(values.mean() / values.std(ddof=1))
    return psr(ratio, benchmark, values.size, skewness, kurtosis)


def psr(ratio: float, benchmark: float, size: int, skewness: float, kurtosis: float) -> float | None:
    """The formula. Ratios are per candle; `kurtosis` is 3 for a normal distribution."""
    variance = 1 - skewness * ratio + (kurtosis - 1) / 4 * ratio**2
    if not (variance > 0 and math.isfinite(variance)):
        return None
    return _NORMAL.cdf((ratio - benchmark) * math.sqrt(size - 1) / math.sqrt(variance))


def best_by_chance(trials: int, variance: float) -> float:
    """The expected best of `trials` ratios that are normal about 0 with this variance; 0 for a single one."""
    if trials < 2:
        return 0.0
    first = _NORMAL.inv_cdf(1 - 1 / trials)
    second = _NORMAL.inv_cdf(1 - 1 / (trials * math.e))
    return math.sqrt(variance) * ((1 - _EULER) * first + _EULER * second)


def chance_benchmark(
    trials: int | None, sharpes: Sequence[float], periods: float
) -> tuple[float | None, str]:
    """The benchmark of the DSR as a ratio per candle, or None and why.

    `sharpes` are the trials' annual Sharpe ratios as far as they are known; their variance is that of the
    trials.
    """
    if trials is None:
        return None, "the number of trials is not known"
    if trials < 2:
        return 0.0, ""
    known = np.asarray([value for value in sharpes if math.isfinite(value)], np.float64)
    if known.size < 2:
        return None, f"{trials} trials, the Sharpe ratios of {known.size} are known"
    return best_by_chance(trials, float(known.var(ddof=1)) / periods), ""
