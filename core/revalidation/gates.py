"""The six risk gates: PASS, FAIL or NOT EVALUABLE, which counts as failed.

Pure: a summary and the limits in, six results out. Trap avoided: a gate passed by a model that did nothing,
by a number without evidence behind it, or by no number at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import msgspec

from core.backtest.summary import Summary
from core.config.settings import Evidence, Gates
from core.revalidation.result import GateName, GateResult, GateStatus, Number

REALISED_ONLY = "the curve holds closed trades alone, not what open positions lost"
NO_TRADES = "no trades"
ROUNDING = 1e-9
"""A value this close to its limit, relative to it, is at the limit."""


@dataclass(frozen=True, slots=True)
class GateSpec:
    """What the documents say of a gate."""

    name: GateName
    title: str
    short: str
    """The manual's name in the decision document."""
    comparison: Literal[">=", "<="]
    unit: str
    decimals: int
    reference: float
    """The checklist's random column."""
    expected: str
    """The checklist's expected column."""


SPECS: tuple[GateSpec, ...] = (
    GateSpec("sharpe_ratio", "Sharpe Ratio", "Sharpe", ">=", "", 2, 0.06, "1.0+"),
    GateSpec("max_drawdown_pct", "Max DD", "Max DD", "<=", "%", 1, 17.24, "<15%"),
    GateSpec("win_rate_pct", "Win Rate", "Win Rate", ">=", "%", 1, 48.51, ">50%"),
    GateSpec("profit_factor", "Profit Factor", "Profit Factor", ">=", "", 2, 0.75, "1.5+"),
    GateSpec("consecutive_losses", "Consecutive Losses", "Consecutive Losses", "<=", "", 0, 5.0, "≤4"),
    GateSpec("calmar_ratio", "Calmar Ratio", "Calmar", ">=", "", 2, 0.10, "2.0+"),
)
BY_NAME: dict[str, GateSpec] = {spec.name: spec for spec in SPECS}


def judge_gates(
    summary: Summary,
    limits: Gates,
    evidence: Evidence,
    baseline: Mapping[str, Number] | None = None,
    intervals: Mapping[str, tuple[float, float]] | None = None,
) -> tuple[GateResult, ...]:
    """The six gates in the documents' order. `baseline` holds the random policy's metrics."""
    judged = (_judge(spec, summary, limits, evidence, baseline or {}) for spec in SPECS)
    known = intervals or {}
    return tuple(msgspec.structs.replace(gate, interval_90=known.get(gate.name)) for gate in judged)


def gates_passed(gates: tuple[GateResult, ...]) -> int:
    return sum(gate.status == "PASS" for gate in gates)


def _judge(
    spec: GateSpec, summary: Summary, limits: Gates, evidence: Evidence, baseline: Mapping[str, Number]
) -> GateResult:
    limit = float(getattr(limits, spec.name))
    value = summary.metrics.get(spec.name)
    infinite = spec.name == "profit_factor" and summary.no_losing_trade
    reason = _not_evaluable(spec.name, value, summary, evidence)
    status: GateStatus
    margin: float | None = None
    if value is not None:
        margin = value - limit if spec.comparison == ">=" else limit - value
        if abs(margin) <= ROUNDING * max(1.0, abs(limit)):
            margin = 0.0
    if reason is not None:
        status = "NOT_EVALUABLE"
    elif infinite:
        status = "PASS"
        reason = f"no losing trade in {summary.trades:,}: the factor is infinite"
    else:
        status = "PASS" if margin is not None and margin >= 0 else "FAIL"
    return GateResult(
        name=spec.name,
        comparison=spec.comparison,
        limit=limit,
        value=value,
        margin=margin,
        status=status,
        reason=reason,
        infinite=infinite,
        baseline=baseline.get(spec.name),
        reference=spec.reference,
        expected=spec.expected,
    )


def _not_evaluable(name: GateName, value: Number, summary: Summary, evidence: Evidence) -> str | None:
    """Why the gate cannot be judged, or None."""
    if summary.trades == 0:
        return NO_TRADES
    if summary.broken is not None:
        return summary.broken
    if summary.coverage is not None and summary.coverage < evidence.min_coverage:
        return (
            f"{100 * summary.coverage:.1f} % of the candles exist; needs {100 * evidence.min_coverage:.0f} %"
        )
    if name in ("win_rate_pct", "profit_factor"):
        return _trades_reason(name, value, summary, evidence)
    if name == "consecutive_losses":
        if summary.eligible_streams == 0 or value is None:
            return f"no stream has {evidence.min_stream_trades} closed trades"
        return None
    if summary.realised_only:
        return REALISED_ONLY
    if summary.unique_candles < evidence.min_candles:
        return f"{summary.unique_candles:,} unique candles; needs {evidence.min_candles:,}"
    if not summary.varies:
        return "the returns do not vary"
    if value is None:
        return "nothing was ever lost" if name == "calmar_ratio" else "it cannot be computed"
    return None


def _trades_reason(name: GateName, value: Number, summary: Summary, evidence: Evidence) -> str | None:
    if summary.trades < evidence.min_trades:
        return f"{summary.trades:,} closed trades; needs {evidence.min_trades:,}"
    if name == "win_rate_pct" or value is not None:
        return None if value is not None else "it cannot be computed"
    if not summary.no_losing_trade:
        return "nothing was won and nothing lost"
    if summary.trades < evidence.strong_trades:
        return (
            f"no losing trade, so the factor is infinite; {summary.trades:,} closed trades, "
            f"needs {evidence.strong_trades:,} to believe it"
        )
    return None
