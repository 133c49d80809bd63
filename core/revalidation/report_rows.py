"""The rows of a report's tables, the same as Markdown and as a page: gates, symbols, what was judged."""

from __future__ import annotations

import msgspec

from core.revalidation.decision import limit_text, value_text
from core.revalidation.gates import BY_NAME
from core.revalidation.result import GateResult, RevalidationResult
from core.revalidation.text import interval_text, number_text
from core.units import number, percent

GATE_HEAD = ("gate", "limit", "value", "margin", "90 % interval", "random", "status")


def gate_row(gate: GateResult) -> tuple[str, ...]:
    """Its cells under `GATE_HEAD`."""
    return (
        BY_NAME[gate.name].title,
        limit_text(gate),
        value_text(gate),
        number_text(gate.name, gate.margin),
        interval_text(gate),
        number_text(gate.name, gate.baseline),
        gate.status.replace("_", " ") + (f": {gate.reason}" if gate.reason else ""),
    )


def symbol_rows(result: RevalidationResult) -> list[tuple[str, ...]]:
    """Symbol, return, drawdown, win rate, profit factor, trades."""
    return [
        (
            row.symbol,
            percent(row.return_pct),
            percent(row.max_drawdown_pct),
            percent(row.win_rate_pct),
            number(row.profit_factor, 2),
            number(row.trades),
        )
        for row in result.symbols
    ]


def provenance_rows(result: RevalidationResult) -> list[tuple[str, ...]]:
    """Model, data, hashes, versions, configuration: what, and its value."""
    hashes: dict[str, str | None] = msgspec.to_builtins(result.hashes)
    return [
        *((f"model {key}", value) for key, value in result.model.items()),
        *((f"data {key}", str(value)) for key, value in result.data.items()),
        *((f"{key} SHA-256", value or "–") for key, value in hashes.items()),
        *((f"version {key}", value) for key, value in result.versions.items()),
        ("audit log head", result.audit_head or "–"),
        ("configuration", msgspec.json.encode(result.configuration).decode()),
    ]
