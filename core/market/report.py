"""The quality report as values: the JSON of `data check`."""

from __future__ import annotations

from typing import Literal

import msgspec

Verdict = Literal["ok", "warn", "reject"]


class Gap(msgspec.Struct, frozen=True):
    """Missing candles between two that are there (ISO times of these two)."""

    after: str
    before: str
    candles: int


class FileReport(msgspec.Struct, frozen=True, kw_only=True):
    """One file. Counts are of rows, `gaps` of holes; times are ISO, None where there is no candle."""

    file: str
    symbol: str
    candles: int = 0
    timeframe: str | None = None
    first: str | None = None
    last: str | None = None
    gaps: int = 0
    missing: int = 0
    """Candles that the gaps lack."""
    gap_list: tuple[Gap, ...] = ()
    """The first twenty."""
    duplicates: int = 0
    unordered: int = 0
    off_grid: int = 0
    """Rows whose time is no multiple of the timeframe after the first's."""
    nan: int = 0
    bad_ohlc: int = 0
    """Rows that no market makes: high or low do not enclose open and close, or as `bad_price`."""
    bad_price: int = 0
    """Zero or negative prices, or a negative volume."""
    zero_volume: int = 0
    outliers: int = 0
    """Candles with a price far from the candles on both sides, in units of the usual move."""
    unfinished_last: bool = False
    verdict: Verdict = "ok"
    rejections: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class DataReport(msgspec.Struct, frozen=True, kw_only=True):
    """A folder: its files, the window they span together, and the worst verdict."""

    schema_version: int = 1
    generated_at: str
    folder: str
    files: tuple[FileReport, ...]
    verdict: Verdict
    synthetic: bool
    timeframes: tuple[str, ...]
    window_first: str | None = None
    window_last: str | None = None
    coverage: dict[str, float] = {}
    """Per symbol, its share of the candles from the first to the last of any file; one timeframe only."""
    messages: tuple[str, ...] = ()
    """About the folder as a whole."""
