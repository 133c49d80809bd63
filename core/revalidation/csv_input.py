"""Equity and trades from files made elsewhere, read strictly: CSV, or JSON as pandas writes it.

Columns are named as in `ppo-console score --help`, or as the `backtesting` package names them. Each error
names the file, the line, what was expected and what was got. Trap avoided: pandas turns a bad cell into NaN
and goes on, and a pickle would run code; neither is used.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import UnreadableError, UsageError
from core.files import read_regular
from core.revalidation.cells import cell_error, milliseconds_of, number_of
from core.revalidation.pandas_json import json_rows
from core.text import visible

MAX_BYTES = 256 * 1024 * 1024

Row = tuple[str, dict[str, str]]
"""`line 3` or `row 3`, and its cells by column."""

_NAMES = {"exittime": "exit_time"}
"""The `backtesting` package's names → ours; its others are the same but for capitals."""
_CURVE_MARK = "drawdownpct"
"""A column that tells its equity curve, whose first column is the index: the time."""
_PICKLES = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")


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
    for place, row in rows:
        where = f"{path}, {place}"
        times.append(milliseconds_of(where, "timestamp", row["timestamp"]))
        values.append(number_of(where, "equity", row["equity"]))
        if len(times) > 1 and times[-1] <= times[-2]:
            got = visible(row["timestamp"], 60)
            raise cell_error(where, "a timestamp later than the line before", repr(got))
    if not values:
        raise cell_error(f"{path}, line 2", "at least one row", "none")
    return EquityFile(np.array(times, np.int64), np.array(values, np.float64), digest)


def read_trades(path: Path) -> TradesFile:
    """Read `exit_time,pnl[,symbol,episode]`; no rows mean no trades. Raises as `read_equity`."""
    rows, digest = _rows(path, ("exit_time", "pnl"), ("symbol", "episode"))
    times, profits, symbols, episodes = [], [], [], []
    for place, row in rows:
        where = f"{path}, {place}"
        times.append(milliseconds_of(where, "exit_time", row["exit_time"]))
        profits.append(number_of(where, "pnl", row["pnl"]))
        symbols.append(visible(row.get("symbol", "").strip(), 60))
        episodes.append(visible(row.get("episode", "").strip(), 60))
    return in_exit_order(times, profits, symbols, episodes, digest)


def in_exit_order(
    times: Sequence[int],
    profits: Sequence[float],
    symbols: Sequence[str],
    episodes: Sequence[str],
    digest: str,
) -> TradesFile:
    """The trades, n of each, sorted by their exits; what exits together keeps its order."""
    order = np.argsort(np.array(times, np.int64), kind="stable")
    return TradesFile(
        np.array(times, np.int64)[order],
        np.array(profits, np.float64)[order],
        tuple(symbols[index] for index in order),
        tuple(episodes[index] for index in order),
        digest,
    )


def read_bytes(path: Path, what: str) -> bytes:
    """The whole file. Raises UsageError (no such file) and UnreadableError."""
    try:
        return read_regular(path, MAX_BYTES)
    except FileNotFoundError:
        raise UsageError(f"{path} does not exist", hint=f"Give the path of {what}.") from None
    except OSError as error:
        raise UnreadableError(f"{path} could not be read: {error.strerror}") from error


def _rows(path: Path, needed: tuple[str, ...], optional: tuple[str, ...]) -> tuple[list[Row], str]:
    data = read_bytes(path, "a CSV file")
    if data.startswith(_PICKLES):
        raise UnreadableError(
            f"{path} is a pickle: expected CSV or JSON, a pickle is never loaded",
            hint="Save it from the program that made it: stats._trades.to_csv('T.csv').",
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise cell_error(f"{path}, line {line}", "UTF-8 text", f"byte 0x{data[error.start]:02x}") from None
    expected = f"the header {','.join(needed)}" + (f"[,{','.join(optional)}]" if optional else "")
    if text.lstrip()[:1] in ("{", "["):
        names, rows = json_rows(path, text)
        return _named(rows, _columns(f"{path}", names, needed, expected)), hashlib.sha256(data).hexdigest()
    return _csv_rows(path, text, needed, expected), hashlib.sha256(data).hexdigest()


def _csv_rows(path: Path, text: str, needed: tuple[str, ...], expected: str) -> list[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    found: list[Row] = []
    header: list[str] | None = None
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            where = f"{path}, line {reader.line_num}"
            if header is None:
                header = _columns(where, cells, needed, expected)
                continue
            if len(cells) != len(header):
                raise cell_error(where, f"{len(header)} cells", str(len(cells)))
            found.append((f"line {reader.line_num}", dict(zip(header, cells, strict=True))))
    except csv.Error as error:
        raise cell_error(f"{path}, line {reader.line_num}", "CSV", visible(str(error), 80)) from None
    if header is None:
        raise cell_error(f"{path}, line 1", expected, "an empty file")
    return found


def _columns(where: str, cells: Sequence[str], needed: tuple[str, ...], expected: str) -> list[str]:
    """The columns under our names."""
    header = [_NAMES.get(cell.strip().lower(), cell.strip().lower()) for cell in cells]
    if _CURVE_MARK in header and "timestamp" not in header:
        header[0] = "timestamp"
    if not set(needed) <= set(header) or len(set(header)) != len(header):
        raise cell_error(where, expected, repr(visible(",".join(cells), 80)))
    return header


def _named(rows: list[tuple[str, list[str]]], header: list[str]) -> list[Row]:
    return [(place, dict(zip(header, cells, strict=True))) for place, cells in rows]
