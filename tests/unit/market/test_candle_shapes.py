"""The shapes that exchanges and tools write: names in any case, any unit of time, freqtrade's JSON."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from core.errors import UnreadableError
from core.market.candles import candle_files, read_candles
from core.market.record import SPLIT_NAME
from core.market.synthetic import MARKER

START_MS = 1_700_006_400_000
TIMES = START_MS + 14_400_000 * np.arange(4)
PRICES = {
    "open": [1.0, 2, 3, 4],
    "high": [2.0, 3, 4, 5],
    "low": [0.5, 1, 2, 3],
    "close": [1.5, 2.5, 3.5, 4.5],
}


@pytest.mark.parametrize(
    "names",
    [
        ("timestamp", "open", "high", "low", "close", "volume"),
        ("Timestamp", "Open", "High", "Low", "Close", "Volume"),
        ("Open Time", "OPEN", "HIGH", "LOW", "CLOSE", "VOLUME"),
        ("open-time", "Open", "High", "Low", "Close", "Vol"),
        ("unix", "o", "h", "l", "c", "v"),
        ("T", "O", "H", "L", "C", "V"),
    ],
)
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
@pytest.mark.parametrize("unit", ["s", "ms", "us", "iso"])
def test_names_and_units(tmp_path, names, suffix, unit):
    stamps = {
        "s": TIMES // 1000,
        "ms": TIMES,
        "us": TIMES * 1000,
        "iso": pd.to_datetime(TIMES, unit="ms", utc=True).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }[unit]
    columns = [stamps, *PRICES.values(), [10.0, 20, 30, 40]]
    frame = pd.DataFrame(dict(zip(names, columns, strict=True)))
    path = tmp_path / f"ABC_4h.{suffix}"
    frame.to_csv(path, index=False) if suffix == "csv" else frame.to_parquet(path)
    candles = read_candles(path)
    assert candles.time.tolist() == TIMES.tolist()
    assert (candles.close.tolist(), candles.volume.tolist()) == (PRICES["close"], [10.0, 20, 30, 40])


def test_json_of_freqtrade(tmp_path):
    rows = [[int(TIMES[n]), *(PRICES[name][n] for name in PRICES), 10 + n] for n in range(4)]
    (tmp_path / "ADA_BTC-4h.json").write_text(json.dumps(rows))
    for other in (SPLIT_NAME, MARKER, "notes.json"):
        (tmp_path / other).write_text("{}")
    (path,) = candle_files(tmp_path)
    candles = read_candles(path)
    assert (candles.symbol, candles.time.tolist()) == ("ADA_BTC", TIMES.tolist())
    assert candles.volume.tolist() == [10, 11, 12, 13]


@pytest.mark.parametrize("content", ["{}", "[[1]]", '[["a",1,1,1,1,1]]', "[", ""])
def test_json_that_is_no_candles_says_so(tmp_path, content):
    path = tmp_path / "ADA_BTC-4h.json"
    path.write_text(content)
    with pytest.raises(UnreadableError, match="could not be read as json candles"):
        read_candles(path)
