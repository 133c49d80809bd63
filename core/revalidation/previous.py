"""The last decision beside the new one: what it was, and whether the two compare.

Trap avoided: a gate that turned because the candles or the limits did, told as if the model were better.
"""

from __future__ import annotations

from pathlib import Path

from core.errors import ConsoleError
from core.revalidation.decision import value_text
from core.revalidation.difference import compare
from core.revalidation.reports import JSON_NAME, read_result
from core.revalidation.result import GateBefore, PreviousDecision, RevalidationResult


def last_decision(folder: Path | None, result: RevalidationResult) -> tuple[PreviousDecision | None, str]:
    """The report that lies in `folder`, compared with `result`; and a warning where it cannot be read."""
    if folder is None or not (path := folder / JSON_NAME).exists():
        return None, ""
    try:
        before = read_result(path)
    except ConsoleError:
        return None, f"not compared with the last decision: {path.name} could not be read"
    found = compare(before, result)
    return (
        PreviousDecision(
            generated_at=before.generated_at,
            decision=before.decision,
            decision_text=before.decision_text,
            gates_passed=before.gates_passed,
            same_model=before.hashes.model == result.hashes.model and before.hashes.model is not None,
            same_candles=found.same_candles,
            same_rules=found.same_rules,
            gates=tuple(
                GateBefore(name=gate.name, value=gate.value, status=gate.status, shown=value_text(gate))
                for gate in before.gates
            ),
        ),
        "",
    )
