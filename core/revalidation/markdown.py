"""`revalidation_result.md`: the report for reading and for a pull request.

Trap avoided: a symbol or a path from a file that becomes markup, a link or a table cell of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from core.revalidation.report_rows import GATE_HEAD, gate_row, provenance_rows, symbol_rows
from core.revalidation.result import Number, RevalidationResult
from core.revalidation.text import evidence_details, evidence_line, mark
from core.text import visible
from core.units import number

_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#|!~&])")

_SYMBOL_HEAD = ("symbol", "return", "max drawdown", "win rate", "profit factor", "trades")
_METHOD = (
    "Intervals and chances come from a stationary block bootstrap: blocks of 12 candles on average, one "
    "index for all symbols, every trade with the candle it closed in. PSR and DSR (Bailey and López de Prado)"
    " take the returns as independent. A placebo trades the model's own actions at another time. Evidence is "
    "strong with PSR ≥ 0.95, placebo p ≤ 0.05 and enough closed trades."
)


def escape(text: str) -> str:
    """`text` as one line that Markdown shows as it is."""
    return _SPECIAL.sub(r"\\\1", visible(text))


def markdown(result: RevalidationResult) -> str:
    """The whole report."""
    blocks = [
        f"# Revalidation decision: {escape(result.decision_text)}",
        f"{result.gates_passed} of {len(result.gates)} gates passed · recommendation: "
        f"**{result.recommendation}** · made {result.generated_at}",
        "Verdicts: "
        + ", ".join(
            f"{name} {verdict}" + (" (rules)" if name == result.policy else "")
            for name, verdict in result.verdicts.items()
        ),
        f"Next steps: {escape(result.next_steps)}",
    ]
    if result.warnings:
        blocks += ["## Warnings", _bullets(result.warnings)]
    blocks += ["## Gates", _gates(result)]
    blocks += ["## Evidence", escape(evidence_line(result)), _bullets(evidence_details(result)), _METHOD]
    if result.recommendation_reasons:
        blocks += ["## Why, and what to do", _bullets(result.recommendation_reasons)]
    blocks += ["## Metrics and baselines", _metrics(result)]
    if result.symbols:
        blocks += ["## Symbols", _table(_SYMBOL_HEAD, symbol_rows(result))]
    blocks += ["## What was judged", _table(("what", "value"), provenance_rows(result))]
    return "\n\n".join(blocks) + "\n"


def _gates(result: RevalidationResult) -> str:
    head = (*GATE_HEAD, "reference", "expected")
    note = (
        "`random` is measured: a random policy on the same candles. `reference` and `expected` are the "
        "checklist's own columns."
    )
    rows = []
    for gate in result.gates:
        *cells, status = gate_row(gate)
        rows.append((*cells, f"{mark(gate)} {status}", number(gate.reference, 2), gate.expected))
    return f"{_table(head, rows)}\n\n{note}"


def _metrics(result: RevalidationResult) -> str:
    columns: list[tuple[str, Mapping[str, Number]]] = [("model", result.metrics)]
    if result.whole_period is not None:
        columns.append(("model, whole period", result.whole_period))
    if result.twice_the_cost is not None:
        columns.append(("model, twice the cost", result.twice_the_cost))
    columns += [(name.replace("_", " "), values) for name, values in result.baselines.items()]
    head = ("metric", *(name for name, _ in columns))
    return _table(
        head,
        ((metric, *(_plain(values.get(metric)) for _, values in columns)) for metric in result.metrics),
    )


def _plain(value: Number) -> str:
    return number(value, 0 if isinstance(value, int) else 4)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head)]
    text = [" | ".join(lines[0]), " | ".join(lines[1])]
    text += [" | ".join(escape(cell) for cell in row) for row in rows]
    return "\n".join(f"| {line} |" for line in text)


def _bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {escape(line)}" for line in lines)
