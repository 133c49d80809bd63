"""`split.json`: what a split recorded in the folders it made."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from core.errors import UnreadableError
from core.text import visible

SPLIT_NAME = "split.json"


class SplitRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The boundaries of one side. Times are candles' open times, ISO 8601 UTC, and once more in ms."""

    role: Literal["train", "backtest"]
    source: str
    timeframe: str
    symbols: tuple[str, ...]
    first: str
    """First candle in the folder."""
    score_from: str
    """First candle that may be scored; the ones before it are warm-up."""
    last: str
    score_from_ms: int
    first_ms: int
    last_ms: int
    scored_candles: int
    embargo_candles: int
    """Candles between the last of the training data and the first scored one of the test."""
    look_back: int
    holding_candles: int


def read_split(folder: Path) -> SplitRecord | None:
    """The folder's record; None without one. Raises UnreadableError for a broken one."""
    path = folder / SPLIT_NAME
    if not path.is_file():
        return None
    try:
        return msgspec.json.decode(path.read_bytes(), type=SplitRecord)
    except (msgspec.DecodeError, OSError) as error:
        raise UnreadableError(
            f"{path} is no split record: {visible(str(error), 200)}",
            hint="Split again with: ppo-console data split SOURCE",
        ) from error


def write_split(folder: Path, record: SplitRecord) -> None:
    """Write the record, atomically."""
    from core.files import atomic_write

    atomic_write(folder / SPLIT_NAME, msgspec.json.format(msgspec.json.encode(record)) + b"\n")
