"""The table: one line a figure, one column a program, the budget and whether it is met.

Trap avoided: a miss that hides. Each one is repeated below the table with its cause in one sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

COLUMNS = ("console 120x40", "console 80x24", "bare Textual", "toolong", "wandb leet")


@dataclass(slots=True)
class Line:
    """One figure of every program; a program that is not in `values` has none."""

    label: str
    unit: str
    values: dict[str, float | None] = field(default_factory=dict)
    budget: float | None = None
    """The judged programs' largest allowed value, in `unit`; None where there is none."""
    judged: Sequence[str] = COLUMNS[:2]
    least: bool = False
    """The budget is the smallest allowed value instead."""
    cause: Callable[[], str] | None = None
    """Finds the cause of a miss, asked only then."""

    @property
    def met(self) -> bool | None:
        """None where there is no budget or nothing was measured."""
        if self.budget is None:
            return None
        values = [self.values[name] for name in self.judged if name in self.values]
        if not values:
            return None
        return all(
            value is not None and (value >= self.budget if self.least else value <= self.budget)
            for value in values
        )


def table(lines: Sequence[Line], columns: Sequence[str] = COLUMNS) -> str:
    """Text, columns aligned."""
    rows: list[tuple[str, ...]] = [("", *columns, "budget", "")]
    for line in lines:
        budget = "" if line.budget is None else f"{'≥' if line.least else '≤'} {_number(line.budget)}"
        verdict = {True: "met", False: "MISSED", None: ""}[line.met]
        cells = [_number(line.values[name]) if name in line.values else "" for name in columns]
        rows.append((f"{line.label} [{line.unit}]", *cells, budget, verdict))
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    out = []
    for row in rows:
        first, *rest = (
            cell.ljust(width) if place in (0, len(widths) - 1) else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        out.append("  ".join((first, *rest)).rstrip())
    return "\n".join(out)


def verdicts(lines: Sequence[Line]) -> str:
    """How many of the budgets are met."""
    judged = [line for line in lines if line.met is not None]
    return f"{sum(bool(line.met) for line in judged)} of {len(judged)} budgets met."


def misses(lines: Sequence[Line]) -> str:
    """A sentence for each missed budget; empty when there is none."""
    out = []
    for line in lines:
        if line.met is False:
            cause = line.cause() if line.cause is not None else "no cause was looked for."
            out.append(f"MISSED {line.label}: {cause}")
    return "\n".join(out)


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"
