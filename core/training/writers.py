"""The text files of a run: fixed headers, one whole line at a time, appended.

Traps avoided: stable-baselines3's own CSV writer, which rewrites the file when a key appears and orders its
columns by hash; a missing value written as 0; a torn line that swallows the next one or reads as a shorter
number; rows of a full disk's hours that are lost although the disk has room again later, or lost unsaid.
"""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from core.errors import UnreadableError
from core.files import append_lines
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
_LONGEST = 4096
"""Bytes that hold any line of these CSV files."""
_SHORTER = {EVALUATIONS_CSV: HEADERS[EVALUATIONS_CSV][:-2]}
"""Headers of fewer columns that a run may have begun with; its rows end where they end."""

_STAMP = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d ")

Level = Literal["INFO", "WARNING", "ERROR"]


MAX_WAITING = 10_000
"""Lines of a file that wait while it cannot be written; beyond that the oldest are given up, and counted."""


class _Lines:
    """Lines on their way into a file: those that could not be written go first the next time, in order."""

    def __init__(self, path: Path, heading: str = "") -> None:
        """`heading` is the first line of the file, also of one that somebody removed meanwhile."""
        self._path = path
        self._heading = heading
        self._waiting: deque[str] = deque(maxlen=MAX_WAITING)
        self.lost = 0
        """Lines given up since the file was last written."""

    def append(self, *lines: str, gap: Callable[[int, str], str] | None = None) -> int:
        """Returns how many lines were given up before the ones written now.

        `gap`, of their number and the first line behind them, is a line that takes their place. Raises
        OSError; the lines then wait. Without any, those that wait are tried.
        """
        self.lost += max(0, len(self._waiting) + len(lines) - MAX_WAITING)
        self._waiting.extend(lines)
        if not self._waiting:
            return 0
        first = [gap(self.lost, self._waiting[0])] if gap is not None and self.lost else []
        append_lines(self._path, [*first, *self._waiting], self._heading)
        self._waiting.clear()
        lost, self.lost = self.lost, 0
        return lost


class CsvWriter:
    """Appends rows under the header that `HEADERS` gives for the file's name.

    A file that began with the shorter header of its name keeps it: the last values are not written there.
    A row that a kill or another program left without its end is taken out: its last number may be cut.
    Raises UnreadableError when the file exists with another header, and OSError from `row`; that row then
    waits for the next one. `lost` counts the rows that are missing before the last ones written: too many
    waited.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.header = HEADERS[path.name]
        self._width = len(self.header)
        self.lost = 0
        first = ",".join(self.header)
        self._lines = _Lines(path, first)
        begun = _first_line(path)
        if f"{first}\n".startswith(begun) and not begun.endswith("\n"):
            if begun:
                os.truncate(path, 0)  # cut off within the header
            append_lines(path, (first,))
            return
        shorter = ",".join(_SHORTER.get(path.name, ()))
        if shorter and begun.rstrip("\r\n") == shorter:
            self._width = len(_SHORTER[path.name])
            self._lines = _Lines(path, shorter)
        elif begun.rstrip("\r\n") != first:
            raise UnreadableError(
                f"{path} has another header: expected {first!r}, got {visible(begun, 120)!r}",
                hint="`ppo-console train --fresh` moves this run away and starts a new one.",
            )
        _mend(path, keep=False)

    def row(self, values: Sequence[float | int | None]) -> None:
        """Append one row; None is an empty field, nan and inf stay `nan` and `inf`."""
        if len(values) != len(self.header):
            raise ValueError(f"{self.path.name} has {len(self.header)} columns, got {len(values)} values")
        self.lost = self._lines.append(",".join(field(value) for value in values[: self._width]))

    def flush(self) -> None:
        """Write the rows that still wait. Raises OSError; they then go on waiting."""
        self.lost = self._lines.append()


def field(value: float | int | None) -> str:
    """The shortest text that reads back as the same number."""
    if value is None:
        return ""
    return str(value) if isinstance(value, int) else repr(float(value))


class LogWriter:
    """`training.log`: `2026-02-23 14:00:00 [INFO] message`, times in UTC.

    Lines that were given up, since too many waited, leave a line that counts them in their place.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lines = _Lines(path)
        _mend(path, keep=True)

    def write(self, message: str, now: datetime, level: Level = "INFO") -> None:
        """Append one line. Raises OSError; the line then waits for the next one."""
        self._lines.append(log_line(message, now, level), gap=_gap)

    def traceback(self, text: str, now: datetime) -> None:
        """Append an [ERROR] line and the traceback's lines below it. Raises as `write`."""
        lines = text.rstrip("\n").split("\n")
        self._lines.append(
            log_line(f"Training crashed: {lines[-1]}", now, "ERROR"),
            *(visible(line) for line in lines),
            gap=_gap,
        )


def log_line(message: str, now: datetime, level: Level = "INFO") -> str:
    return f"{now.astimezone(UTC):%Y-%m-%d %H:%M:%S} [{level}] {visible(message)}"


def _gap(lost: int, behind: str) -> str:
    """At the time of the line behind the gap, so that the log stays in order."""
    at = f"{behind[:19]} " if _STAMP.match(behind) else ""
    lines = "line that stood here is" if lost == 1 else "lines that stood here are"
    return f"{at}[WARNING] {lost} {lines} lost: too many waited while training.log could not be written"


def _first_line(path: Path) -> str:
    """The file's first line with its end, empty where there is none yet."""
    try:
        with path.open("rb") as stream:
            return stream.readline(_LONGEST).decode("utf-8", "replace")
    except FileNotFoundError:
        return ""


def _mend(path: Path, *, keep: bool) -> None:
    """End a last line that was cut off, or take it out."""
    try:
        with path.open("rb+") as stream:
            end = stream.seek(0, os.SEEK_END)
            stream.seek(max(0, end - _LONGEST))
            tail = stream.read()
            cut = len(tail) - (tail.rfind(b"\n") + 1)
            if cut and keep:
                stream.write(b"\n")
            elif cut:
                stream.truncate(end - cut)
    except FileNotFoundError:
        pass
