"""Whether a folder's files make a universe together: one file a symbol, one timeframe, one grid.

Trap avoided: a check that lets pass what the split and the training then refuse; they ask here, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.market.candles import timeframe

if TYPE_CHECKING:
    from core.market.quality import Inspected


def misfit(inspected: Sequence[Inspected]) -> tuple[str, str] | None:
    """Why files that hold candles make no universe together, and the way out; None where they do."""
    by_symbol: dict[str, str] = {}
    by_step: dict[int, list[str]] = {}
    by_offset: dict[int, list[str]] = {}
    for file in inspected:
        name = file.report.file
        other = by_symbol.setdefault(file.report.symbol, name)
        if other != name:
            words = f"{other} and {name} are both {file.report.symbol}; expected one file per symbol."
            return words, "Move one of them away."
        by_step.setdefault(file.step_ms, []).append(name)
        by_offset.setdefault(int(file.candles.time[0]) % file.step_ms, []).append(name)
    if len(by_step) > 1:
        found = ", ".join(f"{timeframe(step)} ({_names(names)})" for step, names in sorted(by_step.items()))
        words = f"The folder mixes timeframes: {found}; expected one."
        return words, "Keep the files of one timeframe there, and move the others to a folder of their own."
    if len(by_offset) > 1:
        found = " and ".join(_names(names) for names in by_offset.values())
        words = (
            f"The candles of its files open at different moments of the {timeframe(min(by_step))}: {found}."
        )
        return words, "Keep those of one source, and move the others to a folder of their own."
    return None


def _names(names: list[str]) -> str:
    return f"{names[0]} and {len(names) - 1} more" if len(names) > 1 else names[0]
