"""Files in the shapes users have read as the same candles; what is none is an error that says why."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.errors import UnreadableError
from core.market.candles import (
    candle_files,
    infer_step_ms,
    read_candles,
    step_in_name,
    symbol_of,
    timeframe,
    write_candles,
)

FIELDS = ("open", "high", "low", "close", "volume")


def frame_of(candles, time_name="timestamp", unit=1):
    columns = {time_name: candles.time * unit} | {name: getattr(candles, name) for name in FIELDS}
    return pd.DataFrame(columns)


def assert_same(read, candles):
    assert read.time.dtype == np.int64
    assert read.time.tolist() == candles.time.tolist()
    for name in FIELDS:
        assert getattr(read, name).dtype == np.float64
        assert np.allclose(getattr(read, name), getattr(candles, name), rtol=1e-12)


@pytest.mark.parametrize("suffix", ["parquet", "feather", "csv"])
@pytest.mark.parametrize("time_name", ["open_time", "timestamp", "date"])
def test_every_shape_reads_as_the_same_candles(tmp_path, candles, suffix, time_name):
    made = candles(50)
    frame = frame_of(made, time_name)
    if time_name == "date":
        frame[time_name] = pd.to_datetime(made.time, unit="ms", utc=True)
    path = tmp_path / f"ABC_4h.{suffix}"
    getattr(frame, f"to_{suffix}")(path, **({"index": False} if suffix == "csv" else {}))
    assert_same(read_candles(path), made)


@pytest.mark.parametrize("unit", [1e-3, 1, 1_000, 1_000_000])
def test_seconds_milli_micro_and_nanoseconds_are_told_apart(tmp_path, candles, unit):
    made = candles(20)
    frame = frame_of(made)
    frame["timestamp"] = (made.time * unit).astype(np.int64)
    path = tmp_path / "ABC_4h.csv"
    frame.to_csv(path, index=False)
    assert read_candles(path).time.tolist() == made.time.tolist()


def test_headerless_binance_klines(tmp_path, candles):
    made = candles(20)
    frame = frame_of(made, "open_time")
    for extra in range(6):
        frame[f"more{extra}"] = 0
    path = tmp_path / "ABC-4h-2025-01.csv"
    frame.to_csv(path, index=False, header=False)
    read = read_candles(path)
    assert read.symbol == "ABC"
    assert_same(read, made)


def test_text_prices_and_capital_names_are_read(tmp_path, candles):
    """Binance's JSON gives prices as text."""
    made = candles(20)
    frame = frame_of(made).rename(columns=str.capitalize)
    for name in FIELDS:
        frame[name.capitalize()] = frame[name.capitalize()].map(repr)
    path = tmp_path / "ABC.parquet"
    frame.to_parquet(path)
    assert_same(read_candles(path), made)


def test_a_time_index_is_the_time(tmp_path, candles):
    made = candles(20)
    frame = frame_of(made, "date")
    frame["date"] = pd.to_datetime(made.time, unit="ms")
    path = tmp_path / "ABC.parquet"
    frame.set_index("date").to_parquet(path)
    assert_same(read_candles(path), made)


def test_written_candles_read_back_bit_for_bit(tmp_path, candles):
    made = candles(100)
    path = tmp_path / "deep" / "ABC_4h.parquet"
    write_candles(made, path)
    read = read_candles(path)
    assert read.symbol == "ABC"
    for name in ("time", *FIELDS):
        assert getattr(read, name).tobytes() == getattr(made, name).tobytes()
    assert [each.name for each in path.parent.iterdir()] == ["ABC_4h.parquet"], "no temporary file is left"


@pytest.mark.parametrize(
    ("name", "symbol", "step"),
    [
        ("OGNUSDT_4h.parquet", "OGNUSDT", 14_400_000),
        ("ADA_BTC-5m.feather", "ADA_BTC", 300_000),
        ("BTC_USDT_USDT-1h-futures.feather", "BTC_USDT_USDT", 3_600_000),
        ("BTCUSDT-1d-2025.csv", "BTCUSDT", 86_400_000),
        ("plain.csv", "plain", None),
    ],
)
def test_symbol_and_timeframe_from_the_name(name, symbol, step):
    assert symbol_of(Path(name)) == symbol
    assert step_in_name(Path(name)) == step


def test_a_hostile_name_is_made_visible():
    assert "\x1b" not in symbol_of(Path("A\x1b]52;c;AAAA\x07_4h.parquet"))


def test_the_commonest_step_is_the_timeframe():
    assert infer_step_ms(np.array([0, 5, 10, 30, 35, 40])) == 5
    assert infer_step_ms(np.array([0, 5, 15])) == 5
    assert infer_step_ms(np.array([7])) is None
    assert infer_step_ms(np.array([7, 7, 6])) is None


def test_timeframes_are_named_by_their_largest_unit():
    assert [timeframe(ms) for ms in (300_000, 14_400_000, 86_400_000, 604_800_000, 5_400_000)] == [
        "5m", "4h", "1d", "1w", "90m",
    ]  # fmt: skip


def test_only_candle_files_are_listed_in_order(tmp_path):
    for name in ("b.csv", "a.parquet", "c.feather", "notes.txt", ".hidden.csv", "split.json"):
        (tmp_path / name).touch()
    (tmp_path / "folder.csv").mkdir()
    assert [path.name for path in candle_files(tmp_path)] == ["a.parquet", "b.csv", "c.feather"]
    assert candle_files(tmp_path / "absent") == []


@pytest.mark.parametrize("name", ["A_4h.parquet", "A_4h.feather", "A_4h.csv"])
@pytest.mark.parametrize("content", [b"", b"this is a text\nfile\n", b"\x00\xff" * 40])
def test_what_is_no_candle_file_is_an_error_with_its_name(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UnreadableError, match=name):
        read_candles(path)


def test_a_missing_column_is_named_with_what_was_found(tmp_path, candles):
    path = tmp_path / "A_4h.csv"
    frame_of(candles(5)).drop(columns="low").to_csv(path, index=False)
    with pytest.raises(
        UnreadableError, match=r"expected a time column .* found timestamp, open, high, close"
    ):
        read_candles(path)


def test_a_word_among_the_prices_is_named_with_its_row(tmp_path, candles):
    frame = frame_of(candles(5)).astype(object)
    frame.loc[3, "close"] = "a\x1b[31mb"
    path = tmp_path / "A_4h.csv"
    frame.to_csv(path, index=False)
    with pytest.raises(UnreadableError, match="row 4: close is") as caught:
        read_candles(path)
    assert "\x1b" not in caught.value.title


def test_a_missing_time_is_an_error_with_its_row(tmp_path, candles):
    frame = frame_of(candles(5)).astype({"timestamp": "float64"})
    frame.loc[2, "timestamp"] = np.nan
    path = tmp_path / "A_4h.csv"
    frame.to_csv(path, index=False)
    with pytest.raises(UnreadableError, match="row 3: the time is missing"):
        read_candles(path)


def test_a_blank_price_is_nan_not_zero(tmp_path, candles):
    frame = frame_of(candles(5))
    frame.loc[2, "close"] = np.nan
    path = tmp_path / "A_4h.csv"
    frame.to_csv(path, index=False)
    assert np.isnan(read_candles(path).close).tolist() == [False, False, True, False, False]


def test_an_absent_file_is_an_error(tmp_path):
    path = tmp_path / "A_4h.parquet"
    with pytest.raises(UnreadableError, match=r"A_4h\.parquet"):
        read_candles(path)
