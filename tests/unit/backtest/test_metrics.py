"""The metrics: the design's known answers, and what must never come out of them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from core.backtest import metrics as m

MIXED = np.array([1, 10, -4, 2, 3, 2, 1, -10]) / 100
LOSING = np.array([0, -6, -7, -1, -9, -2, -6, -8, -5]) / 100
PROFITS = np.array([100, 200, 50, -150, 300, -100, 80, -30], float)

some_returns = arrays(np.float64, st.integers(2, 60), elements=st.floats(-0.5, 0.5))
some_profits = arrays(np.float64, st.integers(1, 60), elements=st.floats(-1e4, 1e4))


def test_known_answers_of_mixed_returns() -> None:
    assert m.sharpe_ratio(MIXED, 252) == pytest.approx(1.7238613961706866, abs=1e-12)
    assert m.sortino_ratio(MIXED, 252) == pytest.approx(2.605531251673693, abs=1e-12)
    assert m.max_drawdown(m.equity_of(MIXED)) == pytest.approx(0.10, abs=1e-12)
    assert m.cagr(MIXED, 252) == pytest.approx(2.3303, abs=5e-5)


def test_known_answers_of_losing_returns() -> None:
    assert m.max_drawdown(m.equity_of(LOSING)) == pytest.approx(0.36590730, abs=5e-9)
    assert m.sharpe_ratio(LOSING, 252) == pytest.approx(-24.406808633910085, abs=1e-11)


def test_known_answers_of_profits() -> None:
    outcome = m.outcomes(PROFITS, 10_000)
    assert m.win_rate(outcome) == 0.625
    assert m.profit_factor(*m.gross(PROFITS, outcome)) == pytest.approx(2.6071428571, abs=5e-11)
    assert m.longest_losing_run(outcome) == 1


@pytest.mark.parametrize("profits", [[-500, 100, -50, 100], [0, -500, 500, 10_000, -1_000]])
def test_known_drawdown_of_profits_on_a_capital(profits: list[float]) -> None:
    equity = m.with_capital(1_000 + np.cumsum(profits), 1_000)
    assert m.max_drawdown(equity) == 0.5


def test_the_capital_before_the_equity_counts_as_the_first_peak() -> None:
    equity = [900.0, 950.0]
    assert m.max_drawdown(equity) == 0.0
    assert m.max_drawdown(m.with_capital(equity, 1_000)) == pytest.approx(0.1)
    assert m.returns_of(m.with_capital(equity, 1_000)) == pytest.approx([-0.1, 950 / 900 - 1])


def test_two_percent_a_year_lowers_the_sharpe_ratio() -> None:
    plain, with_rate = m.sharpe_ratio(MIXED, 252), m.sharpe_ratio(MIXED, 252, 0.02)
    assert plain is not None and with_rate is not None and with_rate < plain
    excess = MIXED - (1.02 ** (1 / 252) - 1)
    assert with_rate == pytest.approx(excess.mean() / MIXED.std(ddof=1) * math.sqrt(252))


@pytest.mark.parametrize(
    "returns", [[], [0.01], [0.0] * 600, [0.001] * 600, [0.01, float("nan"), 0.02], [0.01, float("inf")]]
)
def test_no_ratio_without_variance_or_with_a_hole(returns: list[float]) -> None:
    assert m.sharpe_ratio(returns, 2190) is None
    assert m.sortino_ratio(returns, 2190) is None


def test_constant_growth_read_back_from_equity_has_no_variance() -> None:
    """Its returns differ in the last bits: dividing by that would make a Sharpe ratio of 1e13."""
    returns = m.returns_of(10_000 * 1.0007 ** np.arange(600))
    assert np.ptp(returns) > 0
    assert not m.has_variance(returns)
    assert m.sharpe_ratio(returns, 2190) is None


def test_no_calmar_without_a_drawdown() -> None:
    assert m.calmar_ratio(0.4, 0.0) is None
    assert m.calmar_ratio(0.4, None) is None
    assert m.calmar_ratio(None, 0.1) is None
    assert m.calmar_ratio(0.4, 0.1) == pytest.approx(4.0)


def test_ruin_is_a_whole_drawdown_and_no_return_after_it() -> None:
    equity = [1_000.0, 500.0, 0.0, 400.0]
    assert m.max_drawdown(equity) == 1.0
    assert m.returns_of(equity)[0] == -0.5
    assert np.isnan(m.returns_of(equity)[1:]).all()
    assert m.sharpe_ratio(m.returns_of(equity), 2190) is None
    assert m.cagr(m.returns_of(equity), 2190) is None
    assert m.cagr([-1.0, 0.5], 2190) == -1.0


def test_nan_equity_has_no_drawdown_and_no_growth() -> None:
    assert m.max_drawdown([1.0, float("nan"), 2.0]) is None
    assert m.cagr([0.1, float("nan")], 2190) is None


def test_growth_that_overflows_is_missing_not_infinite() -> None:
    assert m.cagr([0.5], 105_120) is None


def test_recovery_keeps_its_sign() -> None:
    assert m.recovery_factor(-0.2, 0.4) == pytest.approx(-0.5)
    assert m.recovery_factor(0.2, 0.0) is None


def test_a_draw_is_no_win_and_no_loss_but_a_trade() -> None:
    outcome = m.outcomes([10.0, 1e-6, -1e-6, -10.0], 10_000)
    assert outcome.tolist() == [1, 0, 0, -1]
    assert m.win_rate(outcome) == 0.25
    assert m.outcomes([1.01e-5, -1.01e-5], 10_000).tolist() == [1, -1]


def test_a_draw_breaks_a_losing_run() -> None:
    assert m.longest_losing_run(m.outcomes([-1, -1, 0, -1, -1, -1, 5, -1], 100)) == 3
    assert m.longest_losing_run(m.outcomes([], 100)) == 0
    assert m.longest_losing_run(m.outcomes([-1, -2], 100)) == 2


def test_streams_do_not_join_their_losing_runs() -> None:
    outcome = m.outcomes([-1, -1, -1, 1, -1, -1], 100)
    stream = np.array([0, 1, 0, 0, 1, 1])
    assert m.losing_runs(outcome, stream) == {0: (2, 3), 1: (3, 3)}


def test_profit_factor_without_a_loss_is_missing() -> None:
    outcome = m.outcomes([5.0, 7.0], 100)
    assert m.gross([5.0, 7.0], outcome) == (12.0, 0.0)
    assert m.profit_factor(12.0, 0.0) is None
    assert m.win_rate(m.outcomes([], 100)) is None
    assert m.expectancy([]) is None


@given(some_returns)
def test_every_metric_is_finite_or_missing(returns: np.ndarray) -> None:
    equity = m.equity_of(returns)
    drawdown = m.max_drawdown(equity)
    growth = m.cagr(returns, 2190)
    for value in (
        m.sharpe_ratio(returns, 2190),
        m.sharpe_ratio(returns, 2190, 0.02),
        m.sortino_ratio(returns, 2190),
        drawdown,
        growth,
        m.calmar_ratio(growth, drawdown),
        m.recovery_factor(m.total_return(returns), drawdown),
    ):
        assert value is None or math.isfinite(value)
    assert drawdown is not None and 0 <= drawdown <= 1


@given(some_returns, st.floats(0.1, 1e6))
def test_scale_of_the_account_changes_nothing(returns: np.ndarray, start: float) -> None:
    assert m.max_drawdown(m.equity_of(returns, start)) == pytest.approx(m.max_drawdown(m.equity_of(returns)))
    assert m.returns_of(m.equity_of(returns, start)) == pytest.approx(returns, abs=1e-9)


@given(some_returns)
def test_sharpe_turns_with_the_sign_and_grows_with_the_root_of_periods(returns: np.ndarray) -> None:
    ratio = m.sharpe_ratio(returns, 252)
    mirrored = m.sharpe_ratio(-returns, 252)
    if ratio is None or mirrored is None:
        assert ratio is mirrored
        return
    assert mirrored == pytest.approx(-ratio)
    assert m.sharpe_ratio(returns, 1008) == pytest.approx(2 * ratio)


@given(some_profits)
def test_trades_are_counted_once(profits: np.ndarray) -> None:
    outcome = m.outcomes(profits, 10_000)
    rate = m.win_rate(outcome)
    assert rate is not None and 0 <= rate <= 1
    up, down = m.gross(profits, outcome)
    draws = profits[outcome == 0].sum()
    assert up >= 0 and down >= 0
    assert up - down + draws == pytest.approx(profits.sum(), abs=1e-6)
    assert m.longest_losing_run(outcome) <= (outcome < 0).sum()


@given(some_profits)
def test_order_matters_to_the_losing_run_alone(profits: np.ndarray) -> None:
    shuffled = np.array(sorted(profits), float)
    before, after = m.outcomes(profits, 1), m.outcomes(shuffled, 1)
    assert m.win_rate(before) == m.win_rate(after)
    assert m.gross(profits, before) == m.gross(shuffled, after)
    assert m.longest_losing_run(after) == (profits < -1e-9).sum()
