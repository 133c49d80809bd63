"""From gates to GO, PARTIAL-GO or NO-GO, and what is recommended.

Both documents' policies are computed; the configuration picks the one that rules. Trap avoided: a GO with
nothing behind it that reads like one with evidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from core.revalidation.gates import BY_NAME, NO_TRADES
from core.revalidation.result import Evidence, GateResult, Recommendation, Verdict
from core.runbook.scenario import scenario_of_gate
from core.units import apart, number

PolicyName = Literal["manual", "checklist"]

_GO_FROM: dict[PolicyName, int] = {"manual": 6, "checklist": 5}
PARTIAL_FROM = 4
_RECOMMENDATION: dict[Verdict, Recommendation] = {
    "GO": "Deploy",
    "PARTIAL-GO": "Tune",
    "NO-GO": "Retrain",
}

_REMEDIES: dict[str, str] = {
    "sharpe_ratio": "the gain is small for its swings: compare with the random policy and buy-and-hold on "
    "the same candles; train longer or revisit the features",
    "profit_factor": "the losers cost more than the winners bring after fees: trade less often, cut losers "
    "earlier, review r_pnl against the costs",
    "consecutive_losses": "losses come in runs: tighten the entries, check how the model does in the regime "
    "of the longest run",
    "calmar_ratio": "the growth does not pay for the worst loss: reduce the position size or improve the "
    "return first",
}
"""For the gates that the documents' runbook has no scenario for."""


def verdicts(passed: int) -> dict[str, Verdict]:
    """Both policies' verdicts on a number of passed gates."""
    return {name: verdict(passed, name) for name in _GO_FROM}


def verdict(passed: int, policy: PolicyName) -> Verdict:
    """manual: GO at 6, PARTIAL-GO at 4 or 5. checklist: GO at 5 or 6, PARTIAL-GO at 4. NO-GO below."""
    if passed >= _GO_FROM[policy]:
        return "GO"
    return "PARTIAL-GO" if passed >= PARTIAL_FROM else "NO-GO"


def recommendation(decision: Verdict) -> Recommendation:
    return _RECOMMENDATION[decision]


def decision_text(decision: Verdict, evidence: Evidence) -> str:
    """The verdict in words: a GO on weak evidence says so."""
    return f"{decision} (weak evidence)" if decision == "GO" and evidence.strength == "weak" else decision


def reasons(gates: Sequence[GateResult]) -> tuple[str, ...]:
    """One sentence per gate that did not pass: by how much, and what the runbook advises."""
    causes = {gate.reason for gate in gates}
    if len(causes) == 1 and all(gate.status == "NOT_EVALUABLE" for gate in gates):
        advice = (
            "the model never trades: review r_out_of_market" if causes == {NO_TRADES} else "judge it again"
        )
        return (f"No gate can be judged ({gates[0].reason}): {advice}.",)
    return tuple(_reason(gate) for gate in gates if gate.status != "PASS")


def limit_text(gate: GateResult) -> str:
    """`≥ 1.0`, `≤ 15.0 %`, `≤ 5`."""
    spec = BY_NAME[gate.name]
    sign = "≥" if gate.comparison == ">=" else "≤"
    return f"{sign} {_limit_number(gate)}{' %' if spec.unit else ''}"


def value_text(gate: GateResult) -> str:
    """The value with its gate's decimals and unit; `∞` for a factor without a loss, `–` for none."""
    spec = BY_NAME[gate.name]
    if gate.infinite:
        return "∞"
    if gate.value is None:
        return number(None)
    decimals = spec.decimals
    if decimals == 0 and gate.value != int(gate.value):
        decimals = 1
    missed = gate.limit if gate.status == "FAIL" else None
    return f"{apart(gate.value, missed, decimals)}{' %' if spec.unit else ''}"


def _limit_number(gate: GateResult) -> str:
    """With every decimal that somebody wrote: a limit of 1.25 is neither 1.2 nor 1.3."""
    decimals = 0 if BY_NAME[gate.name].decimals == 0 else 1
    while decimals < 9 and round(gate.limit, decimals) != gate.limit:
        decimals += 1
    return number(gate.limit, decimals)


def _reason(gate: GateResult) -> str:
    title = BY_NAME[gate.name].title
    if gate.status == "NOT_EVALUABLE":
        return f"{title} cannot be judged ({gate.reason})."
    return f"{title} {value_text(gate)}, needs {limit_text(gate)}: {_advice(gate.name)}."


def _advice(gate: str) -> str:
    """The causes and steps of the gate's runbook scenario, and where its steps are taken."""
    scenario = scenario_of_gate(gate)
    if scenario is None:
        return _REMEDIES[gate]
    causes = "; ".join(_lower(cause.text) for cause in scenario.causes)
    steps = "; ".join(_lower(step.text) for step in scenario.steps if step.sense != "gates")
    return f"{causes}: {steps} (ppo-console runbook {scenario.id})"


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
