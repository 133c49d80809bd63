"""Times that no candle has, files that are none: refused with their place and name, without warnings."""

from __future__ import annotations

import os
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from core.config.settings import Data
from core.errors import RejectedError, UnreadableError, UsageError
from core.market.candles import read_candles, write_candles
from core.market.quality import check_file, check_folder
from core.market.universe import load_universe

HEADER = "timestamp,open,high,low,close,volume\n"
GOOD = 1_700_006_400_000


def one_csv(folder, *times):
    path = folder / "ABC_4h.csv"
    path.write_text(HEADER + "".join(f"{time},1,1,1,1,1\n" for time in times))
    return path


@pytest.mark.parametrize(
    "time",
    [
        "-5",
        "inf",
        "1e300",
        "7289654400000",  # 2201 in ms
        "7289654400000000000",  # 2201 in ns
        "99999999999",  # 5138 in s
        "99999999999999999999",
        "1969-12-31",
        "2201-01-01",
        "9999-12-31",
        "0001-01-01",
    ],
)
def test_a_time_outside_1970_to_2200_is_refused_with_its_row(tmp_path, now, time):
    first = "2024-01-01" if "-" in time[1:] else "1"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        path = one_csv(tmp_path, first, time)
        with pytest.raises(UnreadableError, match=r"row 2: the time is .*from 1970 to 2200"):
            read_candles(path)
        assert check_file(path, now).verdict == "reject"


@pytest.mark.parametrize("year", ["1969-12-31", "2201-01-01", "9999-01-01"])
def test_a_stored_date_outside_1970_to_2200_is_refused(tmp_path, candles, year):
    made = candles(3)
    columns = {name: getattr(made, name) for name in ("open", "high", "low", "close", "volume")}
    dates = np.array(["2024-01-01", year, "2024-01-02"], "datetime64[ms]")
    path = tmp_path / "ABC_4h.parquet"
    pd.DataFrame({"date": dates} | columns).to_parquet(path)
    with pytest.raises(UnreadableError, match=r"row 2: the time is .*from 1970 to 2200"):
        read_candles(path)


@pytest.mark.parametrize("time", ["1970-01-01", "2200-12-31"])
def test_the_first_and_the_last_day_are_read(tmp_path, time):
    assert len(read_candles(one_csv(tmp_path, time))) == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda time: np.full_like(time, GOOD), "all 600 candles have one time, 2023-11-15T00:00:00Z"),
        (lambda time: time[::-1].copy(), "the times of the 600 candles never go forward"),
    ],
)
def test_candles_without_a_timeframe_say_why(tmp_path, candles, now, change, words):
    made = candles(600)
    path = tmp_path / "ABC_4h.parquet"
    write_candles(replace(made, time=change(made.time)), path)
    assert check_file(path, now).rejections[0].startswith(words)


def test_a_folder_whose_only_candle_file_is_none_names_it(tmp_path, now):
    os.mkfifo(tmp_path / "AAA_4h.csv")
    (tmp_path / "BBB_4h.parquet").mkdir()
    (tmp_path / "CCC_4h.feather").symlink_to(tmp_path / "absent")
    words = (
        "holds no candles: AAA_4h.csv is a FIFO, no file, BBB_4h.parquet is a folder, no file, "
        "CCC_4h.feather is a broken link, no file"
    )
    with pytest.raises(UsageError, match=words):
        check_folder(tmp_path, now)
    with pytest.raises(UsageError, match=words):
        load_universe(tmp_path, data=Data(), now=now)


@pytest.mark.parametrize("name", ["E", "E_4h.csv"])
def test_a_rejected_single_file_is_named_once(tmp_path, now, name):
    path = tmp_path / name
    path.write_text("no candles")
    with pytest.raises(RejectedError) as caught:
        load_universe(path, data=Data(), now=now)
    assert caught.value.title.startswith(str(path)) and caught.value.title.count(str(path)) == 1
    assert f"{name}/{name}" not in caught.value.title


def test_a_rejected_file_of_a_folder_is_named_once(tmp_path, now, candles):
    made = candles(600)
    path = tmp_path / "ABC_4h.parquet"
    write_candles(replace(made, time=made.time[::-1].copy()), path)
    (tmp_path / "XYZ_4h.csv").write_text("no candles")
    with pytest.raises(RejectedError) as caught:
        load_universe(tmp_path, data=Data(), now=now)
    assert caught.value.title.startswith(f"{path}: the times")
    path.unlink()
    with pytest.raises(RejectedError) as caught:
        load_universe(tmp_path, data=Data(), now=now)
    assert caught.value.title.count("XYZ_4h.csv") == 1
