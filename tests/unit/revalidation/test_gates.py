"""The gates: at, below and above every limit, and never a pass without something behind it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.backtest.summary import Curves, Ledger, Summary, combine
from core.config.settings import Evidence, Gates
from core.revalidation.gates import SPECS, gates_passed, judge_gates
from core.revalidation.result import GateResult

LIMITS = Gates()
NAMES = [spec.name for spec in SPECS]
CURVE_GATES = ("sharpe_ratio", "max_drawdown_pct", "calmar_ratio")
TRADE_GATES = ("win_rate_pct", "profit_factor")
MakeSummary = Callable[..., Summary]


def judge(summary: Summary, limits: Gates = LIMITS) -> dict[str, GateResult]:
    return {gate.name: gate for gate in judge_gates(summary, limits, Evidence())}


def statuses(summary: Summary) -> dict[str, str]:
    return {name: gate.status for name, gate in judge(summary).items()}


def test_the_documents_six_in_their_order_with_their_limits() -> None:
    assert [(spec.name, spec.comparison, getattr(LIMITS, spec.name)) for spec in SPECS] == [
        ("sharpe_ratio", ">=", 1.0),
        ("max_drawdown_pct", "<=", 15.0),
        ("win_rate_pct", ">=", 45.0),
        ("profit_factor", ">=", 1.5),
        ("consecutive_losses", "<=", 5.0),
        ("calmar_ratio", ">=", 2.0),
    ]
    assert [spec.reference for spec in SPECS] == [0.06, 17.24, 48.51, 0.75, 5.0, 0.10]


def test_a_good_summary_passes_all_six(make_summary: MakeSummary) -> None:
    assert set(statuses(make_summary()).values()) == {"PASS"}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("side", "status"), [(0.0, "PASS"), (-1e-6, "FAIL"), (1e-6, "PASS")])
def test_at_below_and_above_the_limit(make_summary: MakeSummary, name: str, side: float, status: str) -> None:
    """`side` is the distance on the gate's good side."""
    spec = SPECS[NAMES.index(name)]
    limit = getattr(LIMITS, name)
    value = limit + side if spec.comparison == ">=" else limit - side
    gate = judge(make_summary(**{name: value}))[name]
    assert gate.status == status
    assert gate.value == value and gate.limit == limit
    assert gate.margin == pytest.approx(side, abs=1e-12)
    others = {other: result.status for other, result in judge(make_summary(**{name: value})).items()}
    assert {result for other, result in others.items() if other != name} == {"PASS"}


@pytest.mark.parametrize("name", NAMES)
def test_rounding_at_the_limit_does_not_fail_it(make_summary: MakeSummary, name: str) -> None:
    """15 % computed as 15.000000000000002 % is 15 %."""
    spec = SPECS[NAMES.index(name)]
    limit = getattr(LIMITS, name)
    off = math.nextafter(limit, -math.inf if spec.comparison == ">=" else math.inf)
    gate = judge(make_summary(**{name: off}))[name]
    assert gate.status == "PASS" and gate.margin == 0.0


def test_no_trades_makes_all_six_not_evaluable(make_summary: MakeSummary) -> None:
    gates = judge(make_summary(trades=0))
    assert {gate.status for gate in gates.values()} == {"NOT_EVALUABLE"}
    assert {gate.reason for gate in gates.values()} == {"no trades"}


def test_broken_equity_passes_nothing(make_summary: MakeSummary) -> None:
    gates = judge(make_summary(broken="the equity of A in episode 1 reached 0.00"))
    assert {gate.status for gate in gates.values()} == {"NOT_EVALUABLE"}


def test_too_little_coverage_passes_nothing(make_summary: MakeSummary) -> None:
    assert set(statuses(make_summary(coverage=0.8999)).values()) == {"NOT_EVALUABLE"}
    assert set(statuses(make_summary(coverage=0.9)).values()) == {"PASS"}
    assert set(statuses(make_summary(coverage=None)).values()) == {"PASS"}


@pytest.mark.parametrize(
    ("field", "enough", "judged"),
    [
        ("unique_candles", 500, CURVE_GATES),
        ("trades", 30, TRADE_GATES),
        ("eligible_streams", 1, ("consecutive_losses",)),
    ],
)
def test_least_evidence(make_summary: MakeSummary, field: str, enough: int, judged: tuple[str, ...]) -> None:
    assert set(statuses(make_summary(**{field: enough})).values()) == {"PASS"}
    below = statuses(make_summary(**{field: enough - 1}))
    if field == "trades":
        below = statuses(replace(make_summary(), trades=enough - 1))
    assert {name for name, status in below.items() if status == "NOT_EVALUABLE"} == set(judged)


def test_returns_without_variance_never_pass(make_summary: MakeSummary) -> None:
    gates = statuses(make_summary(varies=False))
    assert {name for name, status in gates.items() if status == "NOT_EVALUABLE"} == set(CURVE_GATES)


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_value_never_passes(make_summary: MakeSummary, name: str) -> None:
    gate = judge(make_summary(**{name: None}))[name]
    assert gate.status == "NOT_EVALUABLE" and gate.reason and gate.margin is None


def test_no_drawdown_leaves_calmar_without_a_value_and_says_so(make_summary: MakeSummary) -> None:
    gates = judge(make_summary(max_drawdown_pct=0.0, calmar_ratio=None))
    assert gates["max_drawdown_pct"].status == "PASS"
    assert gates["calmar_ratio"].status == "NOT_EVALUABLE"
    assert gates["calmar_ratio"].reason == "nothing was ever lost"


@pytest.mark.parametrize(("trades", "status"), [(99, "NOT_EVALUABLE"), (100, "PASS"), (29, "NOT_EVALUABLE")])
def test_no_losing_trade_passes_only_with_enough_of_them(
    make_summary: MakeSummary, trades: int, status: str
) -> None:
    gate = judge(make_summary(profit_factor=None, no_losing_trade=True, trades=trades))["profit_factor"]
    assert gate.status == status
    assert gate.value is None and gate.margin is None
    assert gate.infinite and gate.reason


def test_the_measured_baseline_stands_beside_the_documents_reference(make_summary: MakeSummary) -> None:
    gates = judge_gates(make_summary(), LIMITS, Evidence(), {"sharpe_ratio": -3.1})
    assert gates[0].baseline == -3.1 and gates[0].reference == 0.06
    assert gates[1].baseline is None


def test_limits_come_from_the_configuration(make_summary: MakeSummary) -> None:
    strict = msgspec.structs.replace(LIMITS, sharpe_ratio=2.0, max_drawdown_pct=5.0)
    gates = judge(make_summary(), strict)
    assert gates["sharpe_ratio"].status == gates["max_drawdown_pct"].status == "FAIL"


anything = st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False, width=32))


@given(
    st.fixed_dictionaries(dict.fromkeys(NAMES, anything)),
    st.integers(0, 200),
    st.integers(0, 1000),
    st.integers(0, 5),
    st.booleans(),
)
def test_every_pass_has_a_value_on_the_good_side_and_evidence(
    metrics: dict[str, float | None], trades: int, candles: int, streams: int, varies: bool
) -> None:
    summary = Summary(
        metrics=dict(metrics),
        trades=trades,
        unique_candles=candles,
        eligible_streams=streams,
        coverage=1.0,
        varies=varies,
        no_losing_trade=False,
        broken=None,
    )
    gates = judge_gates(summary, LIMITS, Evidence())
    assert gates_passed(gates) == sum(gate.status == "PASS" for gate in gates)
    for gate in gates:
        if gate.status == "NOT_EVALUABLE":
            assert gate.reason
            continue
        assert gate.value is not None and gate.margin is not None
        assert (gate.status == "PASS") == (gate.margin >= 0)
        assert trades > 0
        if gate.name in CURVE_GATES:
            assert candles >= 500 and varies
        if gate.name in TRADE_GATES:
            assert trades >= 30
        if gate.name == "consecutive_losses":
            assert streams > 0


@pytest.mark.parametrize(
    "equity", [np.ones(700), np.full(700, np.nan), np.zeros(700), np.linspace(1, -1, 700)]
)
@pytest.mark.parametrize("profits", [[], [math.nan] * 200])
def test_an_agent_that_does_nothing_or_answers_nan_passes_none(
    equity: np.ndarray, profits: list[float]
) -> None:
    broken = None if (equity > 0).all() else "the equity is not finite"
    summary = combine(
        Curves((equity,), broken, None),
        Ledger(np.array(profits, float), np.zeros(len(profits), np.int64), 10_000.0),
        periods=2190,
        candles=700,
        unique_candles=700,
        coverage=1.0,
        min_stream_trades=10,
        statistic="median",
        extra={},
    )
    assert gates_passed(judge_gates(summary, LIMITS, Evidence())) == 0
