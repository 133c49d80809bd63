"""One cell of a file made elsewhere, read strictly: a finite number, a moment.

Each error names the place, what was expected and what was got. Trap avoided: `float()` takes `1_000`, `１２`
and `1e400`.
"""

from __future__ import annotations

import math
import re

from core.clock import from_epoch, parse_iso
from core.errors import UnreadableError
from core.text import visible

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_EPOCH = re.compile(r"\d{9,14}", re.ASCII)
_EPOCH_MS_FROM = 100_000_000_000  # as seconds: the year 5138

HINT = (
    "Equity needs timestamp,equity; trades need exit_time,pnl and may have symbol,episode. The `backtesting` "
    "package's stats._equity_curve and stats._trades are read too, from CSV or JSON."
)


def number_of(where: str, column: str, cell: str) -> float:
    """A finite number. `where` is `T.csv, line 3`. Raises UnreadableError."""
    text = cell.strip()
    value = float(text) if _NUMBER.fullmatch(text) else math.nan
    if not math.isfinite(value):
        raise cell_error(where, f"a finite number in {column}", repr(visible(cell, 60)))
    return value


def milliseconds_of(where: str, column: str, cell: str) -> int:
    """An ISO 8601 time or an epoch in seconds or milliseconds, as ms. Raises UnreadableError."""
    text = cell.strip()
    try:
        moment = from_epoch(epoch_seconds(int(text))) if _EPOCH.fullmatch(text) else parse_iso(text)
        return round(moment.timestamp() * 1000)
    except (ValueError, OverflowError, OSError):
        expected = f"an ISO 8601 time or an epoch in {column}"
        raise cell_error(where, expected, repr(visible(cell, 60))) from None


def epoch_seconds(value: float) -> float:
    """An epoch in seconds, from one in seconds or milliseconds."""
    return value / 1000 if value >= _EPOCH_MS_FROM else value


def cell_error(where: str, expected: str, got: str) -> UnreadableError:
    return UnreadableError(f"{where}: expected {expected}, got {got}", hint=HINT)
