"""What a gate's row opens to: verdict, definition, inputs, interval, what would turn it. Pure."""

from __future__ import annotations

from core.revalidation.explain import DEFINITIONS, inputs, turning_point
from core.revalidation.result import GateResult, RevalidationResult
from core.revalidation.text import interval_text
from core.units import number
from widgets.gate_table import LABELS, gate_limit, gate_margin, gate_number, gate_value

Fact = tuple[str, str, str]


def gate_title(gate: GateResult) -> str:
    return LABELS[gate.name]


def gate_facts(gate: GateResult, result: RevalidationResult) -> tuple[Fact, ...]:
    """(label, text, tone) for the details."""
    tone = {"PASS": "good", "FAIL": "critical"}.get(gate.status, "unknown")
    sign = "at least" if gate.comparison == ">=" else "at most"
    limit = f"{sign} {gate_limit(gate)}"
    value = "infinite" if gate.infinite else gate_value(gate)
    verdict = gate.status.replace("_", " ") + (f": {gate.reason}" if gate.reason else "")
    facts: list[Fact] = [
        ("verdict", verdict, tone),
        (
            "value",
            f"{value}, needs {limit}, margin {gate_margin(gate)}",
            "bright",
        ),
        ("turns", turning_point(gate, result), "plain"),
        ("counts", DEFINITIONS[gate.name] + _statistic(gate, result), "plain"),
    ]
    facts += [(words, text, "plain") for words, text in inputs(gate, result.metrics)]
    facts.append(("90 % interval", _interval(gate, result), "plain"))
    whole = (result.whole_period or {}).get(gate.name)
    dearer = (result.twice_the_cost or {}).get(gate.name)
    held = result.baselines.get("buy_and_hold", {}).get(gate.name)
    for words, other in (
        ("random policy", gate.baseline),
        ("buy and hold", held),
        ("whole period", whole),
        ("twice the cost", dearer),
    ):
        if other is not None:
            facts.append((words, gate_number(gate.name, other), "plain"))
    facts.append(("checklist", f"random {number(gate.reference, 2)}, expected {gate.expected}", "dim"))
    return tuple(facts)


def _statistic(gate: GateResult, result: RevalidationResult) -> str:
    decision = result.configuration.get("decision")
    if gate.name != "consecutive_losses" or not isinstance(decision, dict):
        return ""
    return f"; the {decision.get('statistic', 'median')} rules"


def _interval(gate: GateResult, result: RevalidationResult) -> str:
    if gate.interval_90 is None:
        return (
            "none: too few resampled histories have a finite value"
            if result.evidence.draws
            else "not computed"
        )
    low, high = gate.interval_90
    passing = (low >= gate.limit, high >= gate.limit)
    if gate.comparison == "<=":
        passing = (high <= gate.limit, low <= gate.limit)
    where = "all of it passes" if passing[0] else "part of it passes" if passing[1] else "none of it passes"
    return f"{interval_text(gate)}; {where}"
