"""The manual's documents word for word where they have words, and the chart's curve."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from core.backtest.metrics import equity_of, max_drawdown
from core.backtest.summary import Summary
from core.config.settings import Schedule, Settings
from core.revalidation.curve import chart_curve
from core.revalidation.result import RevalidationResult
from core.revalidation.text import STEP_TITLES, decision_document, gate_list, next_steps, next_steps_seen
from core.week.plan import plan

MakeResult = Callable[..., RevalidationResult]


def test_the_five_steps_read_like_the_checklist() -> None:
    assert STEP_TITLES == (
        "Load trained model...",
        "Load backtest data (test set, 500+ candles)...",
        "Run backtest with trained model...",
        "Calculate 6 risk gates...",
        "Generate report...",
    )


def test_the_decision_document_is_the_manual_s(make_result: MakeResult) -> None:
    lines = decision_document(make_result()).splitlines()
    rule = "═" * 59
    assert lines[:17] == [
        rule,
        "  REVALIDATION DECISION — 27 FEV 2026",
        rule,
        "",
        "DECISION: GO (weak evidence)",
        "",
        "GATES PASSED: 6/6",
        "  ✅ Gate 1: Sharpe",
        "  ✅ Gate 2: Max DD",
        "  ✅ Gate 3: Win Rate",
        "  ✅ Gate 4: Profit Factor",
        "  ✅ Gate 5: Consecutive Losses",
        "  ✅ Gate 6: Calmar",
        "",
        "RECOMMENDATION: Deploy",
        "",
        "NEXT STEPS: 27 FEV 17:30 UTC (CTO Approval)",
    ]


def test_the_gate_list_is_the_manual_s(make_result: MakeResult, make_summary: Callable[..., Summary]) -> None:
    text = gate_list(make_result(make_summary(max_drawdown_pct=17.26, calmar_ratio=None)))
    assert "Gate 1: Sharpe Ratio ≥ 1.0\n  Resultado: 1.50\n  Status: ✅ PASS" in text
    assert "Gate 2: Max DD ≤ 15.0%\n  Resultado: 17.3%\n  Status: ❌ FAIL" in text
    assert "Gate 5: Consecutive Losses ≤ 5\n  Resultado: 3\n" in text
    assert "Gate 6: Calmar Ratio ≥ 2.0\n  Resultado: –\n  Status: ❌ NOT EVALUABLE (" in text


def test_both_verdicts_and_the_missing_evidence_cannot_be_missed(
    make_result: MakeResult, make_summary: Callable[..., Summary]
) -> None:
    text = decision_document(make_result(make_summary(win_rate_pct=40.0)))
    assert "manual: PARTIAL-GO (rules) · checklist: GO" in text
    assert "evidence: weak" in text and "not computed" in text


def test_who_acts_next_follows_the_decision() -> None:
    moment = datetime(2026, 11, 3, tzinfo=UTC)
    assert next_steps("GO", moment, Schedule()) == "3 NOV 17:30 UTC (CTO Approval)"
    assert "17:00 UTC (CTO Review" in next_steps("PARTIAL-GO", moment, Schedule())
    assert "no deployment" in next_steps("NO-GO", moment, Schedule())


def test_the_approval_is_on_the_day_that_the_weeks_plan_has_it() -> None:
    def told(day: int, hour: int = 12, month: int = 2) -> str:
        return next_steps("GO", datetime(2026, month, day, hour, tzinfo=UTC), Schedule(), settings.week.start)

    settings = Settings()
    (planned,) = (each for each in plan(settings) if each.id.startswith("approval."))
    assert told(25) == told(27) == f"{planned.at.day} FEV {planned.at:%H:%M} UTC (CTO Approval)"
    assert told(28) == "28 FEV, at once (CTO Approval; planned for 27 FEV 17:30 UTC)"
    assert told(28, month=3) == "28 MAR 17:30 UTC (CTO Approval)", "of no such week: its own day"
    assert told(22) == "22 FEV 17:30 UTC (CTO Approval)"


def test_a_time_to_act_that_is_past_is_not_told_as_to_come(make_result: MakeResult) -> None:
    late = datetime(2026, 11, 3, 21, tzinfo=UTC)
    assert next_steps("GO", late, Schedule()) == "3 NOV, at once (CTO Approval; planned for 17:30 UTC)"
    result = make_result(generated_at="2026-02-27T16:30:00Z", next_steps="27 FEV 17:30 UTC (CTO Approval)")
    before, after = (datetime(2026, 2, 27, hour, tzinfo=UTC) for hour in (17, 18))
    assert next_steps_seen(result, before) == "27 FEV 17:30 UTC (CTO Approval)"
    early = make_result(generated_at="2026-02-25T16:30:00Z", next_steps="27 FEV 17:30 UTC (CTO Approval)")
    assert next_steps_seen(early, before) == "27 FEV 17:30 UTC (CTO Approval)"
    assert next_steps_seen(result, after) == "27 FEV 17:30 UTC (CTO Approval); that time is past"


@given(arrays(np.float64, st.integers(1, 3000), elements=st.floats(-0.05, 0.05)), st.integers(1, 4))
def test_a_decimated_curve_keeps_its_extremes(returns: np.ndarray, episodes: int) -> None:
    curves = [equity_of(part) for part in np.array_split(returns, episodes) if part.size]
    begin = np.cumsum([0, *(len(curve) for curve in curves)])
    times = [np.arange(a, a + len(c), dtype=np.int64) * 60_000 for a, c in zip(begin, curves, strict=False)]
    chart = chart_curve(curves, times)
    assert chart is not None
    joined = equity_of(returns)
    assert len(chart.time) == len(chart.equity) == len(chart.drawdown_pct) <= 400
    assert chart.equity[0] == 1.0
    assert chart.equity[-1] == pytest.approx(joined[-1])
    assert max(chart.equity) == pytest.approx(joined.max())
    assert min(chart.equity) == pytest.approx(joined.min())
    worst = max(max_drawdown(curve) or 0.0 for curve in curves)
    assert max(chart.drawdown_pct) == pytest.approx(100 * worst), "the drawdown that the gate judges"
    assert list(chart.time) == sorted(chart.time)


def test_a_curve_ends_where_it_stops_being_a_number() -> None:
    time = np.arange(4, dtype=np.int64)
    chart = chart_curve([np.array([1.0, 1.1, np.nan, 1.2])], [time])
    assert chart is not None and chart.equity == (1.0, 1.1)
    assert chart_curve([np.array([np.nan, 1.0])], [time[:2]]) is None
    ruined = chart_curve([np.array([1.0, 0.5, 0.0, 0.2])], [time])
    assert ruined is not None and ruined.equity == (1.0, 0.5)
