"""A folder of candle files as one `Universe`, and the hash that names its content.

Refuses what the quality report rejects, cuts a last candle that was still forming, and says so. Trap
avoided: symbols aligned by row instead of by time: the axis is regular, and what a symbol lacks is NaN.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np

from core.config import settings
from core.errors import RejectedError, UnreadableError, UsageError
from core.files import sha256_file
from core.market.candles import candle_files, without_candles
from core.market.misfit import misfit
from core.market.model import LOOK_BACK, Candles, Universe
from core.market.quality import Inspected, inspect_file, shares_of, too_thin
from core.market.record import SPLIT_NAME, SplitRecord, read_split
from core.market.side import FOLDER as SIDE_FOLDER
from core.market.side import side_files, with_side
from core.market.synthetic import synthetic_note
from core.text import visible

FIELDS = ("open", "high", "low", "close", "volume")


def load_universe(
    folder: Path, *, data: settings.Data, now: datetime, symbols: Sequence[str] = ()
) -> Universe:
    """The folder's candles on one axis; with `symbols`, only those.

    Raises UsageError for a missing or empty folder or an unknown symbol, RejectedError for what the quality
    report rejects (bad candles, mixed timeframes) or a symbol with less than `data.coverage` of the window.
    """
    inspected = _chosen([inspect_file(path, now) for path in _files(folder)], symbols, folder)
    bad = [(file.report.file, message) for file in inspected for message in file.report.rejections]
    if bad:
        name, message = bad[0]
        more = f" (and {len(bad) - 1} more)" if len(bad) > 1 else ""
        path = str(folder if folder.is_file() else folder / name)
        told = message if message.startswith(path) else f"{path}: {message}"
        raise RejectedError(f"{told}{more}", hint=f"See all with: ppo-console data check {folder}")
    alone = folder.is_file()
    folder = folder.parent if alone else folder
    record = read_split(folder)
    note = synthetic_note(folder)
    step = _common_step(inspected, folder)
    _require_coverage(inspected, step, data.coverage, folder)
    universe = align(
        [file.candles for file in inspected],
        step_ms=step,
        warnings=_warnings(inspected, note) + (() if alone or symbols else _gone(inspected, record, folder)),
        synthetic=note is not None,
    )
    return _scored(with_side(universe, folder, data), record, folder)


def align(
    candles: Sequence[Candles], *, step_ms: int, warnings: tuple[str, ...] = (), synthetic: bool = False
) -> Universe:
    """Ordered candles without duplicates on one regular axis, from the first to the last of any symbol.

    Symbols come out sorted by name; `score_from` is LOOK_BACK.
    """
    candles = sorted(candles, key=lambda each: each.symbol)
    first = min(int(each.time[0]) for each in candles)
    last = max(int(each.time[-1]) for each in candles)
    time = np.arange(first, last + 1, step_ms, dtype=np.int64)
    grid = {name: np.full((len(candles), len(time)), np.nan) for name in FIELDS}
    for row, each in enumerate(candles):
        column = (each.time - first) // step_ms
        for name, plane in grid.items():
            plane[row, column] = getattr(each, name)
    return Universe(
        tuple(each.symbol for each in candles),
        step_ms,
        time,
        grid["open"],
        grid["high"],
        grid["low"],
        grid["close"],
        grid["volume"],
        score_from=min(LOOK_BACK, len(time)),
        synthetic=synthetic,
        warnings=warnings,
    )


def data_hash(folder: Path) -> str:
    """SHA-256 over the names and contents of the folder's candle files and where its scoring begins.

    The order in which the folder lists them does not matter, nor where the folder lies. Raises UsageError
    for an empty folder.
    """
    digest = hashlib.sha256()
    try:
        for path in _files(folder):
            digest.update(f"{path.name}\0{sha256_file(path)}\n".encode())
    except OSError as error:
        raise UnreadableError(f"{error.filename} could not be read: {error.strerror}") from error
    try:
        for path in side_files(folder if folder.is_dir() else folder.parent):
            digest.update(f"{SIDE_FOLDER}/{path.name}\0{sha256_file(path)}\n".encode())
    except OSError as error:
        raise UnreadableError(f"{error.filename} could not be read: {error.strerror}") from error
    record = read_split(folder)
    if record is not None:
        digest.update(f"{SPLIT_NAME}\0{record.score_from_ms}\n".encode())
    return digest.hexdigest()


def _files(folder: Path) -> list[Path]:
    files = [folder] if folder.is_file() else candle_files(folder)
    if not files:
        raise UsageError(
            f"{without_candles(folder)}: expected .parquet, .feather, .csv or freqtrade .json, one each",
            hint="Fill it with: ppo-console data split SOURCE",
        )
    return files


def _chosen(inspected: list[Inspected], symbols: Sequence[str], folder: Path) -> list[Inspected]:
    there = {file.report.symbol for file in inspected}
    unknown = [symbol for symbol in symbols if symbol not in there]
    if unknown:
        raise UsageError(
            f"{folder} holds no candles of {', '.join(unknown)}; it holds {', '.join(sorted(there))}"
        )
    if not symbols:
        return inspected
    place = {symbol: index for index, symbol in enumerate(symbols)}
    chosen = [file for file in inspected if file.report.symbol in place]
    return sorted(chosen, key=lambda file: place[file.report.symbol])


def _common_step(inspected: Sequence[Inspected], folder: Path) -> int:
    if (wrong := misfit(inspected)) is not None:
        raise RejectedError(f"{folder}: {wrong[0].rstrip('.')}", hint=wrong[1])
    return inspected[0].step_ms


def _gone(inspected: Sequence[Inspected], record: SplitRecord | None, folder: Path) -> tuple[str, ...]:
    """Symbols that the split put here and that are no longer, or never came, here."""
    there = {file.report.symbol for file in inspected}
    gone = [] if record is None else [symbol for symbol in record.symbols if symbol not in there]
    if not gone:
        return ()
    names = ", ".join(visible(symbol, 40) for symbol in gone)
    return (f"{folder}: {SPLIT_NAME} names {names}, whose candles are not there",)


def _warnings(inspected: Sequence[Inspected], note: str | None) -> tuple[str, ...]:
    notes = () if note is None else (note,)
    return notes + tuple(
        f"{file.report.symbol}: {text}" for file in inspected for text in file.report.warnings
    )


def _require_coverage(inspected: Sequence[Inspected], step: int, least: float, folder: Path) -> None:
    """Before the axis is made: one stray time would stretch it to any length."""
    if (wrong := too_thin(inspected, shares_of(inspected, step), least)) is not None:
        raise RejectedError(f"{folder}: {wrong[0].removesuffix('.')}", hint=wrong[1])


def _scored(universe: Universe, record: SplitRecord | None, folder: Path) -> Universe:
    score_from = universe.score_from
    if record is not None:
        score_from = int(np.searchsorted(universe.time, record.score_from_ms))
        if score_from < LOOK_BACK:
            raise RejectedError(
                f"{folder}: its {SPLIT_NAME} scores from candle {score_from}; "
                f"expected {LOOK_BACK} candles of warm-up before it",
                hint="Split again with: ppo-console data split SOURCE",
            )
    if score_from >= len(universe.time):
        raise RejectedError(
            f"{folder}: {len(universe.time)} candles leave none to score after {score_from} of warm-up"
        )
    return replace(universe, score_from=score_from)
