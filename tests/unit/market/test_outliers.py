"""A price away from the candles on both sides is told with its place; what a market does is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.market.candles import write_candles
from core.market.outliers import outliers
from core.market.quality import check_file
from core.market.synthetic import synthetic_universe, write_universe


@pytest.mark.parametrize("row", [5, 6, 150, 293, 294])
@pytest.mark.parametrize("factor", [0.3, 3.0])
def test_a_bad_tick_is_found_wherever_it_stands(candles, row, factor):
    made = candles(300)
    close = made.close.copy()
    close[row] *= factor
    found = outliers(replace(made, close=close))
    assert [(each.row, each.price) for each in found] == [(row, "close")]
    assert found[0].percent == pytest.approx(100 * (factor - 1), abs=5)


@pytest.mark.parametrize("row", [0, 4, 295, 299])
def test_without_neighbours_on_both_sides_nothing_is_judged(candles, row):
    made = candles(300)
    close = made.close.copy()
    close[row] *= 3
    assert outliers(replace(made, close=close)) == []


def test_a_wick_is_found_with_its_side(candles):
    made = candles(300)
    low = made.low.copy()
    low[200] *= 0.4
    (found,) = outliers(replace(made, low=low))
    assert (found.row, found.price) == (200, "low")


def test_a_new_level_is_no_outlier(candles):
    made = candles(300)
    up = np.where(np.arange(300) < 150, 1.0, 2.0)
    moved = replace(made, open=made.open * up, high=made.high * up, low=made.low * up, close=made.close * up)
    assert outliers(moved) == []


def test_a_market_with_jumps_and_clusters_has_none(tmp_path, now):
    universe = synthetic_universe(seed=7, symbols=4, candles=4000, edge=0.4)
    reports = [check_file(path, now) for path in write_universe(universe, tmp_path)]
    assert [report.outliers for report in reports] == [0] * 4


def test_the_report_warns_with_the_evidence(candles, tmp_path, now):
    made = candles(300)
    high = made.high.copy()
    high[120] *= 2.5
    write_candles(replace(made, high=high), tmp_path / "ABC_4h.parquet")
    report = check_file(tmp_path / "ABC_4h.parquet", now)
    assert (report.outliers, report.verdict, report.rejections) == (1, "warn", ())
    (message,) = [text for text in report.warnings if "outlier" in text]
    assert "the high of" in message and "(row 121)" in message and "times the usual move" in message
