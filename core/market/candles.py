"""Candle files in the shapes users have, read into `Candles` and written back.

Binance klines (`open_time` or `timestamp`, in s, ms, µs or ns; headerless CSV too), freqtrade (`date`; its
JSON too) and generic names in any case, as Parquet, Feather or CSV. Reading does not judge: order, repeats,
NaN and prices stay as they are in the file, so that `core.market.quality` can report them. Trap avoided: an
importer that sorts and fills quietly, after which a broken file looks like a good one.
"""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.errors import ConsoleError, UnreadableError
from core.files import replacing
from core.market.model import Candles
from core.text import visible

if TYPE_CHECKING:
    import pandas as pd

SUFFIXES = (".parquet", ".feather", ".csv", ".json")
"""A `.json` is a candle file only where its name states a timeframe, as freqtrade's do: `ADA_BTC-5m.json`."""
FIRST_YEAR, LAST_YEAR = 1970, 2200
"""Times outside are no candles' times."""
_END_MS = int(np.datetime64(f"{LAST_YEAR + 1}-01-01", "ms").astype(np.int64))
TIME_NAMES = (
    "open_time", "timestamp", "date", "datetime", "time", "opentime", "open_timestamp", "unix", "ts", "t",
)  # fmt: skip
_FIELDS = ("open", "high", "low", "close", "volume")
_SHORT = {"o": "open", "h": "high", "l": "low", "c": "close", "v": "volume", "vol": "volume"}
_TIMEFRAME_IN_NAME = re.compile(r"^(?P<symbol>.+?)[-_](?P<count>\d+)(?P<unit>[smhdw])(?:[-_].*)?$")
_UNIT_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
_SHAPES = "expected a time column (open_time, timestamp or date) and open, high, low, close, volume"


def candle_files(folder: Path) -> list[Path]:
    """The candle files directly inside `folder`, sorted by name; hidden files are left out.

    None where there is no such folder. Raises UnreadableError for a denied one.
    """
    if not folder.is_dir():
        return []
    try:
        return sorted(
            path
            for path in folder.iterdir()
            if _named_as_candles(path) and not path.name.startswith(".") and path.is_file()
        )
    except OSError as error:
        raise UnreadableError(f"{folder} could not be listed: {error.strerror}") from error


def without_candles(folder: Path) -> str:
    """In words, why `candle_files(folder)` is empty: no folder, no such file, or what has the name of one."""
    if not folder.is_dir():
        return f"{folder} is no folder"
    try:
        named = sorted(path for path in folder.iterdir() if _named_as_candles(path))
    except OSError as error:
        raise UnreadableError(f"{folder} could not be listed: {error.strerror}") from error
    odd = [
        f"{visible(path.name, 80)} is {_kind(path)}, no file"
        for path in named
        if not path.name.startswith(".") and not path.is_file()
    ]
    return f"{folder} holds no candles" + (f": {', '.join(odd[:3])}" if odd else "")


def _named_as_candles(path: Path) -> bool:
    suffix = path.suffix.lower()
    return suffix in SUFFIXES and (suffix != ".json" or step_in_name(path) is not None)


def _kind(path: Path) -> str:
    if path.is_dir():
        return "a folder"
    if path.is_fifo():
        return "a FIFO"
    return "a broken link" if not path.exists() else "a device or socket"


def symbol_of(path: Path) -> str:
    """`OGNUSDT_4h.parquet` → `OGNUSDT`, `ADA_BTC-5m.feather` → `ADA_BTC`."""
    match = _TIMEFRAME_IN_NAME.match(path.stem)
    return visible(match["symbol"] if match else path.stem, 60)


def step_in_name(path: Path) -> int | None:
    """The timeframe a file's name states, in milliseconds; None where it states none."""
    match = _TIMEFRAME_IN_NAME.match(path.stem)
    return int(match["count"]) * _UNIT_MS[match["unit"]] if match else None


def infer_step_ms(time: NDArray[np.int64]) -> int | None:
    """The timeframe in ms: the commonest positive distance of neighbours (the smaller on a tie).

    `time` has shape (n,), in file order. None where there is no positive distance.
    """
    steps = np.diff(time)
    steps = steps[steps > 0]
    if not len(steps):
        return None
    values, counts = np.unique(steps, return_counts=True)
    return int(values[np.argmax(counts)])


def timeframe(step_ms: int) -> str:
    """`14_400_000` → `4h`: the largest unit that divides it."""
    for unit in ("w", "d", "h", "m", "s"):
        if step_ms % _UNIT_MS[unit] == 0:
            return f"{step_ms // _UNIT_MS[unit]}{unit}"
    return f"{step_ms}ms"


def read_candles(path: Path) -> Candles:
    """One file's candles in file order. Raises UnreadableError naming what was expected and found."""
    try:
        frame = read_frame(path)
        columns = column_names(frame)
        time_name = next((columns[name] for name in TIME_NAMES if name in columns), None)
        missing = [name for name in _FIELDS if name not in columns]
        if time_name is None or missing:
            found = ", ".join(visible(str(name), 40) for name in list(frame.columns)[:12]) or "no column"
            raise UnreadableError(f"{path} holds no candles: {_SHAPES}; found {found}")
        fields = {name: numbers(frame[columns[name]], path, name) for name in _FIELDS}
        return Candles(symbol=symbol_of(path), time=milliseconds(frame[time_name], path), **fields)
    except ConsoleError:
        raise
    except Exception as error:
        reason = visible(str(error) or type(error).__name__, 200)
        raise UnreadableError(
            f"{path} could not be read as {path.suffix.lstrip('.')} candles: {reason}",
            hint="Expected a Parquet, Feather or CSV file of candles, or freqtrade's JSON.",
        ) from error


def column_names(frame: pd.DataFrame) -> dict[str, Any]:
    """Plain name → the frame's own: `Open Time` is open_time, `C` is close. Of two alike the first counts."""
    out: dict[str, Any] = {}
    for name in frame.columns:
        plain = re.sub(r"[\s\-]+", "_", str(name).strip().lower())
        out.setdefault(plain, name)
    for short, full in _SHORT.items():
        if full not in out and short in out:
            out[full] = out[short]
    return out


def write_candles(candles: Candles, path: Path) -> None:
    """Write `timestamp` (ms), open, high, low, close, volume as Parquet, atomically."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {"timestamp": candles.time} | {name: getattr(candles, name) for name in _FIELDS}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as temporary:
            pq.write_table(pa.table(columns), temporary)
    except OSError as error:
        raise UnreadableError(
            f"{path} could not be written: {error.strerror}", hint="Check free space and permissions."
        ) from error


def read_frame(path: Path) -> pd.DataFrame:
    import pandas as pd

    suffix = path.suffix.lower()
    if suffix == ".parquet":
        frame = pd.read_parquet(path)
    elif suffix == ".feather":
        frame = pd.read_feather(path)
    elif suffix == ".csv":
        frame = _read_csv(path)
    elif suffix == ".json":
        frame = _read_json(path)
    else:
        raise UnreadableError(f"{path} is no candle file: expected {', '.join(SUFFIXES)}")
    if isinstance(frame.index, pd.DatetimeIndex):
        index_name = str(frame.index.name or "date")
        if index_name not in frame.columns:
            frame = frame.rename_axis(index_name).reset_index()
    return frame


def _read_csv(path: Path) -> pd.DataFrame:
    """A CSV with a header, or Binance's headerless klines (time first, then the five fields)."""
    import pandas as pd

    with path.open("rb") as stream:
        first = stream.readline(4096).decode("utf-8", "replace").split(",")[0].strip().strip('"')
    if re.fullmatch(r"\d{9,}", first):
        return pd.read_csv(path, header=None).rename(columns=dict(enumerate(("open_time", *_FIELDS))))
    return pd.read_csv(path)


def _read_json(path: Path) -> pd.DataFrame:
    """freqtrade's JSON: a list of [open time in ms, open, high, low, close, volume]."""
    import msgspec
    import pandas as pd

    rows = msgspec.json.decode(path.read_bytes(), type=list[tuple[int, float, float, float, float, float]])
    return pd.DataFrame(rows, columns=["timestamp", *_FIELDS])


def numbers(column: pd.Series[Any], path: Path, name: str) -> NDArray[np.float64]:
    """The column as float64; blanks are NaN, a text that is no number is an error."""
    import pandas as pd

    numbers = pd.to_numeric(column, errors="coerce")
    broken = numbers.isna() & column.notna()
    if broken.any():
        row = int(np.flatnonzero(broken.to_numpy())[0])
        value = column.iloc[row]
        if not (isinstance(value, float) or str(value).strip().lower() in ("nan", "")):
            raise UnreadableError(
                f"{path}, row {row + 1}: {name} is {visible(str(value), 40)!r}, expected a number"
            )
    return np.ascontiguousarray(numbers.to_numpy(dtype=np.float64, na_value=np.nan))


def milliseconds(column: pd.Series[Any], path: Path) -> NDArray[np.int64]:
    """Open times as int64 ms UTC. The unit of a number follows from its size; a naive date is UTC."""
    import pandas as pd

    if column.isna().any():
        row = int(np.flatnonzero(column.isna().to_numpy())[0])
        raise UnreadableError(f"{path}, row {row + 1}: the time is missing")
    if not pd.api.types.is_datetime64_any_dtype(column):
        numbers = pd.to_numeric(column, errors="coerce")
        column = column if numbers.isna().any() else numbers
    if pd.api.types.is_numeric_dtype(column):
        values = column.to_numpy(dtype=np.float64)
        _refuse(values < 0, column, path)
        largest = float(values.max(initial=0.0))
        units = ((1e11, 1e3), (1e14, 1.0), (1e17, 1e-3), (math.inf, 1e-6))
        factor = next((factor for limit, factor in units if largest < limit), 1.0)
        _refuse(values >= _END_MS / factor, column, path)
        if factor == 1e-6:
            return column.to_numpy(dtype=np.int64) // 1_000_000
        return np.rint(values * factor).astype(np.int64)
    stamps = pd.to_datetime(column, utc=True)
    years = stamps.dt.year.to_numpy()
    _refuse((years < FIRST_YEAR) | (years > LAST_YEAR), column, path)
    return np.asarray(stamps.dt.tz_localize(None).to_numpy().astype("datetime64[ms]").astype(np.int64))


def _refuse(outside: NDArray[np.bool_], column: pd.Series[Any], path: Path) -> None:
    """Raises UnreadableError for the first row whose time is `outside` the years that candles can have."""
    if outside.any():
        row = int(np.flatnonzero(outside)[0])
        raise UnreadableError(
            f"{path}, row {row + 1}: the time is {visible(str(column.iloc[row]), 40)}; expected an open time "
            f"from {FIRST_YEAR} to {LAST_YEAR}"
        )
