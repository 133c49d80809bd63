"""The words around a revalidation: the manual's decision document and gate list, the five steps' titles.

Traps avoided: two spellings of one decision, and a gate that could not be judged shown like one that passed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta

from core.clock import parse_iso
from core.config.settings import Schedule
from core.revalidation.decision import limit_text, value_text
from core.revalidation.gates import BY_NAME, SPECS
from core.revalidation.result import GateResult, Number, RevalidationResult, Verdict
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


def day(moment: datetime) -> str:
    """`27 FEV`, as the documents write dates."""
    return f"{moment.day} {_MONTHS[moment.month - 1]}"


_LATE_DAYS = 7
"""A decision made so many days after revalidation day belongs to that week no more."""


def next_steps(decision: Verdict, now: datetime, schedule: Schedule, start: date | None = None) -> str:
    """Who acts next and when: approval for GO, review for PARTIAL-GO, escalation for NO-GO.

    On the revalidation day of the week that begins at `start`, as the timeline has it; on the decision's own
    day where it is of no such week. A decision made after that moment: at once.
    """
    at, what = {
        "GO": (schedule.approval, "CTO Approval"),
        "PARTIAL-GO": (schedule.cto, "CTO Review: tune and retrain, or a conditional deployment"),
        "NO-GO": (schedule.cto, "Escalate to CTO: investigate and retrain, no deployment"),
    }[decision]
    due = datetime.combine(_acts_on(now, start), time.fromisoformat(at), now.tzinfo)
    if now.replace(second=0, microsecond=0) > due:
        planned = at if due.date() == now.date() else f"{day(due)} {at}"
        return f"{day(now)}, at once ({what}; planned for {planned} UTC)"
    return f"{day(due)} {at} UTC ({what})"


def _acts_on(now: datetime, start: date | None) -> date:
    from core.checklist.build import REVALIDATION_DAY

    today = now.date()
    if start is None or today < start:
        return today
    planned = start + timedelta(days=REVALIDATION_DAY)
    return today if today > planned + timedelta(days=_LATE_DAYS) else planned


def next_steps_seen(result: RevalidationResult, now: datetime) -> str:
    """The decision's next steps as read at `now`: a time that has gone by is said to be past."""
    made = parse_iso(result.generated_at)
    told = re.match(r"(\d{1,2}) ([A-Z]{3}) (\d\d):(\d\d) UTC ", result.next_steps)
    if told is None or told[2] not in _MONTHS:
        return result.next_steps
    month = _MONTHS.index(told[2]) + 1
    year = made.year + (month < made.month)
    if now > datetime(year, month, int(told[1]), int(told[3]), int(told[4]), tzinfo=made.tzinfo):
        return f"{result.next_steps}; that time is past"
    return result.next_steps


def decision_document(result: RevalidationResult, now: datetime | None = None) -> str:
    """The manual's decision document, then its gate list, both verdicts and the evidence.

    `now`: when it is read, where that is not when it was decided.
    """
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
        f"NEXT STEPS: {next_steps_seen(result, now or when)}",
        "",
        _RULE,
        "",
        gate_list(result),
        "",
        verdict_line(result),
        evidence_line(result),
        *(f"  - {line}" for line in evidence_details(result)),
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
            f"  Resultado: {value_text(gate).replace(' %', '%')}{_interval(gate).replace(' %', '%')}\n"
            f"  Status: {status_text(gate)}"
        )
    return "\n\n".join(blocks)


def number_text(name: str, value: float | int | None) -> str:
    """A number in a gate's unit: `0.42`, `11.8 %`, `–` for none."""
    if value is None:
        return number(None)
    spec = BY_NAME[name]
    # A count that is a mean of several policies keeps its half.
    decimals = spec.decimals if spec.decimals or value == int(value) else 1
    return f"{number(value, decimals)}{' %' if spec.unit else ''}"


def interval_text(gate: GateResult) -> str:
    """`0.31 … 2.48`, `9.8 … 21.4 %`; `–` where there is none."""
    if gate.interval_90 is None:
        return number(None)
    spec = BY_NAME[gate.name]
    edges = " … ".join(number(edge, spec.decimals) for edge in gate.interval_90)
    return f"{edges} %" if spec.unit else edges


def _interval(gate: GateResult) -> str:
    return f" (90%: {interval_text(gate)})" if gate.interval_90 is not None else ""


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
    """`evidence: weak · PSR 0.62 · DSR 0.41 · placebo p 0.41 · 612 trades`."""
    evidence = result.evidence
    parts = [
        f"evidence: {evidence.strength}",
        f"PSR {number(evidence.psr, 2)}",
        f"DSR {number(evidence.dsr, 2)}",
        f"placebo p {number(evidence.placebo_p, 3)}",
        f"{number(result.metrics.get('trades'))} trades",
    ]
    return " · ".join(parts)


def evidence_details(result: RevalidationResult) -> list[str]:
    """What stands behind the evidence line, one sentence each."""
    evidence = result.evidence
    lines = [f"weak because: {evidence.note}"] if evidence.note else []
    if evidence.pass_probability is not None:
        shares = ", ".join(
            f"{least} gates {percent(100 * share)}" for least, share in evidence.pass_probability.items()
        )
        lines.append(f"chance to pass at least {shares} ({evidence.draws:,} resampled histories)")
    if evidence.dsr is not None and evidence.trials is not None:
        lines.append(
            f"DSR: chosen among {evidence.trials:,} logged trial{'s' if evidence.trials != 1 else ''}"
            + (f" of {evidence.trial_runs:,} runs on the same candles" if evidence.trial_runs > 1 else "")
            + ", "
            f"the best of which would by chance show "
            f"a Sharpe ratio of {number(evidence.best_by_chance, 2)}"
        )
    if evidence.placebo_p is not None:
        lines.append(
            f"placebo: {evidence.placebo_shifts} shifts of the model's own actions, "
            f"p {number(evidence.placebo_sharpe_p, 3)} for Sharpe, {number(evidence.placebo_factor_p, 3)} "
            "for the profit factor; the larger of the two counts"
        )
    lines += [f"not computed: {what}" for what in evidence.not_computed]
    dearer = result.twice_the_cost
    if dearer is not None:
        passed = f"{number(dearer.get('gates_passed'))} of {len(result.gates)} gates"
        lines.append(f"at twice the cost: {passed}, {_figures(dearer)}")
    judged = result.data.get("judged_before")
    if isinstance(judged, int):
        lines.append(f"test set: {judged_words(judged)}")
    return [*lines, *previous_lines(result)]


def previous_lines(result: RevalidationResult) -> list[str]:
    """What it was and on what, then how the gates moved; empty without one."""
    before = result.previous
    if before is None:
        return []
    on = {True: "the same candles", False: "other candles", None: "candles that are not known"}
    basis = ", ".join(
        (
            "the same model" if before.same_model else "another model",
            on[before.same_candles],
            "the same rules" if before.same_rules else "other rules",
        )
    )
    lines = [
        f"last decision: {before.decision_text}, {before.gates_passed} of {len(before.gates)} gates, "
        f"{before.generated_at} ({basis})"
    ]
    now = {gate.name: gate for gate in result.gates}
    moved = [
        f"{BY_NAME[gate.name].short} {gate.shown} {_status_words(gate.status)} -> "
        f"{value_text(now[gate.name])} {_status_words(now[gate.name].status)}"
        for gate in before.gates
        if gate.name in now and (gate.value, gate.status) != (now[gate.name].value, now[gate.name].status)
    ]
    lines.append(f"since then: {'; '.join(moved) if moved else 'no gate moved'}")
    return lines


def _status_words(status: str) -> str:
    return status.replace("_", " ")


def judged_words(before: int) -> str:
    """How often the test set was judged: `judged 2 times before`."""
    if before == 0:
        return "judged for the first time"
    return f"judged {'once' if before == 1 else f'{before:,} times'} before"


def _figures(values: Mapping[str, Number]) -> str:
    """Sharpe, return, drawdown, win rate, factor, trades."""
    return (
        f"Sharpe {number(values.get('sharpe_ratio'), 2)}, "
        f"return {percent(values.get('total_return_pct'))}, "
        f"drawdown {percent(values.get('max_drawdown_pct'))}, "
        f"win rate {percent(values.get('win_rate_pct'))}, "
        f"factor {number(values.get('profit_factor'), 2)}, {number(values.get('trades'))} trades"
    )
