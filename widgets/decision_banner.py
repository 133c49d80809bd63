"""The decision, unmissable: the verdict, the gates passed, both policies' verdicts, the evidence.

Trap avoided: a banner that changes before the result is stored. It shows only what it was given, and says
when that is old.
"""

from __future__ import annotations

from core.revalidation.result import RevalidationResult
from core.units import number
from widgets.flow_line import GAP, FlowLine, flow_parts, row_length
from widgets.lines import Span
from widgets.tone import ascii_only, safe

VERDICT_TONE = {"GO": "good", "PARTIAL-GO": "warning", "NO-GO": "critical"}


class DecisionBanner(FlowLine):
    """As many rows as its parts need at the width there is; none without a result."""

    DEFAULT_CSS = """
    DecisionBanner { width: 1fr; height: auto; padding: 0 1; }
    """

    def show(self, result: RevalidationResult | None, age: str = "", warning: str = "") -> None:
        """`age` stands last, after the evidence; `warning`, that it is stale or an earlier one, beside the
        verdict."""
        parts = [] if result is None else banner_parts(result)
        if result is not None and warning:
            parts.insert(1, [(warning, "warning-bold")])
        if result is not None and age:
            parts.append([(age, "dim")])
        self.put(parts)

    def flow(self, width: int) -> list[list[Span]]:
        """The age is not left alone on a row where one holds the evidence too."""
        parts = self._facts
        if len(parts) > 1 and [tone for _, tone in parts[-1]] == ["dim"]:
            together = [*parts[-2], (GAP, "plain"), *parts[-1]]
            if row_length(together) <= width:
                return flow_parts([*parts[:-2], together], width)
        return super().flow(width)


def banner_parts(result: RevalidationResult) -> list[list[Span]]:
    """The verdict as it rules (with its weakness in words), then what it rests on."""
    block = "##" if ascii_only() else "██"
    tone = VERDICT_TONE.get(result.decision, "unknown")
    if result.decision == "GO" and result.evidence.strength != "strong":
        tone = "warning"
    evidence = result.evidence
    trades = result.metrics.get("trades")
    facts: list[str] = [evidence.strength]
    if evidence.psr is None and evidence.placebo_p is None:
        facts.append("not computed")
    if evidence.psr is not None:
        facts.append(f"PSR {number(evidence.psr, 2)}")
    if evidence.placebo_p is not None:
        facts.append(f"placebo p {number(evidence.placebo_p, 3)}")
    if trades is not None:
        facts.append(f"{number(trades)} trades")
    text = safe(result.decision_text, 60) or result.decision
    return [
        [
            (f"{block} {text} {block}", f"{tone}-bold"),
            (f"  {result.gates_passed}/{len(result.gates)}", "bright"),
        ],
        *(
            [(f"{safe(name, 40)}: ", "dim"), (verdict, VERDICT_TONE.get(verdict, "unknown"))]
            for name, verdict in result.verdicts.items()
        ),
        [
            ("evidence: ", "dim"),
            (
                (" - " if ascii_only() else " · ").join(facts),
                "good" if evidence.strength == "strong" else "warning",
            ),
        ],
    ]
