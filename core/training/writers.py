"""The text files of a run: fixed headers, one whole line at a time, appended.

Traps avoided: stable-baselines3's own CSV writer, which rewrites the file when a key appears and orders its
columns by hash; a missing value written as 0; a line torn by a full disk that swallows the next one.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from core.errors import UnreadableError
from core.files import append_line
from core.text import visible

DASHBOARD_CSV = "convergence_dashboard.csv"
METRICS_CSV = "training_metrics.csv"
EVALUATIONS_CSV = "evaluations.csv"
TRAINING_LOG = "training.log"
ALERTS_LOG = "alerts.log"
DAILY_LOG = "daily_summary.log"
DAILY_FOLDER = "daily_summaries"
TENSORBOARD_FOLDER = "tensorboard"

HEADERS: dict[str, tuple[str, ...]] = {
    DASHBOARD_CSV: ("timestep", "reward", "kl_divergence", "value_loss", "policy_entropy"),
    METRICS_CSV: ("timestep", "policy_loss", "value_loss", "entropy", "approx_kl", "clip_fraction"),
    EVALUATIONS_CSV: (
        "timestep",
        "mean_reward",
        "sharpe",
        "max_drawdown_pct",
        "win_rate_pct",
        "profit_factor",
        "trades",
        "consecutive_losses",
        "calmar_ratio",
    ),
}
_SHORTER = {EVALUATIONS_CSV: HEADERS[EVALUATIONS_CSV][:-2]}
"""Headers of fewer columns that a run may have begun with; its rows end where they end."""

Level = Literal["INFO", "WARNING", "ERROR"]


class CsvWriter:
    """Appends rows under the header that `HEADERS` gives for the file's name.

    A file that began with the shorter header of its name keeps it: the last values are not written there.
    Raises UnreadableError when the file exists with another header, and OSError from `row`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.header = HEADERS[path.name]
        self._width = len(self.header)
        first = ",".join(self.header)
        if _mend(path):
            with path.open("rb") as stream:
                got = stream.readline().rstrip(b"\r\n").decode("utf-8", "replace")
            shorter = _SHORTER.get(path.name, ())
            if shorter and got == ",".join(shorter):
                self._width = len(shorter)
            elif got != first:
                raise UnreadableError(
                    f"{path} has another header: expected {first!r}, got {visible(got, 120)!r}",
                    hint="`ppo-console train --fresh` moves this run away and starts a new one.",
                )
        else:
            append_line(path, first)

    def row(self, values: Sequence[float | int | None]) -> None:
        """Append one row; None is an empty field, nan and inf stay `nan` and `inf`."""
        if len(values) != len(self.header):
            raise ValueError(f"{self.path.name} has {len(self.header)} columns, got {len(values)} values")
        append_line(self.path, ",".join(field(value) for value in values[: self._width]))


def field(value: float | int | None) -> str:
    """The shortest text that reads back as the same number."""
    if value is None:
        return ""
    return str(value) if isinstance(value, int) else repr(float(value))


class LogWriter:
    """`training.log`: `2026-02-23 14:00:00 [INFO] message`, times in UTC."""

    def __init__(self, path: Path) -> None:
        self.path = path
        _mend(path)

    def write(self, message: str, now: datetime, level: Level = "INFO") -> None:
        """Append one line. Raises OSError."""
        append_line(self.path, log_line(message, now, level))

    def traceback(self, text: str, now: datetime) -> None:
        """Append an [ERROR] line and the traceback's lines below it. Raises OSError."""
        lines = text.rstrip("\n").split("\n")
        self.write(f"Training crashed: {lines[-1]}", now, "ERROR")
        for line in lines:
            append_line(self.path, visible(line))


def log_line(message: str, now: datetime, level: Level = "INFO") -> str:
    return f"{now.astimezone(UTC):%Y-%m-%d %H:%M:%S} [{level}] {visible(message)}"


def _mend(path: Path) -> bool:
    """End a line that a full disk or a kill cut off; False when the file has no bytes yet."""
    try:
        with path.open("rb+") as stream:
            if stream.seek(0, os.SEEK_END) == 0:
                return False
            stream.seek(-1, os.SEEK_END)
            if stream.read(1) != b"\n":
                stream.write(b"\n")
    except FileNotFoundError:
        return False
    return True
