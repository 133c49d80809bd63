"""Cutting candles by time over all symbols: training and test folders, training and validation universes.

Between two slices lies an embargo as long as the longest feature look-back and the holding time, so that no
candle that shaped a training step is scored. Its candles go to the later slice as warm-up, unscored. Trap
avoided: a test set that quietly overlaps the training data, also where two split at the same moment.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from core.clock import from_epoch, iso
from core.config import settings
from core.errors import UnreadableError, UsageError
from core.market.candles import candle_files, timeframe
from core.market.model import LOOK_BACK, Universe
from core.market.record import SPLIT_NAME, SplitRecord, write_split
from core.market.side import write_side
from core.market.synthetic import MARKER, write_universe
from core.market.universe import load_universe

TEST_SHARE = 0.3
"""Of the candles, for the test; `data.test_candles` where that is more."""
MIN_TRAIN = 100
"""Scored candles that training needs after its warm-up."""
MIN_VALIDATION = 20


@dataclass(frozen=True, slots=True)
class SplitSummary:
    """What `split_data` made. `train` and `backtest` are the records in the two folders."""

    symbols: tuple[str, ...]
    train: SplitRecord
    backtest: SplitRecord
    warnings: tuple[str, ...]


def embargo_candles(data: settings.Data) -> int:
    """Look-back plus holding time."""
    return LOOK_BACK + data.holding_candles


def split_data(source: Path, train: Path, backtest: Path, data: settings.Data, now: datetime) -> SplitSummary:
    """Cut the folder (or single file) `source` by time into the folders `train` and `backtest`.

    The newest `data.test_candles` or three tenths are the test's scored candles, whichever is more. Each
    folder gets a Parquet file per symbol and `split.json`. Raises UsageError for a folder that holds candles
    already or into which another split writes, and for too few candles, RejectedError for bad ones,
    UnreadableError for what could not be written; neither folder then holds any of this split's.
    """
    _refuse_candles(train, backtest)
    universe = load_universe(source, data=data, now=now)
    size, embargo = len(universe.time), embargo_candles(data)
    test = max(data.test_candles, int(size * TEST_SHARE))
    boundary = size - test - embargo
    if boundary < LOOK_BACK + MIN_TRAIN:
        raise UsageError(
            f"{source}: {size} candles are too few to split: {test} for the test, {embargo} of embargo and "
            f"{LOOK_BACK + MIN_TRAIN} for training make {test + embargo + LOOK_BACK + MIN_TRAIN}",
            hint="Get more candles, or lower data.test_candles.",
        )
    parts = {
        "train": (train, universe.part(0, boundary, score_from=LOOK_BACK)),
        "backtest": (backtest, universe.part(boundary, size, score_from=embargo)),
    }
    records = {}
    side_source = source.parent if source.is_file() else source
    with _alone_in(train, backtest), _all_or_none([train, backtest], universe.symbols):
        for role, (folder, each) in parts.items():
            records[role] = _record(role, each, source, data)
            write_split(folder, records[role])
            write_universe(each, folder)
            begin = int(each.time[0]) - int(data.side_hours * 3_600_000)
            write_side(side_source, folder, each.symbols, begin, int(each.time[-1]) + each.step_ms)
    return SplitSummary(universe.symbols, records["train"], records["backtest"], universe.warnings)


def _refuse_candles(*folders: Path) -> None:
    for folder in folders:
        there = candle_files(folder)
        if there:
            raise UsageError(
                f"{folder} holds candles already ({there[0].name}{', …' if len(there) > 1 else ''})",
                hint="Move them away, or split into other folders: what was once training data must not "
                "be mixed with a new test.",
            )


@contextlib.contextmanager
def _alone_in(*folders: Path) -> Iterator[None]:
    """No other split writes into these folders meanwhile, and none did since they were looked at."""
    with contextlib.ExitStack() as held:
        for folder in sorted({folder.resolve() for folder in folders}):
            try:
                folder.mkdir(parents=True, exist_ok=True)
                handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            except OSError as error:
                raise UnreadableError(
                    f"{folder} could not be made or opened: {error.strerror}", hint="Check its permissions."
                ) from error
            held.callback(os.close, handle)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise UsageError(
                    f"another split writes into {folder} at this moment", hint="Look at what it made first."
                ) from error
            except OSError:
                pass  # a file system without locks on folders, such as some network volumes
        _refuse_candles(*folders)
        yield


@contextlib.contextmanager
def _all_or_none(folders: Sequence[Path], symbols: Sequence[str]) -> Iterator[None]:
    """Where the body fails, what it wrote in `folders` goes: half a split is no training data. What somebody
    else put there meanwhile stays."""
    ours = _names(symbols)

    def files() -> set[Path]:
        return {path for folder in folders for path in folder.rglob("*") if path.is_file() and ours(path)}

    before = files()
    try:
        yield
    except BaseException:  # Ctrl-C too
        for path in files() - before:
            with contextlib.suppress(OSError):
                path.unlink()
        raise


def _names(symbols: Sequence[str]) -> Callable[[Path], bool]:
    """Whether a split of these symbols writes a file of this name."""
    beginnings = {"macro", *symbols}

    def ours(path: Path) -> bool:
        if path.name in (SPLIT_NAME, MARKER):
            return True
        return path.suffix == ".parquet" and bool({path.stem, path.stem.rpartition("_")[0]} & beginnings)

    return ours


def train_validation(universe: Universe, data: settings.Data) -> tuple[Universe, Universe]:
    """Training data as (train, validation): the newest `validation_fraction` of the scored candles validates.

    The embargo between them is the validation's warm-up. Raises UsageError where either would be too short.
    """
    size, embargo = len(universe.time), embargo_candles(data)
    scored = size - universe.score_from
    validation = round(scored * data.validation_fraction)
    boundary = size - validation - embargo
    if validation < MIN_VALIDATION or boundary - universe.score_from < MIN_TRAIN:
        raise UsageError(
            f"{scored} scored candles are too few for training: {validation} of them validate, {embargo} are "
            f"embargo, {max(0, boundary - universe.score_from)} are left; expected at least {MIN_TRAIN} to "
            f"train and {MIN_VALIDATION} to validate",
            hint="Get more candles, or lower data.validation_fraction or data.holding_candles.",
        )
    return (
        universe.part(0, boundary, score_from=universe.score_from),
        universe.part(boundary, size, score_from=embargo),
    )


def _record(role: str, universe: Universe, source: Path, data: settings.Data) -> SplitRecord:
    time = universe.time
    return SplitRecord(
        role="train" if role == "train" else "backtest",
        source=str(source),
        timeframe=timeframe(universe.step_ms),
        symbols=universe.symbols,
        first=iso(from_epoch(int(time[0]) / 1000)),
        score_from=iso(from_epoch(int(time[universe.score_from]) / 1000)),
        last=iso(from_epoch(int(time[-1]) / 1000)),
        first_ms=int(time[0]),
        score_from_ms=int(time[universe.score_from]),
        last_ms=int(time[-1]),
        scored_candles=len(time) - universe.score_from,
        embargo_candles=embargo_candles(data),
        look_back=LOOK_BACK,
        holding_candles=data.holding_candles,
    )
