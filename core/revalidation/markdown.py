"""`revalidation_result.md`: the report for reading and for a pull request.

Trap avoided: a symbol or a path from a file that becomes markup, a link or a table cell of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import msgspec

from core.revalidation.decision import limit_text, value_text
from core.revalidation.gates import BY_NAME
from core.revalidation.result import GateResult, Number, RevalidationResult
from core.revalidation.text import evidence_details, evidence_line, interval_text, mark, number_text
from core.text import visible
from core.units import number, percent

_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#|!~&])")

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
        blocks += ["## Symbols", _symbols(result)]
    blocks += ["## What was judged", _provenance(result)]
    return "\n\n".join(blocks) + "\n"


def _gates(result: RevalidationResult) -> str:
    head = ("gate", "limit", "value", "margin", "90 % interval", "random", "status", "reference", "expected")
    note = (
        "`random` is measured: a random policy on the same candles. `reference` and `expected` are the "
        "checklist's own columns."
    )
    return _table(head, (_gate_row(gate) for gate in result.gates)) + f"\n\n{note}"


def _gate_row(gate: GateResult) -> tuple[str, ...]:
    spec = BY_NAME[gate.name]
    status = f"{mark(gate)} {gate.status.replace('_', ' ')}" + (f": {gate.reason}" if gate.reason else "")
    return (
        spec.title,
        limit_text(gate),
        value_text(gate),
        number_text(gate.name, gate.margin),
        interval_text(gate),
        number_text(gate.name, gate.baseline),
        status,
        number(gate.reference, 2),
        gate.expected,
    )


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


def _symbols(result: RevalidationResult) -> str:
    head = ("symbol", "return", "max drawdown", "win rate", "profit factor", "trades")
    return _table(
        head,
        (
            (
                row.symbol,
                percent(row.return_pct),
                percent(row.max_drawdown_pct),
                percent(row.win_rate_pct),
                number(row.profit_factor, 2),
                number(row.trades),
            )
            for row in result.symbols
        ),
    )


def _provenance(result: RevalidationResult) -> str:
    hashes: dict[str, str | None] = msgspec.to_builtins(result.hashes)
    rows = [
        *((f"model {key}", value) for key, value in result.model.items()),
        *((f"data {key}", str(value)) for key, value in result.data.items()),
        *((f"{key} SHA-256", value or "–") for key, value in hashes.items()),
        *((f"version {key}", value) for key, value in result.versions.items()),
        ("audit log head", result.audit_head or "–"),
        ("configuration", msgspec.json.encode(result.configuration).decode()),
    ]
    return _table(("what", "value"), rows)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head)]
    text = [" | ".join(lines[0]), " | ".join(lines[1])]
    text += [" | ".join(escape(cell) for cell in row) for row in rows]
    return "\n".join(f"| {line} |" for line in text)


def _bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {escape(line)}" for line in lines)
