"""Equity and trades from CSV files made elsewhere, read strictly.

Each error names the file, the line, what was expected and what was got. Trap avoided: `float()` takes
`1_000`, `１２` and `1e400`; pandas turns a bad cell into NaN and goes on.
"""

from __future__ import annotations

import csv
import hashlib
import io
import math
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.clock import from_epoch, parse_iso
from core.errors import UnreadableError, UsageError
from core.files import read_regular
from core.text import visible

MAX_BYTES = 256 * 1024 * 1024

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_EPOCH = re.compile(r"\d{9,14}", re.ASCII)
_EPOCH_MS_FROM = 100_000_000_000  # as seconds: the year 5138


@dataclass(frozen=True, slots=True)
class EquityFile:
    """n rows: times in ms, strictly ascending, and the equity at each."""

    time: NDArray[np.int64]
    equity: NDArray[np.float64]
    digest: str


@dataclass(frozen=True, slots=True)
class TradesFile:
    """n closed trades in the order of their exits; `symbol` and `episode` are empty texts where not given."""

    exit_time: NDArray[np.int64]
    pnl: NDArray[np.float64]
    symbol: tuple[str, ...]
    episode: tuple[str, ...]
    digest: str


def read_equity(path: Path) -> EquityFile:
    """Read `timestamp,equity`. Raises UsageError (no such file) and UnreadableError."""
    rows, digest = _rows(path, ("timestamp", "equity"), ())
    times, values = [], []
    for line, row in rows:
        times.append(_time(path, line, "timestamp", row["timestamp"]))
        values.append(_number(path, line, "equity", row["equity"]))
        if len(times) > 1 and times[-1] <= times[-2]:
            got = visible(row["timestamp"], 60)
            raise _error(path, line, "a timestamp later than the line before", repr(got))
    if not values:
        raise _error(path, 2, "at least one row", "none")
    return EquityFile(np.array(times, np.int64), np.array(values, np.float64), digest)


def read_trades(path: Path) -> TradesFile:
    """Read `exit_time,pnl[,symbol,episode]`; no rows mean no trades. Raises as `read_equity`."""
    rows, digest = _rows(path, ("exit_time", "pnl"), ("symbol", "episode"))
    times, profits, symbols, episodes = [], [], [], []
    for line, row in rows:
        times.append(_time(path, line, "exit_time", row["exit_time"]))
        profits.append(_number(path, line, "pnl", row["pnl"]))
        symbols.append(visible(row.get("symbol", "").strip(), 60))
        episodes.append(visible(row.get("episode", "").strip(), 60))
    order = np.argsort(np.array(times, np.int64), kind="stable")
    return TradesFile(
        np.array(times, np.int64)[order],
        np.array(profits, np.float64)[order],
        tuple(symbols[index] for index in order),
        tuple(episodes[index] for index in order),
        digest,
    )


def _rows(
    path: Path, needed: tuple[str, ...], optional: tuple[str, ...]
) -> tuple[list[tuple[int, dict[str, str]]], str]:
    data = _read(path)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise _error(path, line, "UTF-8 text", f"byte 0x{data[error.start]:02x}") from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    found: list[tuple[int, dict[str, str]]] = []
    header: list[str] | None = None
    expected = f"the header {','.join(needed)}" + (f"[,{','.join(optional)}]" if optional else "")
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if header is None:
                header = [cell.strip().lower() for cell in cells]
                if not set(needed) <= set(header) or len(set(header)) != len(header):
                    raise _error(path, reader.line_num, expected, repr(visible(",".join(cells), 80)))
                continue
            if len(cells) != len(header):
                raise _error(path, reader.line_num, f"{len(header)} cells", str(len(cells)))
            found.append((reader.line_num, dict(zip(header, cells, strict=True))))
    except csv.Error as error:
        raise _error(path, reader.line_num, "CSV", visible(str(error), 80)) from None
    if header is None:
        raise _error(path, 1, expected, "an empty file")
    return found, hashlib.sha256(data).hexdigest()


def _read(path: Path) -> bytes:
    try:
        return read_regular(path, MAX_BYTES)
    except FileNotFoundError:
        raise UsageError(f"{path} does not exist", hint="Give the path of a CSV file.") from None
    except OSError as error:
        raise UnreadableError(f"{path} could not be read: {error.strerror}") from error


def _number(path: Path, line: int, column: str, cell: str) -> float:
    text = cell.strip()
    value = float(text) if _NUMBER.fullmatch(text) else math.nan
    if not math.isfinite(value):
        raise _error(path, line, f"a finite number in {column}", repr(visible(cell, 60)))
    return value


def _time(path: Path, line: int, column: str, cell: str) -> int:
    text = cell.strip()
    try:
        if _EPOCH.fullmatch(text):
            value = int(text)
            moment = from_epoch(value / 1000 if value >= _EPOCH_MS_FROM else value)
        else:
            moment = parse_iso(text)
        return _milliseconds(moment)
    except (ValueError, OverflowError, OSError):
        expected = f"an ISO 8601 time or an epoch in {column}"
        raise _error(path, line, expected, repr(visible(cell, 60))) from None


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _error(path: Path, line: int, expected: str, got: str) -> UnreadableError:
    return UnreadableError(
        f"{path}, line {line}: expected {expected}, got {got}",
        hint="Equity needs timestamp,equity; trades need exit_time,pnl and may have symbol,episode.",
    )
