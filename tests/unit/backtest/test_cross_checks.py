"""The metrics beside empyrical-reloaded and quantstats: their recorded answers, and live where installed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from core.backtest import metrics as m

PERIODS = 2190.0
RETURNS = 0.006 * np.sin(0.7 * np.arange(800.0) ** 2) + 0.0004

RECORDED = {
    "sharpe": 2.9162858373359652,
    "sortino": 4.422081719706148,
    "drawdown": 0.08530480247132455,
    "cagr": 0.7345081792623516,
    "calmar": 8.610396577722087,
    "volatility": 0.19540365414962485,
}
"""By empyrical-reloaded 0.7.1 and quantstats 0.0.86, which agree to 1e-12."""


def ours() -> dict[str, float | None]:
    growth, drawdown = m.cagr(RETURNS, PERIODS), m.max_drawdown(m.equity_of(RETURNS))
    return {
        "sharpe": m.sharpe_ratio(RETURNS, PERIODS),
        "sortino": m.sortino_ratio(RETURNS, PERIODS),
        "drawdown": drawdown,
        "cagr": growth,
        "calmar": m.calmar_ratio(growth, drawdown),
        "volatility": m.volatility(RETURNS, PERIODS),
    }


def test_other_programs_recorded_answers_are_ours() -> None:
    assert ours() == pytest.approx(RECORDED, rel=1e-9)


@pytest.mark.parametrize("name", ["empyrical", "quantstats"])
def test_other_programs_give_the_same_where_they_are_installed(name: str) -> None:
    pandas = pytest.importorskip("pandas")
    index = pandas.date_range("2024-01-01", periods=len(RETURNS), freq="4h")
    series = pandas.Series(RETURNS, index=index)
    found = {"empyrical": _empyrical, "quantstats": _quantstats}[name](series)
    assert ours() == pytest.approx(found, rel=1e-9)


def _empyrical(series: Any) -> dict[str, float]:
    e = pytest.importorskip("empyrical", reason="a cross-check: pip install empyrical-reloaded")
    return {
        "sharpe": e.sharpe_ratio(series, annualization=PERIODS),
        "sortino": e.sortino_ratio(series, annualization=PERIODS),
        "drawdown": -e.max_drawdown(series),
        "cagr": e.cagr(series, annualization=PERIODS),
        "calmar": e.calmar_ratio(series, annualization=PERIODS),
        "volatility": e.annual_volatility(series, annualization=PERIODS),
    }


def _quantstats(series: Any) -> dict[str, float]:
    q = pytest.importorskip("quantstats.stats", reason="a cross-check: pip install quantstats")
    return {
        "sharpe": q.sharpe(series, periods=PERIODS),
        "sortino": q.sortino(series, periods=PERIODS),
        "drawdown": -q.max_drawdown(series),
        "cagr": q.cagr(series, periods=PERIODS),
        "calmar": q.calmar(series, periods=PERIODS),
        "volatility": q.volatility(series, periods=PERIODS),
    }
