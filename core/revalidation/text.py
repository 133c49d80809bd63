"""The words around a revalidation: the manual's decision document and gate list, the five steps' titles.

Traps avoided: two spellings of one decision, and a gate that could not be judged shown like one that passed.
"""

from __future__ import annotations

from datetime import datetime

from core.clock import parse_iso
from core.config.settings import Schedule
from core.revalidation.decision import limit_text, value_text
from core.revalidation.gates import BY_NAME, SPECS
from core.revalidation.result import GateResult, RevalidationResult, Verdict
from core.units import number, percent

STEP_TITLES: tuple[str, ...] = (
    "Load trained model...",
    "Load backtest data (test set, 500+ candles)...",
    "Run backtest with trained model...",
    "Calculate 6 risk gates...",
    "Generate report...",
)
"""The checklist's five steps."""

_MONTHS = ("JAN", "FEV", "MAR", "ABR", "MAI", "JUN", "JUL", "AGO", "SET", "OUT", "NOV", "DEZ")
_RULE = "═" * 59


def step_line(step: int) -> str:
    """`[1/5] Load trained model...`, steps from 1."""
    return f"[{step}/{len(STEP_TITLES)}] {STEP_TITLES[step - 1]}"


def day(moment: datetime) -> str:
    """`27 FEV`, as the documents write dates."""
    return f"{moment.day} {_MONTHS[moment.month - 1]}"


def next_steps(decision: Verdict, now: datetime, schedule: Schedule) -> str:
    """Who acts next and when: approval for GO, review for PARTIAL-GO, escalation for NO-GO."""
    if decision == "GO":
        return f"{day(now)} {schedule.approval} UTC (CTO Approval)"
    if decision == "PARTIAL-GO":
        return f"{day(now)} {schedule.cto} UTC (CTO Review: tune and retrain, or a conditional deployment)"
    return f"{day(now)} {schedule.cto} UTC (Escalate to CTO: investigate and retrain, no deployment)"


def decision_document(result: RevalidationResult) -> str:
    """The manual's decision document, then its gate list, both verdicts and the evidence."""
    when = parse_iso(result.generated_at)
    lines = [
        _RULE,
        f"  REVALIDATION DECISION — {day(when)} {when.year}",
        _RULE,
        "",
        f"DECISION: {result.decision_text}",
        "",
        f"GATES PASSED: {result.gates_passed}/{len(result.gates)}",
        *(f"  {mark(gate)} Gate {n}: {BY_NAME[gate.name].short}" for n, gate in enumerate(result.gates, 1)),
        "",
        f"RECOMMENDATION: {result.recommendation}",
        "",
        f"NEXT STEPS: {result.next_steps}",
        "",
        _RULE,
        "",
        gate_list(result),
        "",
        verdict_line(result),
        evidence_line(result),
    ]
    if result.recommendation_reasons:
        lines += ["", "WHY:", *(f"  - {reason}" for reason in result.recommendation_reasons)]
    if result.warnings:
        lines += ["", "WARNINGS:", *(f"  - {warning}" for warning in result.warnings)]
    return "\n".join(lines)


def gate_list(result: RevalidationResult) -> str:
    """The manual's list: `Gate 1: Sharpe Ratio ≥ 1.0`, result and status under each."""
    blocks = []
    for n, gate in enumerate(result.gates, 1):
        spec = SPECS[n - 1]
        blocks.append(
            f"Gate {n}: {spec.title} {limit_text(gate).replace(' %', '%')}\n"
            f"  Resultado: {value_text(gate).replace(' %', '%')}\n"
            f"  Status: {status_text(gate)}"
        )
    return "\n\n".join(blocks)


def mark(gate: GateResult) -> str:
    return "✅" if gate.status == "PASS" else "❌"


def status_text(gate: GateResult) -> str:
    """`✅ PASS`, `❌ FAIL` or `❌ NOT EVALUABLE (why)`."""
    words = gate.status.replace("_", " ")
    return f"{mark(gate)} {words}" + (f" ({gate.reason})" if gate.reason else "")


def verdict_line(result: RevalidationResult) -> str:
    """`manual: NO-GO (rules) · checklist: PARTIAL-GO`."""
    return " · ".join(
        f"{name}: {verdict}" + (" (rules)" if name == result.policy else "")
        for name, verdict in result.verdicts.items()
    )


def evidence_line(result: RevalidationResult) -> str:
    """`evidence: weak · PSR – · placebo p – · 612 trades · not computed: …`."""
    evidence = result.evidence
    parts = [
        f"evidence: {evidence.strength}",
        f"PSR {number(evidence.psr, 2)}",
        f"placebo p {number(evidence.placebo_p, 2)}",
        f"{number(result.metrics.get('trades'))} trades",
    ]
    return " · ".join([*parts, evidence.note] if evidence.note else parts)


def baseline_lines(result: RevalidationResult) -> list[str]:
    """One line per measured baseline: Sharpe, return, drawdown, win rate, factor."""
    return [
        f"{name.replace('_', '-')}: Sharpe {number(values.get('sharpe_ratio'), 2)}, "
        f"return {percent(values.get('total_return_pct'))}, "
        f"drawdown {percent(values.get('max_drawdown_pct'))}, "
        f"win rate {percent(values.get('win_rate_pct'))}, "
        f"factor {number(values.get('profit_factor'), 2)}, {number(values.get('trades'))} trades"
        for name, values in result.baselines.items()
    ]
