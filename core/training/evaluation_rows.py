"""The periodic evaluations on the validation slice, read from `evaluations.csv`.

The only source of the daily check's `approx_sharpe` and of the standup's confidence. Trap avoided: a Sharpe
guessed from the reward.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path

FILE_NAME = "evaluations.csv"
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One row; what is missing or not finite is None."""

    timestep: int
    mean_reward: float | None = None
    sharpe: float | None = None
    max_drawdown_pct: float | None = None
    win_rate_pct: float | None = None
    profit_factor: float | None = None
    trades: int | None = None
    consecutive_losses: float | None = None
    calmar_ratio: float | None = None


def read_evaluations(directory: Path) -> tuple[list[Evaluation], str]:
    """The whole rows in file order, and why there are none (empty when there are)."""
    path = directory / FILE_NAME
    try:
        text = path.read_bytes().decode("utf-8", errors="replace")
    except FileNotFoundError:
        return [], f"there is no {FILE_NAME}"
    except OSError as error:
        return [], f"{FILE_NAME} could not be read: {error.strerror}"
    whole, _, _half = text.rpartition("\n")
    lines = whole.splitlines()
    if len(lines) < 2:
        return [], f"{FILE_NAME} has no row yet"
    header = [name.strip() for name in lines[0].split(",")]
    rows = [row for row in (_row(header, line) for line in lines[1:]) if row is not None]
    return rows, "" if rows else f"{FILE_NAME} has no readable row"


def _row(header: list[str], line: str) -> Evaluation | None:
    fields = [field.strip() for field in line.split(",")]
    if len(fields) != len(header):
        return None
    values = {name: _number(field) for name, field in zip(header, fields, strict=True)}
    timestep = values.get("timestep")
    if timestep is None:
        return None
    trades = values.get("trades")
    return Evaluation(
        timestep=int(timestep),
        mean_reward=values.get("mean_reward"),
        sharpe=values.get("sharpe"),
        max_drawdown_pct=values.get("max_drawdown_pct"),
        win_rate_pct=values.get("win_rate_pct"),
        profit_factor=values.get("profit_factor"),
        trades=int(trades) if trades is not None else None,
        consecutive_losses=values.get("consecutive_losses"),
        calmar_ratio=values.get("calmar_ratio"),
    )


def _number(field: str) -> float | None:
    if not _NUMBER.fullmatch(field):
        return None
    value = float(field)
    return value if math.isfinite(value) else None
