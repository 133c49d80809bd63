"""Candle files become one universe, aligned by time, or are refused with a reason."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime

import msgspec
import numpy as np
import pytest

from core.config.settings import Data
from core.errors import RejectedError, UsageError
from core.market.candles import write_candles
from core.market.model import LOOK_BACK
from core.market.split import split_data
from core.market.universe import data_hash, load_universe

DATA = Data()
NOW = datetime(2026, 2, 23, 12, tzinfo=UTC)
PLANES = ("open", "high", "low", "close", "volume")


def rows(candles, keep):
    return replace(candles, **{name: getattr(candles, name)[keep] for name in ("time", *PLANES)})


def test_symbols_are_aligned_by_time_with_nan_where_one_lacks_a_candle(tmp_path, candles):
    write_candles(rows(candles(), slice(5, None)), tmp_path / "BBB_4h.parquet")
    keep = np.ones(300, bool)
    keep[[50, 51]] = False
    write_candles(rows(candles(), keep), tmp_path / "AAA_4h.parquet")
    universe = load_universe(tmp_path, data=DATA, now=NOW)
    assert universe.symbols == ("AAA", "BBB")
    assert universe.close.shape == (2, 300)
    assert np.flatnonzero(np.isnan(universe.close[0])).tolist() == [50, 51]
    assert np.flatnonzero(np.isnan(universe.close[1])).tolist() == [0, 1, 2, 3, 4]
    assert np.array_equal(universe.close[1, 5:], candles().close[5:])
    assert (np.diff(universe.time) == universe.step_ms).all()
    assert universe.score_from == LOOK_BACK
    assert any("AAA: 1 gap, 2 candles missing" in text for text in universe.warnings)


def test_only_the_asked_symbols_are_loaded(tmp_path, candles):
    for symbol in ("AAA", "BBB"):
        write_candles(candles(), tmp_path / f"{symbol}_4h.parquet")
    assert load_universe(tmp_path, data=DATA, now=NOW, symbols=["BBB"]).symbols == ("BBB",)
    assert load_universe(tmp_path, data=DATA, now=NOW, symbols=["BBB", "AAA"]).symbols == ("AAA", "BBB")
    with pytest.raises(UsageError, match="holds no candles of CCC; it holds AAA, BBB"):
        load_universe(tmp_path, data=DATA, now=NOW, symbols=["CCC"])


def test_an_unfinished_last_candle_is_cut_and_said(tmp_path, candles):
    made = candles()
    path = tmp_path / "AAA_4h.parquet"
    write_candles(made, path)
    moment = made.time[-1] / 1000 + 60
    os.utime(path, (moment, moment))
    universe = load_universe(tmp_path, data=DATA, now=NOW)
    assert len(universe.time) == 299
    assert "unfinished last candle, cut" in universe.warnings[0]


def test_candles_that_have_not_closed_now_are_cut(tmp_path, candles):
    made = candles()
    write_candles(made, tmp_path / "AAA_4h.parquet")
    early = datetime.fromtimestamp(made.time[-3] / 1000 + 60, UTC)
    universe = load_universe(tmp_path, data=DATA, now=early)
    assert universe.time[-1] == made.time[-4]


def test_a_negative_price_is_rejected_with_its_place(tmp_path, candles):
    made = candles()
    made.low[7] = -1.0
    write_candles(made, tmp_path / "AAA_4h.parquet")
    with pytest.raises(
        RejectedError, match=r"AAA_4h.parquet: 1 rows have a price at or below zero.*row 8"
    ) as caught:
        load_universe(tmp_path, data=DATA, now=NOW)
    assert caught.value.exit_code == 20
    assert "data check" in caught.value.hint


def test_a_symbol_that_covers_too_little_is_rejected(tmp_path, candles):
    write_candles(candles(), tmp_path / "AAA_4h.parquet")
    write_candles(rows(candles(), slice(200, None)), tmp_path / "BBB_4h.parquet")
    with pytest.raises(RejectedError, match=r"BBB has 33.3 % of the candles .* expected 90 %"):
        load_universe(tmp_path, data=DATA, now=NOW)
    assert load_universe(tmp_path, data=Data(coverage=0.3), now=NOW).close.shape == (2, 300)


def test_mixed_timeframes_two_files_of_a_symbol_and_shifted_grids_are_refused(tmp_path, candles):
    write_candles(candles(), tmp_path / "AAA_4h.parquet")
    write_candles(candles(step_ms=3_600_000), tmp_path / "BBB_1h.parquet")
    with pytest.raises(RejectedError, match="mixes timeframes") as mixed:
        load_universe(tmp_path, data=DATA, now=NOW)
    assert "move the others" in mixed.value.hint
    (tmp_path / "BBB_1h.parquet").unlink()
    write_candles(candles(), tmp_path / "AAA-4h.parquet")
    with pytest.raises(RejectedError, match="both AAA"):
        load_universe(tmp_path, data=DATA, now=NOW)
    (tmp_path / "AAA-4h.parquet").unlink()
    write_candles(candles(first=1_700_006_400_000 + 3_600_000), tmp_path / "CCC_4h.parquet")
    with pytest.raises(RejectedError, match="different moments"):
        load_universe(tmp_path, data=DATA, now=NOW)


def test_an_empty_folder_is_a_usage_error(tmp_path):
    for folder in (tmp_path, tmp_path / "absent"):
        with pytest.raises(UsageError):
            load_universe(folder, data=DATA, now=NOW)
        with pytest.raises(UsageError):
            data_hash(folder)


def test_the_hash_names_the_content_not_the_place(tmp_path, candles):
    one, two = tmp_path / "one", tmp_path / "two"
    for folder, order in ((one, ("AAA", "BBB")), (two, ("BBB", "AAA"))):
        for symbol in order:
            write_candles(candles(), folder / f"{symbol}_4h.parquet")
    assert data_hash(one) == data_hash(two)
    (one / "notes.txt").write_text("no candles")
    assert data_hash(one) == data_hash(two)
    made = candles()
    made.volume[3] += 1
    write_candles(made, one / "AAA_4h.parquet")
    assert data_hash(one) != data_hash(two)


def test_the_hash_is_that_of_the_test_so_it_changes_with_the_boundary(tmp_path, candles):
    source = tmp_path / "source"
    write_candles(candles(1500), source / "AAA_4h.parquet")
    split_data(source, tmp_path / "t", tmp_path / "b", DATA, NOW)
    before = data_hash(tmp_path / "b")
    path = tmp_path / "b" / "split.json"
    record = msgspec.json.decode(path.read_bytes())
    record["score_from_ms"] += record["first_ms"] * 0 + 14_400_000
    path.write_bytes(msgspec.json.encode(record))
    assert data_hash(tmp_path / "b") != before
