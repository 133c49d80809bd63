"""Side data of a folder of candles: macro and sentiment values, each known from its own timestamp on.

`side/macro.csv` holds `timestamp` and any of fear_greed, btc_dominance, dxy; `side/SYMBOL.csv` (the candle
file's symbol) any of funding_rate, long_short_ratio, open_interest. Parquet and Feather do too, and every
unit of time that candles may have. A value counts at a candle's close if it was there by then and is no older
than `data.side_hours`; else it is absent. The rows of funding_rate are the fundings themselves. Trap avoided:
a daily value that is joined by its date, and so known since midnight.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.config import settings
from core.errors import ConsoleError, UnreadableError
from core.market.candles import TIME_NAMES, column_names, milliseconds, numbers, read_frame
from core.market.model import FloatArray, Universe

FOLDER = "side"
MACRO = ("fear_greed", "btc_dominance", "dxy")
SENTIMENT = ("funding_rate", "long_short_ratio", "open_interest")
NAMES = (*MACRO, *SENTIMENT)
_SUFFIXES = (".parquet", ".feather", ".csv")
_LEAST_FUNDING_MS = 3_600_000
"""Rates that come faster than hourly are quotes of the next funding, not fundings."""
_STAMPED_MS = 1000


@dataclass(frozen=True, slots=True)
class Column:
    """One value over time, ordered, without gaps."""

    time: NDArray[np.int64]
    """(n,) ms UTC from which each is known."""
    values: FloatArray


def side_files(folder: Path) -> list[Path]:
    """The side files of a folder of candles, sorted by name."""
    place = folder / FOLDER
    if not place.is_dir():
        return []
    try:
        return sorted(
            path for path in place.iterdir() if path.suffix.lower() in _SUFFIXES and path.name[0] != "."
        )
    except OSError as error:
        raise UnreadableError(f"{place} could not be listed: {error.strerror}") from error


def read_side(path: Path, names: tuple[str, ...]) -> dict[str, Column]:
    """The columns of `names` that a file holds. Raises UnreadableError naming what was expected."""
    try:
        frame = read_frame(path)
        columns = column_names(frame)
        time_name = next((columns[name] for name in TIME_NAMES if name in columns), None)
        there = [name for name in names if name in columns]
        if time_name is None or not there:
            raise UnreadableError(
                f"{path} holds no side data: expected a timestamp and any of {', '.join(names)}"
            )
        time = milliseconds(frame[time_name], path)
        order = np.argsort(time, kind="stable")
        out = {}
        for name in there:
            values = numbers(frame[columns[name]], path, name)[order]
            known = np.isfinite(values)
            out[name] = Column(time[order][known], values[known])
        return out
    except ConsoleError:
        raise
    except Exception as error:
        raise UnreadableError(f"{path} could not be read as side data: {error}") from error


def with_side(universe: Universe, folder: Path, data: settings.Data) -> Universe:
    """The universe with the side data of `folder`; as it is where there are none.

    Raises UnreadableError for a file that holds none.
    """
    files = {path.stem: path for path in side_files(folder)}
    wanted = {stem: path for stem, path in files.items() if stem == "macro" or stem in universe.symbols}
    if not wanted:
        return universe
    shape = universe.close.shape
    side = np.full((*shape, len(NAMES)), np.nan)
    funding = np.zeros(shape)
    warnings = list(universe.warnings)
    closes = universe.time + universe.step_ms
    oldest = int(data.side_hours * 3_600_000)
    for stem, path in wanted.items():
        rows = slice(None) if stem == "macro" else universe.symbols.index(stem)
        for name, column in read_side(path, MACRO if stem == "macro" else SENTIMENT).items():
            side[rows, :, NAMES.index(name)] = known_at(column, closes, oldest)
            if name != "funding_rate":
                continue
            if len(column.time) > 1 and np.median(np.diff(column.time)) < _LEAST_FUNDING_MS:
                warnings.append(f"{stem}: its funding_rate comes faster than hourly: shown, but not charged")
            else:
                funding[rows] = due(column, universe.time, universe.step_ms)
                times = funding_times(column, universe.time, universe.step_ms)
                within = int(((times - universe.time[0]) % universe.step_ms != 0).sum())
                if within:
                    warnings.append(
                        f"{stem}: {within:,} of {len(column.time):,} fundings fall within a candle: charged "
                        "at its close, and not to what was closed in it before"
                    )
    return replace(universe, side=side, funding=funding if funding.any() else None, warnings=tuple(warnings))


def known_at(column: Column, moments: NDArray[np.int64], oldest: int) -> FloatArray:
    """(n,) the newest value at each of `moments` (n,); NaN where it is older than `oldest` ms or missing."""
    if not len(column.time):
        return np.full(len(moments), np.nan)
    at = np.searchsorted(column.time, moments, side="right") - 1
    known = (at >= 0) & (moments - column.time[np.maximum(at, 0)] <= oldest)
    return np.where(known, column.values[np.maximum(at, 0)], np.nan)


def due(column: Column, opens: NDArray[np.int64], step_ms: int) -> FloatArray:
    """(n,) the sum of the rates that fall due after each candle's open, up to its close.

    Exchanges stamp a funding some milliseconds after its time: within `_STAMPED_MS` of an open it is the one
    of the close before.
    """
    out = np.zeros(len(opens))
    times = funding_times(column, opens, step_ms)
    inside = (times > opens[0]) & (times <= opens[-1] + step_ms)
    candle = np.searchsorted(opens, times[inside], side="left") - 1
    np.add.at(out, candle, column.values[inside])
    return out


def funding_times(column: Column, opens: NDArray[np.int64], step_ms: int) -> NDArray[np.int64]:
    """(m,) when the fundings fell due, the exchange's delay taken off."""
    late = (column.time - opens[0]) % step_ms
    return np.where(late <= _STAMPED_MS, column.time - late, column.time)


def write_side(source: Path, target: Path, symbols: tuple[str, ...], begin_ms: int, end_ms: int) -> None:
    """The rows of `source`'s side files known from `begin_ms` to `end_ms`, into `target`'s."""
    import pandas as pd

    from core.files import replacing

    for path in side_files(source):
        if path.stem != "macro" and path.stem not in symbols:
            continue
        columns = read_side(path, MACRO if path.stem == "macro" else SENTIMENT)
        frames = []
        for name, column in columns.items():
            inside = (column.time >= begin_ms) & (column.time <= end_ms)
            series = pd.Series(column.values[inside], index=column.time[inside], name=name)
            frames.append(series[~series.index.duplicated(keep="last")])
        joined = pd.concat(frames, axis=1).sort_index().rename_axis("timestamp").reset_index()
        place = target / FOLDER / f"{path.stem}.parquet"
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            with replacing(place) as temporary:
                joined.to_parquet(temporary)
        except OSError as error:
            raise UnreadableError(
                f"{place} could not be written: {error.strerror}", hint="Check free space and permissions."
            ) from error
