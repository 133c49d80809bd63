"""Both documents' policies, what is recommended and why."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from core.backtest.summary import Summary
from core.revalidation.decision import decision_text, limit_text, reasons, recommendation, verdicts
from core.revalidation.result import Evidence, RevalidationResult

MakeResult = Callable[..., RevalidationResult]


@pytest.mark.parametrize(
    ("passed", "manual", "checklist"),
    [
        (6, "GO", "GO"),
        (5, "PARTIAL-GO", "GO"),
        (4, "PARTIAL-GO", "PARTIAL-GO"),
        (3, "NO-GO", "NO-GO"),
        (0, "NO-GO", "NO-GO"),
    ],
)
def test_both_policies_are_computed(passed: int, manual: str, checklist: str) -> None:
    assert verdicts(passed) == {"manual": manual, "checklist": checklist}


def test_go_deploys_partial_tunes_no_go_retrains() -> None:
    assert [recommendation(v) for v in ("GO", "PARTIAL-GO", "NO-GO")] == ["Deploy", "Tune", "Retrain"]


def test_only_a_go_speaks_of_its_weak_evidence() -> None:
    assert decision_text("GO", Evidence()) == "GO (weak evidence)"
    assert decision_text("GO", Evidence(strength="strong")) == "GO"
    assert decision_text("PARTIAL-GO", Evidence()) == "PARTIAL-GO"
    assert decision_text("NO-GO", Evidence()) == "NO-GO"


def test_the_ruling_policy_decides(make_summary: Callable[..., Summary], make_result: MakeResult) -> None:
    five = make_result(make_summary(win_rate_pct=40.0))
    assert five.policy == "manual" and five.decision == "PARTIAL-GO" == five.verdicts["manual"]
    assert five.verdicts["checklist"] == "GO"
    assert five.recommendation == "Tune"


def test_failing_gates_bring_the_runbook_s_advice(
    make_summary: Callable[..., Summary], make_result: MakeResult
) -> None:
    result = make_result(make_summary(win_rate_pct=40.0, max_drawdown_pct=20.0))
    low_win_rate, high_drawdown = sorted(result.recommendation_reasons, reverse=True)
    assert "40.0 %, needs ≥ 45.0 %" in low_win_rate and "200,000 steps more" in low_win_rate
    assert "reward.hold_bonus" in low_win_rate and "ppo-console runbook low_win_rate" in low_win_rate
    assert "20.0 %, needs ≤ 15.0 %" in high_drawdown and "trading.max_notional" in high_drawdown
    assert "−0.5" in high_drawdown and "ppo-console runbook high_drawdown" in high_drawdown


def test_every_gate_has_its_advice_in_the_runbook_or_here(make_result: MakeResult) -> None:
    for gate in make_result().gates:
        failed = msgspec.structs.replace(gate, status="FAIL", value=0.0)
        assert reasons([failed])[0].count(": ") >= 1


def test_a_near_miss_does_not_read_like_the_limit(
    make_summary: Callable[..., Summary], make_result: MakeResult
) -> None:
    reason = make_result(make_summary(sharpe_ratio=0.9996)).recommendation_reasons[0]
    assert "0.9996, needs ≥ 1.0" in reason


def test_a_limit_has_every_decimal_that_somebody_wrote(
    make_summary: Callable[..., Summary], make_result: MakeResult
) -> None:
    gates = make_result(make_summary()).gates
    shown = {
        (name, limit): limit_text(msgspec.structs.replace(gate, limit=limit))
        for gate in gates
        for name, limit in (("sharpe_ratio", 1.25), ("max_drawdown_pct", 12.345), ("consecutive_losses", 4.5))
        if gate.name == name
    }
    assert list(shown.values()) == ["≥ 1.25", "≤ 12.345 %", "≤ 4.5"]


def test_never_trading_is_one_reason_not_six(
    make_summary: Callable[..., Summary], make_result: MakeResult
) -> None:
    result = make_result(make_summary(trades=0))
    assert result.decision == "NO-GO" and result.gates_passed == 0
    assert len(result.recommendation_reasons) == 1
    assert "no trades" in result.recommendation_reasons[0]


def test_a_passing_result_needs_no_reasons(make_result: MakeResult) -> None:
    result = make_result()
    assert result.decision_text == "GO (weak evidence)" and result.recommendation_reasons == ()
