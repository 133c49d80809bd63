"""The quality report of candle files: what is wrong, where, and whether it may be used.

Gaps, candles without volume, outliers and an unfinished last candle are warnings; duplicates, disorder, NaN,
prices at or below zero, a high below the low, times off the timeframe's grid and an empty file are rejected.
Trap avoided: a count without a place: every finding names the first candle it was found at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.clock import from_epoch, iso
from core.config.settings import Data
from core.errors import UnreadableError, UsageError
from core.market.candles import (
    candle_files,
    infer_step_ms,
    read_candles,
    step_in_name,
    symbol_of,
    timeframe,
    without_candles,
)
from core.market.misfit import misfit
from core.market.model import Candles
from core.market.outliers import outliers
from core.market.record import read_split
from core.market.report import DataReport, FileReport, Gap, Verdict
from core.market.synthetic import synthetic_note
from core.market.unfinished import unclosed, unfinished_evidence

__all__ = ["DataReport", "FileReport", "Inspected", "check_file", "check_folder", "inspect_file"]

_SHOWN_GAPS = 20


@dataclass(frozen=True, slots=True)
class Inspected:
    """A report with what it is about: ordered candles, the unfinished ones cut (none if rejected)."""

    report: FileReport
    candles: Candles
    step_ms: int


def check_file(path: Path, now: datetime) -> FileReport:
    """The report of one file; an unreadable one is a rejection. Raises UsageError if there is none."""
    if not path.is_file():
        raise UsageError(f"{path} is no file: expected a file of candles")
    return inspect_file(path, now).report


def check_folder(folder: Path, now: datetime, coverage: float = Data().coverage) -> DataReport:
    """The report of every candle file in `folder`, or of one file. `coverage`: the least share of the common
    window that a symbol must have. Raises UsageError where there is no file."""
    files = [folder] if folder.is_file() else candle_files(folder)
    if not files:
        raise UsageError(
            f"{without_candles(folder)}: expected .parquet, .feather, .csv or freqtrade .json, one each",
            hint="A workspace's folders are filled by: ppo-console data split SOURCE",
        )
    inspected = [inspect_file(path, now) for path in files]
    reports = tuple(file.report for file in inspected)
    rank: dict[Verdict, int] = {"ok": 0, "warn": 1, "reject": 2}
    first, last, shares, messages = _window([file for file in inspected if len(file.candles)], coverage)
    worst = max((report.verdict for report in reports), key=rank.__getitem__)
    if messages:
        worst = "reject"
    return DataReport(
        generated_at=iso(now),
        folder=str(folder),
        files=reports,
        verdict=worst,
        synthetic=synthetic_note(folder) is not None,
        timeframes=tuple(sorted({report.timeframe for report in reports if report.timeframe})),
        window_first=first,
        window_last=last,
        coverage=shares,
        messages=messages,
    )


def inspect_file(path: Path, now: datetime) -> Inspected:
    """Read and judge one file. Raises nothing for bad content: that is what the report says."""
    try:
        candles = read_candles(path)
    except UnreadableError as error:
        report = FileReport(
            file=path.name, symbol=symbol_of(path), verdict="reject", rejections=(error.title,)
        )
        return Inspected(report, _none(symbol_of(path)), 0)
    return _judge(path, candles, now)


def _judge(path: Path, candles: Candles, now: datetime) -> Inspected:
    size = len(candles)
    step = infer_step_ms(candles.time)
    if step is None:
        report = FileReport(
            file=path.name,
            symbol=candles.symbol,
            candles=size,
            verdict="reject",
            rejections=(_without_step(candles.time),),
        )
        return Inspected(report, _none(candles.symbol), 0)

    time = candles.time
    found = dict(_faults(candles, step))
    rejections = [
        f"{_count(mask)} {_FAULT_WORDS[name]}, the first at {_at(time, mask)}"
        for name, mask in found.items()
        if mask.any() and name in _FAULT_WORDS
    ]
    gaps = _gaps(time, step) if not rejections else ()
    warnings = []
    if gaps:
        largest = max(gaps, key=lambda gap: gap.candles)
        warnings.append(
            f"{len(gaps)} gap{'s' if len(gaps) > 1 else ''}, {sum(gap.candles for gap in gaps)} candles "
            f"missing; the largest lacks {largest.candles} after {largest.after}"
        )
    stated = step_in_name(path)
    if stated is not None and stated != step:
        warnings.append(f"the name says {timeframe(stated)}, the candles are {timeframe(step)} apart")
    silent = found["zero_volume"]
    if silent.any():
        warnings.append(f"{_count(silent)} candles without volume, the first at {_at(time, silent)}")
    kept, unfinished = candles, False
    if rejections:
        kept = _none(candles.symbol)
    else:
        kept, evidence = cut_unfinished(path, candles, step, now)
        unfinished = evidence is not None
        if evidence is not None:
            warnings.append(f"unfinished last candle, cut: {evidence}")
        if not len(kept):
            rejections.append("no candle has closed yet")
    odd = outliers(kept)
    if odd:
        far = max(odd, key=lambda each: each.moves)
        warnings.append(
            f"{len(odd)} outlier{'s' if len(odd) > 1 else ''}: the {far.price} of {_iso(int(time[far.row]))} "
            f"(row {far.row + 1}) lies {far.percent:+.1f} % from the closes around it, {far.moves:.0f} times "
            "the usual move"
        )
    report = FileReport(
        file=path.name,
        symbol=candles.symbol,
        candles=size,
        timeframe=timeframe(step),
        first=_iso(int(time.min())),
        last=_iso(int(time.max())),
        gaps=len(gaps),
        missing=sum(gap.candles for gap in gaps),
        gap_list=gaps[:_SHOWN_GAPS],
        duplicates=_count(found["duplicates"]),
        unordered=_count(found["unordered"]),
        off_grid=_count(found["off_grid"]),
        nan=_count(found["nan"]),
        bad_ohlc=_count(found["bad_ohlc"] | found["bad_price"]),
        bad_price=_count(found["bad_price"]),
        zero_volume=_count(silent),
        outliers=len(odd),
        unfinished_last=unfinished,
        verdict="reject" if rejections else "warn" if warnings else "ok",
        rejections=tuple(rejections),
        warnings=tuple(warnings),
    )
    return Inspected(report, kept, step)


def _without_step(time: NDArray[np.int64]) -> str:
    """Why times (n,) have no positive distance."""
    if not len(time):
        return "the file holds no candle"
    if len(time) == 1:
        return "the file holds 1 candle; expected two or more"
    if time.min() == time.max():
        return f"all {len(time)} candles have one time, {_iso(int(time[0]))}; expected different ones"
    return f"the times of the {len(time)} candles never go forward; expected the oldest first"


def cut_unfinished(path: Path, candles: Candles, step: int, now: datetime) -> tuple[Candles, str | None]:
    """The candles without those that were not closed, and the evidence for the cut."""
    now_ms = now.timestamp() * 1000
    folder = path.parent
    evidence = unfinished_evidence(
        candles,
        step,
        now_ms=now_ms,
        saved_ms=path.stat().st_mtime * 1000,
        known_finished=synthetic_note(folder) is not None or read_split(folder) is not None,
    )
    if evidence is None:
        return candles, None
    cut = max(1, unclosed(candles.time, step, now_ms))
    if cut > 1:
        evidence += f" ({cut} candles lie in the future)"
    return head(candles, len(candles) - cut), evidence


def head(candles: Candles, count: int) -> Candles:
    """The first `count` candles."""
    return Candles(
        candles.symbol,
        candles.time[:count],
        candles.open[:count],
        candles.high[:count],
        candles.low[:count],
        candles.close[:count],
        candles.volume[:count],
    )


_FAULT_WORDS = {
    "duplicates": "rows repeat an earlier time",
    "unordered": "rows go back in time",
    "off_grid": "rows lie off the timeframe's grid",
    "nan": "rows hold NaN or infinity",
    "bad_price": "rows have a price at or below zero or a negative volume",
    "bad_ohlc": "rows have a high or low that does not enclose open and close",
}


def _faults(candles: Candles, step: int) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Per kind of fault, which rows (n,) have it."""
    time = candles.time
    prices = np.stack([candles.open, candles.high, candles.low, candles.close])
    finite = np.isfinite(prices).all(axis=0) & np.isfinite(candles.volume)
    repeated = np.ones(len(time), np.bool_)
    repeated[np.unique(time, return_index=True)[1]] = False
    yield "duplicates", repeated
    yield "unordered", np.concatenate([[False], np.diff(time) < 0])
    yield "off_grid", (time - time[0]) % step != 0
    yield "nan", ~finite
    yield "bad_price", finite & ((prices <= 0).any(axis=0) | (candles.volume < 0))
    upper, lower = np.maximum(candles.open, candles.close), np.minimum(candles.open, candles.close)
    yield "bad_ohlc", finite & ((candles.high < upper) | (candles.low > lower) | (candles.high < candles.low))
    yield "zero_volume", candles.volume == 0


def _gaps(time: NDArray[np.int64], step: int) -> tuple[Gap, ...]:
    steps = np.diff(time)
    return tuple(
        Gap(_iso(int(time[at])), _iso(int(time[at + 1])), int(steps[at] // step) - 1)
        for at in np.flatnonzero(steps > step)
    )


def _window(
    inspected: list[Inspected], least: float
) -> tuple[str | None, str | None, dict[str, float], tuple[str, ...]]:
    """First and last candle of any file, each symbol's share of that window, and what does not fit."""
    if not inspected:
        return None, None, {}, ()
    first = min(int(file.candles.time[0]) for file in inspected)
    last = max(int(file.candles.time[-1]) for file in inspected)
    if (wrong := misfit(inspected)) is not None:
        return _iso(first), _iso(last), {}, (" ".join(wrong),)
    shares = shares_of(inspected, inspected[0].step_ms)
    wrong = too_thin(inspected, shares, least)
    rounded = {symbol: round(share, 6) for symbol, share in shares.items()}
    return _iso(first), _iso(last), rounded, () if wrong is None else (" ".join(wrong),)


def shares_of(inspected: Sequence[Inspected], step: int) -> dict[str, float]:
    """Of the candles from the first to the last of any file, each symbol's share."""
    first = min(int(file.candles.time[0]) for file in inspected)
    last = max(int(file.candles.time[-1]) for file in inspected)
    whole = (last - first) // step + 1
    return {file.report.symbol: len(file.candles) / whole for file in inspected}


def too_thin(
    inspected: Sequence[Inspected], shares: Mapping[str, float], least: float
) -> tuple[str, str] | None:
    """What is wrong where a symbol's share is below `least`, and what to do; else None."""
    thin = {symbol: share for symbol, share in shares.items() if share < least}
    if not thin:
        return None
    first = min(int(file.candles.time[0]) for file in inspected)
    last = max(int(file.candles.time[-1]) for file in inspected)
    symbol, share = min(thin.items(), key=lambda item: item[1])
    more = f" ({len(thin)} symbols are below)" if len(thin) > 1 else ""
    return (
        f"{symbol} has {100 * share:.1f} % of the candles from {_iso(first)} to {_iso(last)}; expected "
        f"{100 * least:.0f} %{more}.",
        "Remove the file, complete it, or lower data.coverage.",
    )


def _none(symbol: str) -> Candles:
    empty = np.zeros(0)
    return Candles(symbol, np.zeros(0, np.int64), empty, empty, empty, empty, empty)


def _count(mask: NDArray[np.bool_]) -> int:
    return int(np.count_nonzero(mask))


def _at(time: NDArray[np.int64], mask: NDArray[np.bool_]) -> str:
    row = int(np.flatnonzero(mask)[0])
    return f"{_iso(int(time[row]))} (row {row + 1})"


def _iso(milliseconds: int) -> str:
    return iso(from_epoch(milliseconds / 1000))
