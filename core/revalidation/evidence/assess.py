"""All the evidence of one result, and whether it is strong.

Strong needs a PSR of at least 0.95, a placebo p of at most 0.05 and enough closed trades; everything else is
weak and says why. Trap avoided: a statistic that could not be computed and counts as one that was good.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec
import numpy as np

from core.backtest.engine import Backtest, run_backtest
from core.backtest.policy import RecordedPolicy
from core.backtest.summary import Summary, portfolio_curves, summary_of
from core.config.settings import Settings
from core.market.model import Universe
from core.revalidation.evidence.bootstrap import DRAWS, Draws, resample
from core.revalidation.evidence.placebo import LEAST_SHIFTS, lags, rank_p, run_placebo
from core.revalidation.evidence.ratios import chance_benchmark, probabilistic_sharpe
from core.revalidation.evidence.sample import Sample, backtest_sample
from core.revalidation.evidence.trials import UNKNOWN, Trials
from core.revalidation.gates import NO_TRADES, gates_passed, judge_gates
from core.revalidation.result import Evidence, Number
from core.units import number

LEAST_PSR = 0.95
MOST_PLACEBO_P = 0.05
COST_FACTOR = 2
NOT_REPLAYED = (
    "placebo, twice the cost, buy-and-hold: an environment of your own is not replayed, "
    "and its costs are its own"
)

OnProgress = Callable[[int, int], None]
Cancelled = Callable[[], bool]

_PARTS = {"bootstrap": (0, 20), "placebo": (20, 90), "costs": (90, 100)}
"""Where each part lies on the way, in percent."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the report gets."""

    evidence: Evidence
    intervals: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Gate → its 90 % interval, where there is one."""
    twice_the_cost: dict[str, Number] | None = None
    """The metrics of the same actions at `COST_FACTOR` times fee and slippage, and `gates_passed`."""


def assess(
    backtest: Backtest,
    summary: Summary,
    universe: Universe,
    settings: Settings,
    trials: Trials,
    *,
    on_progress: OnProgress | None = None,
    cancelled: Cancelled | None = None,
) -> Assessment:
    """The evidence of a backtest; without `backtest.actions` no placebo and no costs.

    `on_progress` counts to 100. Raises CancelledError.
    """
    reason = _unusable(summary)
    if reason is not None:
        return _nothing(summary, settings, trials, reason)
    sample = backtest_sample(backtest, portfolio_curves(backtest))
    found = _from_sample(
        sample, summary, settings, trials, on_progress=_part(on_progress, "bootstrap"), cancelled=cancelled
    )
    if backtest.environment is not None:
        return _weighed(found, summary, settings, NOT_REPLAYED)
    if backtest.actions is None:
        return _weighed(found, summary, settings, "placebo: the model's actions were not recorded")
    shifts = lags(backtest.candles, settings.revalidation.seed)
    missing = ""
    if len(shifts) < LEAST_SHIFTS:
        missing = f"placebo: episodes of {backtest.candles} candles hold too few lags"
    elif (sharpe := summary.metrics["sharpe_ratio"]) is None:
        missing = "placebo: there is no Sharpe ratio to rank"
    else:
        placebo = run_placebo(
            universe,
            backtest,
            shifts,
            trading=settings.trading,
            reward=settings.reward,
            on_progress=_part(on_progress, "placebo"),
            cancelled=cancelled,
        )
        factor = summary.metrics["profit_factor"]
        p_sharpe = rank_p(sharpe, placebo.sharpe)
        p_factor = rank_p(np.inf if factor is None else factor, placebo.factor)
        found = _with(
            found,
            placebo_p=max(p_sharpe, p_factor),
            placebo_sharpe_p=p_sharpe,
            placebo_factor_p=p_factor,
            placebo_shifts=len(shifts),
        )
    dearer = _dearer(backtest, universe, settings, _part(on_progress, "costs"), cancelled)
    return _weighed(Assessment(found.evidence, found.intervals, dearer), summary, settings, missing)


def assess_sample(sample: Sample | None, summary: Summary, settings: Settings, why_not: str) -> Assessment:
    """The evidence of a backtest made elsewhere: what its returns and trades alone can tell.

    `why_not` says why there is no sample.
    """
    reason = _unusable(summary) or (why_not if sample is None else None)
    if sample is None or reason is not None:
        return _nothing(summary, settings, UNKNOWN, reason or why_not)
    found = _from_sample(sample, summary, settings, UNKNOWN)
    return _weighed(found, summary, settings, "placebo and costs: the files hold no actions to replay")


def weakness(evidence: Evidence, trades: int, strong_trades: int) -> tuple[str, ...]:
    """What keeps evidence from being strong; empty where nothing does."""
    found = []
    if evidence.psr is None:
        found.append("no PSR")
    elif evidence.psr < LEAST_PSR:
        found.append(f"PSR {_below(evidence.psr, LEAST_PSR)}, needs {LEAST_PSR}")
    if evidence.placebo_p is None:
        found.append("no placebo test")
    elif evidence.placebo_p > MOST_PLACEBO_P:
        found.append(f"placebo p {number(evidence.placebo_p, 3)}, needs {MOST_PLACEBO_P} or less")
    if trades < strong_trades:
        found.append(f"{trades:,} closed trades, needs {strong_trades:,}")
    return tuple(found)


def _unusable(summary: Summary) -> str | None:
    """Why nothing at all can be computed."""
    return NO_TRADES if summary.trades == 0 else summary.broken


def _nothing(summary: Summary, settings: Settings, trials: Trials, reason: str) -> Assessment:
    return _weighed(
        Assessment(Evidence(trials=trials.count, trial_runs=trials.runs)),
        summary,
        settings,
        f"everything: {reason}",
    )


def _from_sample(
    sample: Sample,
    summary: Summary,
    settings: Settings,
    trials: Trials,
    *,
    on_progress: OnProgress | None = None,
    cancelled: Cancelled | None = None,
) -> Assessment:
    """Intervals, pass probabilities, PSR and DSR."""
    least = settings.evidence
    enough = summary.unique_candles >= least.min_candles
    covered = summary.coverage is None or summary.coverage >= least.min_coverage
    draws = resample(
        sample,
        limits=settings.gates,
        evidence=least,
        statistic=settings.decision.statistic,
        enough_candles=enough,
        seed=settings.revalidation.seed,
        on_progress=on_progress,
        cancelled=cancelled,
    )
    returns = sample.returns.reshape(-1)
    benchmark, why_not = chance_benchmark(trials.count, trials.sharpes, sample.periods)
    evidence = Evidence(
        psr=probabilistic_sharpe(returns),
        dsr=None if benchmark is None else probabilistic_sharpe(returns, benchmark),
        trials=trials.count,
        trial_runs=trials.runs,
        best_by_chance=None if benchmark is None else benchmark * sample.periods**0.5,
        pass_probability=draws.pass_probability() if covered else dict.fromkeys(("4", "5", "6"), 0.0),
        draws=DRAWS,
        not_computed=(f"DSR: {why_not}",) if why_not else (),
    )
    return Assessment(evidence, _intervals(draws))


def _intervals(draws: Draws) -> dict[str, tuple[float, float]]:
    found = {name: draws.interval(name) for name in draws.values}
    return {name: interval for name, interval in found.items() if interval is not None}


def _dearer(
    backtest: Backtest,
    universe: Universe,
    settings: Settings,
    on_progress: OnProgress | None,
    cancelled: Cancelled | None,
) -> dict[str, Number]:
    """The model's own actions at `COST_FACTOR` times the cost."""
    assert backtest.actions is not None
    trading = settings.trading
    run = run_backtest(
        universe,
        RecordedPolicy(backtest.actions, np.zeros(1, np.int64)),
        episodes=len(backtest.starts),
        trading=msgspec.structs.replace(
            trading, fee_bp=COST_FACTOR * trading.fee_bp, slippage_bp=COST_FACTOR * trading.slippage_bp
        ),
        reward=settings.reward,
        features=np.zeros((len(universe.symbols), len(universe.time), 0), np.float32),
        whole_period=False,
        observed=False,
        on_progress=on_progress,
        cancelled=cancelled,
    )
    summary = summary_of(run, settings)
    passed = gates_passed(judge_gates(summary, settings.gates, settings.evidence))
    return {**summary.metrics, "gates_passed": passed}


def _weighed(found: Assessment, summary: Summary, settings: Settings, missing: str = "") -> Assessment:
    """With the strength, why it is weak, and `missing` among what was not computed."""
    reasons = weakness(found.evidence, summary.trades, settings.evidence.strong_trades)
    return _with(
        found,
        strength="weak" if reasons else "strong",
        note="; ".join(reasons),
        not_computed=(*found.evidence.not_computed, *([missing] if missing else [])),
    )


def _with(found: Assessment, **changes: object) -> Assessment:
    evidence = msgspec.structs.replace(found.evidence, **changes)
    return Assessment(evidence, found.intervals, found.twice_the_cost)


def _below(value: float, limit: float) -> str:
    """`value` with as many decimals as it takes to read below `limit`."""
    decimals = 2
    while decimals < 8 and round(value, decimals) >= limit:
        decimals += 1
    return number(value, decimals)


def _part(on_progress: OnProgress | None, name: str) -> OnProgress | None:
    """Progress of a part as percent of all of them."""
    if on_progress is None:
        return None
    first, last = _PARTS[name]
    return lambda done, total: on_progress(first + (last - first) * done // max(1, total), 100)
