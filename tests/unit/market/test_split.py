"""Candles are cut by time over all symbols, with an embargo and without overlap."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from msgspec.structs import replace as replace_struct

from core.config.settings import Data
from core.errors import UnreadableError, UsageError
from core.market import split as split_module
from core.market import synthetic
from core.market.candles import read_candles, write_candles
from core.market.model import LOOK_BACK
from core.market.record import read_split
from core.market.split import embargo_candles, split_data, train_validation
from core.market.universe import load_universe
from core.trading.features import market_features

DATA = Data()
NOW = datetime(2026, 2, 23, 12, tzinfo=UTC)
PLANES = ("open", "high", "low", "close", "volume")


def rows(candles, keep):
    return replace(candles, **{name: getattr(candles, name)[keep] for name in ("time", *PLANES)})


@pytest.fixture
def split(tmp_path, candles):
    source = tmp_path / "source"
    write_candles(candles(2000), source / "AAA_4h.parquet")
    write_candles(rows(candles(2000), slice(40, 1990)), source / "BBB_4h.parquet")
    summary = split_data(source, tmp_path / "train", tmp_path / "backtest", DATA, NOW)
    return tmp_path, summary


def test_a_split_loses_nothing_and_overlaps_nowhere(split, candles):
    folder, _ = split
    train = read_candles(folder / "train" / "AAA_4h.parquet")
    test = read_candles(folder / "backtest" / "AAA_4h.parquet")
    assert np.array_equal(np.concatenate([train.time, test.time]), candles(2000).time)
    assert np.array_equal(np.concatenate([train.close, test.close]), candles(2000).close)


def test_all_symbols_are_cut_at_the_same_moment(split):
    folder, _ = split
    ends = {int(read_candles(path).time[-1]) for path in (folder / "train").glob("*.parquet")}
    begins = {int(read_candles(path).time[0]) for path in (folder / "backtest").glob("*.parquet")}
    assert len(ends) == len(begins) == 1


def test_the_embargo_separates_training_from_what_is_scored(split):
    folder, summary = split
    universe = load_universe(folder / "backtest", data=DATA, now=NOW)
    last_trained = summary.train.last_ms
    first_scored = int(universe.time[universe.score_from])
    between = (first_scored - last_trained) // universe.step_ms - 1
    assert between == embargo_candles(DATA) == LOOK_BACK + DATA.holding_candles == universe.score_from
    assert first_scored == summary.backtest.score_from_ms
    assert len(universe.time) - universe.score_from == summary.backtest.scored_candles == 600


def test_no_scored_feature_reads_a_training_candle(split, candles):
    """Features of the scored candles are the same from the test folder alone as from the whole history."""
    folder, _ = split
    universe = load_universe(folder / "backtest", data=DATA, now=NOW)
    whole = load_universe(folder / "source", data=DATA, now=NOW)
    begin = len(whole.time) - len(universe.time)
    here, there = market_features(universe), market_features(whole)
    assert (
        here[:, universe.score_from - 1 :].tobytes() == there[:, begin + universe.score_from - 1 :].tobytes()
    )


def test_both_folders_record_the_boundaries(split):
    folder, summary = split
    train, test = read_split(folder / "train"), read_split(folder / "backtest")
    assert (train, test) == (summary.train, summary.backtest)
    assert (train.role, test.role) == ("train", "backtest")
    assert train.last < test.first < test.score_from < test.last
    assert test.embargo_candles == 72
    assert test.symbols == ("AAA", "BBB")


def test_a_folder_that_holds_candles_is_not_split_into(split):
    folder, _ = split
    with pytest.raises(UsageError, match="holds candles already"):
        split_data(folder / "source", folder / "train", folder / "other", DATA, NOW)


@pytest.mark.parametrize("ends", [UnreadableError("No space left on device"), KeyboardInterrupt()])
def test_a_split_that_ends_half_way_leaves_nothing_of_itself(tmp_path, candles, monkeypatch, ends):
    for name in ("AAA", "BBB"):
        write_candles(candles(700), tmp_path / "source" / f"{name}_4h.parquet")
    folders = tmp_path / "train", tmp_path / "backtest"
    folders[0].mkdir()
    (folders[0] / "notes.txt").write_text("mine")
    written = []

    def write(made, path):
        if len(written) == 3:
            raise ends
        written.append(path)
        write_candles(made, path)

    data = replace_struct(DATA, test_candles=300)
    with monkeypatch.context() as patch:
        patch.setattr(synthetic, "write_candles", write)
        with pytest.raises(type(ends)):
            split_data(tmp_path / "source", *folders, data, NOW)
    there = [path.name for folder in folders for path in folder.rglob("*") if path.is_file()]
    assert len(written) == 3 and there == ["notes.txt"]
    split_data(tmp_path / "source", *folders, data, NOW)


def test_of_two_splits_at_once_into_the_same_folder_one_is_refused_and_touches_nothing_of_the_other(
    tmp_path, candles, monkeypatch
):
    write_candles(candles(700), tmp_path / "source" / "AAA_4h.parquet")
    folders = tmp_path / "train", tmp_path / "backtest"
    data = replace_struct(DATA, test_candles=300)
    refused = []

    def write(made, path):
        write_candles(made, path)
        if not refused:
            with pytest.raises(UsageError) as other:
                split_data(tmp_path / "source", tmp_path / "other", folders[1], data, NOW)
            refused.append(str(other.value))
            (folders[0] / "mine.parquet").write_text("of somebody else")
            raise UnreadableError(f"{path} could not be written: No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(synthetic, "write_candles", write)
        with pytest.raises(UnreadableError, match="No space"):
            split_data(tmp_path / "source", *folders, data, NOW)
    assert "another split writes into" in refused[0] and not (tmp_path / "other").exists()
    assert [path.name for folder in folders for path in folder.iterdir()] == ["mine.parquet"]


def test_candles_that_came_while_the_split_was_prepared_are_not_mixed_with_it(tmp_path, candles, monkeypatch):
    write_candles(candles(700), tmp_path / "source" / "AAA_4h.parquet")
    loads = split_module.load_universe

    def load(*arguments, **keywords):
        write_candles(candles(10), tmp_path / "backtest" / "BBB_4h.parquet")
        return loads(*arguments, **keywords)

    monkeypatch.setattr(split_module, "load_universe", load)
    data = replace_struct(DATA, test_candles=300)
    with pytest.raises(UsageError, match="holds candles already"):
        split_data(tmp_path / "source", tmp_path / "train", tmp_path / "backtest", data, NOW)
    assert not any((tmp_path / "train").iterdir())


def test_a_symbol_that_the_split_put_there_and_is_gone_is_said(split):
    folder, _ = split
    (folder / "backtest" / "BBB_4h.parquet").unlink()
    warnings = load_universe(folder / "backtest", data=DATA, now=NOW).warnings
    assert any("split.json names BBB, whose candles are not there" in warning for warning in warnings)


def test_too_few_candles_to_split_are_refused_with_the_arithmetic(tmp_path, candles):
    write_candles(candles(700), tmp_path / "s" / "AAA_4h.parquet")
    with pytest.raises(UsageError, match=r"700 candles are too few .* 500 for the test, 72 of embargo"):
        split_data(tmp_path / "s", tmp_path / "t", tmp_path / "b", DATA, NOW)
    assert not (tmp_path / "t").exists()


def test_train_and_validation_are_separated_by_the_embargo(split):
    folder, _ = split
    universe = load_universe(folder / "train", data=DATA, now=NOW)
    train, validation = train_validation(universe, DATA)
    assert train.time[-1] + universe.step_ms == validation.time[0]
    assert validation.time[-1] == universe.time[-1]
    assert validation.score_from == embargo_candles(DATA)
    scored = len(validation.time) - validation.score_from
    assert scored == round(0.25 * (len(universe.time) - universe.score_from))
    assert train.score_from == universe.score_from
    with pytest.raises(UsageError, match="too few for training"):
        train_validation(universe.part(0, 200, score_from=LOOK_BACK), DATA)


def test_a_broken_record_is_an_error(split):
    folder, _ = split
    (folder / "backtest" / "split.json").write_text('{"role": 3}')
    with pytest.raises(UnreadableError, match="no split record"):
        load_universe(folder / "backtest", data=DATA, now=NOW)


def test_a_single_file_can_be_split(tmp_path, candles):
    write_candles(candles(1500), tmp_path / "s" / "AAA_4h.parquet")
    write_candles(candles(1500), tmp_path / "s" / "BBB_4h.parquet")
    summary = split_data(tmp_path / "s" / "AAA_4h.parquet", tmp_path / "t", tmp_path / "b", DATA, NOW)
    assert summary.symbols == ("AAA",)


def test_the_real_ognusdt_keeps_five_hundred_scored_candles(tmp_path, real):
    summary = split_data(real / "OGNUSDT_4h.parquet", tmp_path / "t", tmp_path / "b", DATA, NOW)
    universe = load_universe(tmp_path / "b", data=DATA, now=NOW)
    assert len(universe.time) - universe.score_from == 500
    assert universe.warnings == (), "the split wrote finished candles only"
    assert summary.backtest.last == "2026-02-21T08:00:00Z", "the candle that was still forming is gone"
    assert "unfinished last candle" in summary.warnings[0]
    train, validation = train_validation(load_universe(tmp_path / "t", data=DATA, now=NOW), DATA)
    assert len(train.time) - train.score_from >= 200
    assert len(validation.time) - validation.score_from >= 90
