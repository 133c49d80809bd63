"""Macro and sentiment: known from their own time on, cut and hashed with the candles, charged once."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import pandas as pd
import pytest

from core.config.settings import Data
from core.errors import UnreadableError
from core.market.candles import write_candles
from core.market.model import LOOK_BACK
from core.market.side import NAMES, Column, due, known_at
from core.market.split import split_data
from core.market.universe import data_hash, load_universe
from core.trading.features import FEATURE_NAMES, market_features

DATA = msgspec.structs.replace(Data(), test_candles=100)
FIRST, STEP = 1_700_006_400_000, 14_400_000
HOUR = 3_600_000


def write(folder, name, times, **columns):
    (folder / "side").mkdir(exist_ok=True)
    pd.DataFrame({"timestamp": times, **columns}).to_csv(folder / "side" / f"{name}.csv", index=False)


@pytest.fixture
def folder(tmp_path, candles):
    place = tmp_path / "candles"
    for symbol in ("ABC", "XYZ"):
        write_candles(candles(600, symbol=symbol), place / f"{symbol}_4h.parquet")
    return place


def everything(folder):
    days = FIRST + 24 * HOUR * np.arange(100)
    write(folder, "macro", days, fear_greed=np.arange(100.0), btc_dominance=55.0, dxy=101.0)
    eights = FIRST + 8 * HOUR * np.arange(300)
    rates = np.where(np.arange(300) % 2, 0.0001, -0.0002)
    for symbol in ("ABC", "XYZ"):
        interest = 1e6 * np.exp(np.arange(300) / 100)
        write(folder, symbol, eights, funding_rate=rates, long_short_ratio=1.5, open_interest=interest)


def test_without_side_data_there_are_none_and_the_hash_is_as_ever(folder, now):
    universe = load_universe(folder, data=DATA, now=now)
    assert universe.side is None and universe.funding is None
    before = data_hash(folder)
    everything(folder)
    assert data_hash(folder) != before, "what the model sees is named by the hash"


def test_a_value_counts_from_the_close_that_could_know_it(folder, now):
    write(folder, "macro", [FIRST + 10 * STEP, FIRST + 20 * STEP + 1], fear_greed=[10.0, 90.0])
    universe = load_universe(folder, data=DATA, now=now)
    greed = universe.side[0, :, NAMES.index("fear_greed")]
    assert np.isnan(greed[:9]).all()
    assert greed[9:20].tolist() == [10.0] * 11, "at the close of candle 9, which is its own moment"
    assert greed[20] == 90.0
    assert np.isnan(greed[20 + 19 :]).all(), "after 72 hours it is absent"
    assert (universe.side[0] == universe.side[1]).sum() == np.isfinite(universe.side[0]).sum()


def test_fundings_are_charged_once_in_the_candle_they_fall_due_by(folder, now):
    write(folder, "ABC", FIRST + np.array([0, 8, 9, 16, 24]) * HOUR, funding_rate=[9.0, 0.1, 0.2, 0.4, 0.8])
    universe = load_universe(folder, data=DATA, now=now)
    assert universe.funding[0, :7].round(9).tolist() == [0.0, 0.1, 0.2, 0.4, 0.0, 0.8, 0.0]
    assert not universe.funding[1].any(), "the other symbol has none"


def test_a_funding_stamped_some_milliseconds_late_is_charged_at_its_close(folder, now):
    write(folder, "ABC", FIRST + np.array([8, 16]) * HOUR + 13, funding_rate=[0.1, 0.4])
    universe = load_universe(folder, data=DATA, now=now)
    assert universe.funding[0, :5].tolist() == [0.0, 0.1, 0.0, 0.4, 0.0]
    assert not any("within a candle" in text for text in universe.warnings)


def test_fundings_within_a_candle_are_said(folder, now):
    write(folder, "ABC", FIRST + np.array([8, 17]) * HOUR, funding_rate=[0.1, 0.4])
    universe = load_universe(folder, data=DATA, now=now)
    assert "ABC: 1 of 2 fundings fall within a candle" in " ".join(universe.warnings)


def test_no_funding_is_lost_or_doubled():
    opens = FIRST + STEP * np.arange(50)
    random = np.random.default_rng(1)
    times = np.sort(FIRST + random.integers(1, 50 * STEP, 400))
    rates = random.normal(size=400)
    charged = due(Column(times, rates), opens, STEP)
    assert charged.sum() == pytest.approx(rates.sum())
    for candle in (0, 7, 49):
        inside = (times > opens[candle]) & (times <= opens[candle] + STEP)
        assert charged[candle] == pytest.approx(rates[inside].sum())


def test_quotes_of_a_funding_are_not_charged(folder, now):
    write(folder, "ABC", FIRST + 300_000 * np.arange(500), funding_rate=0.0001)
    universe = load_universe(folder, data=DATA, now=now)
    assert universe.funding is None
    assert any("faster than hourly" in text for text in universe.warnings)


def test_the_split_cuts_side_data_along(folder, now, tmp_path):
    everything(folder)
    whole = load_universe(folder, data=DATA, now=now)
    split_data(folder, tmp_path / "train", tmp_path / "backtest", DATA, now)
    begin = 0
    for name in ("train", "backtest"):
        each = load_universe(tmp_path / name, data=DATA, now=now)
        begin = int(np.searchsorted(whole.time, each.time[0]))
        cut = slice(begin, begin + len(each.time))
        assert each.side.tobytes() == np.ascontiguousarray(whole.side[:, cut]).tobytes()
        assert each.funding[:, 1:].tobytes() == np.ascontiguousarray(whole.funding[:, cut][:, 1:]).tobytes()
    last = pd.read_parquet(tmp_path / "train" / "side" / "macro.parquet")["timestamp"].max()
    train = load_universe(tmp_path / "train", data=DATA, now=now)
    assert last <= train.time[-1] + STEP, "training holds nothing of the time after it"


def test_features_of_side_data_do_not_leak_and_vary(folder, now):
    everything(folder)
    universe = load_universe(folder, data=DATA, now=now)
    whole = market_features(universe)
    at = 300
    cut = market_features(universe.part(0, at + 1, score_from=LOOK_BACK))[:, at]
    assert cut.tobytes() == whole[:, at].tobytes()
    values = dict(zip(FEATURE_NAMES, whole[0, at].tolist(), strict=True))
    assert values["btc_dominance"] == pytest.approx(0.5)
    assert values["dxy"] == pytest.approx(0.2)
    assert values["long_short_ratio"] == pytest.approx(0.4)
    assert values["open_interest_change"] == pytest.approx(5 * (np.exp(12 / 100) - 1))
    assert abs(values["funding_rate"]) in (pytest.approx(0.2), pytest.approx(0.4))
    other = replace(universe, side=None)
    assert (market_features(other)[..., :-6] == whole[..., :-6]).all()


@pytest.mark.parametrize(
    "text", ["", "timestamp,moon\n1,2\n", "fear_greed\n5\n", "timestamp,dxy\n1700006400,x\n"]
)
def test_a_file_that_holds_no_side_data_is_named(folder, now, text):
    (folder / "side").mkdir()
    (folder / "side" / "macro.csv").write_text(text)
    with pytest.raises(UnreadableError, match=r"macro\.csv"):
        load_universe(folder, data=DATA, now=now)


def test_nothing_known_yet():
    assert np.isnan(known_at(Column(np.zeros(0, np.int64), np.zeros(0)), np.array([1, 2]), 10)).all()
