"""The result of a revalidation: the JSON of `interfaces.md`, typed.

One value from which every report, screen and command is drawn. Numbers are finite or None, never NaN.
"""

from __future__ import annotations

from typing import Literal

import msgspec

GateName = Literal[
    "sharpe_ratio", "max_drawdown_pct", "win_rate_pct", "profit_factor", "consecutive_losses", "calmar_ratio"
]
Verdict = Literal["GO", "PARTIAL-GO", "NO-GO"]
Recommendation = Literal["Deploy", "Tune", "Retrain"]
GateStatus = Literal["PASS", "FAIL", "NOT_EVALUABLE"]
Number = float | int | None

SCHEMA_VERSION = 1


class GateResult(msgspec.Struct, frozen=True, kw_only=True):
    name: GateName
    comparison: Literal[">=", "<="]
    limit: float
    value: Number
    margin: Number
    """Positive is on the good side of the limit, in the gate's unit."""
    status: GateStatus
    reason: str | None = None
    infinite: bool = False
    """The value is infinite, hence None: a profit factor without a losing trade."""
    interval_90: tuple[float, float] | None = None
    """The 5th and 95th percentile of the value over resampled histories."""
    baseline: Number = None
    """Measured: a random policy on the same candles through the same engine."""
    reference: float
    """The checklist's random column, documented, not measured."""
    expected: str
    """The checklist's expected column."""


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """How much the values prove; `core.revalidation.evidence` computes it. What is None was not computed."""

    psr: Number = None
    """The chance that the true Sharpe ratio is above 0."""
    dsr: Number = None
    """The chance that it is above `best_by_chance`."""
    trials: int | None = None
    """Logged evaluations of the run that the model was chosen from, and of all other runs on its candles."""
    trial_runs: int = 1
    """The runs they were made in: other seeds, other settings."""
    best_by_chance: Number = None
    """The annual Sharpe ratio that the best of so many trials without skill would show."""
    placebo_p: Number = None
    """The larger of the next two."""
    placebo_sharpe_p: Number = None
    placebo_factor_p: Number = None
    placebo_shifts: int = 0
    pass_probability: dict[str, float] | None = None
    """`4`, `5`, `6`: the share of resampled histories that pass at least so many gates."""
    draws: int = 0
    """Resampled histories behind the probabilities and the gates' intervals."""
    strength: Literal["strong", "weak"] = "weak"
    note: str = ""
    """Why it is weak."""
    not_computed: tuple[str, ...] = ()
    """`DSR: the number of trials is not known`."""


class SymbolResult(msgspec.Struct, frozen=True, kw_only=True):
    symbol: str
    return_pct: Number
    max_drawdown_pct: Number
    win_rate_pct: Number
    profit_factor: Number
    trades: int


class Curve(msgspec.Struct, frozen=True, kw_only=True):
    """The portfolio's equity for a chart: joined episodes, decimated to a few hundred points."""

    time: tuple[str, ...]
    equity: tuple[float, ...]
    """Relative to a start of 1."""
    drawdown_pct: tuple[float, ...]


class Hashes(msgspec.Struct, frozen=True, kw_only=True):
    model: str | None = None
    normalisation: str | None = None
    data: str | None = None
    config: str | None = None


class GateBefore(msgspec.Struct, frozen=True, kw_only=True):
    """A gate in the last decision."""

    name: GateName
    value: Number
    status: GateStatus
    shown: str
    """The value in words."""


class PreviousDecision(msgspec.Struct, frozen=True, kw_only=True):
    """The last decision whose report lay where this one's was written."""

    generated_at: str
    decision: Verdict
    decision_text: str
    gates_passed: int
    same_model: bool
    same_candles: bool | None
    """None where a report has no hash."""
    same_rules: bool
    """Gates, policy, least evidence, costs and sizes."""
    gates: tuple[GateBefore, ...]


class RevalidationResult(msgspec.Struct, frozen=True, kw_only=True):
    schema_version: int = SCHEMA_VERSION
    generated_at: str
    decision: Verdict
    decision_text: str
    recommendation: Recommendation
    recommendation_reasons: tuple[str, ...] = ()
    next_steps: str = ""
    """When and what follows: `27 FEV 17:30 UTC (CTO Approval)`."""
    policy: Literal["manual", "checklist"]
    verdicts: dict[str, Verdict]
    gates_passed: int
    gates: tuple[GateResult, ...]
    metrics: dict[str, Number]
    baselines: dict[str, dict[str, Number]] = {}
    """`random` and `buy_and_hold`: their metrics on the same candles."""
    evidence: Evidence
    symbols: tuple[SymbolResult, ...]
    curve: Curve | None = None
    whole_period: dict[str, Number] | None = None
    """The continuous run over everything, reported beside the episodes; it does not rule."""
    twice_the_cost: dict[str, Number] | None = None
    """The model's own actions at twice the fee and slippage: the metrics, and `gates_passed`."""
    hashes: Hashes
    model: dict[str, str] = {}
    """`path`, `role` (best_model, final_model, …)."""
    data: dict[str, str | int] = {}
    """`folder`, `symbols`, `first`, `last`, `timeframe`, `episodes`, `judged_before`."""
    configuration: dict[str, object] = {}
    versions: dict[str, str] = {}
    audit_head: str | None = None
    previous: PreviousDecision | None = None
    warnings: tuple[str, ...] = ()
    reports: tuple[str, ...] = ()
    seconds: float = 0.0
