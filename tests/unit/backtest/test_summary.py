"""How streams combine: checked against arithmetic done by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from core.backtest import metrics as m
from core.backtest.engine import Backtest, StreamTrades
from core.backtest.summary import portfolio_curves, summarise, symbol_results

STEP = 14_400_000


def backtest(
    equity: np.ndarray,
    trades: list[tuple[int, int, float]] = [],  # noqa: B006 - never changed
    coverage: float = 1.0,
) -> Backtest:
    """From equity (S, E, N) on a capital of 100 and trades (symbol, episode, pnl) in exit order."""
    symbols, episodes, candles = equity.shape
    columns = np.array(trades, float).reshape(-1, 3)
    index = np.arange(len(columns))
    return Backtest(
        symbols=tuple("ABCDEF"[:symbols]),
        starts=np.arange(episodes, dtype=np.int64) * candles + 1,
        candles=candles,
        time=np.arange(episodes * candles + 1, dtype=np.int64) * STEP,
        step_ms=STEP,
        capital=100.0,
        equity=equity,
        exposed=np.full((symbols, episodes), candles // 2),
        trades=StreamTrades(
            symbol=columns[:, 0].astype(np.int64),
            episode=columns[:, 1].astype(np.int64),
            side=np.ones(len(columns), np.int8),
            entry_index=index,
            exit_index=index + 1,
            entry_price=np.ones(len(columns)),
            exit_price=np.ones(len(columns)),
            exit_reason=np.zeros(len(columns), np.int8),
            pnl=columns[:, 2],
            r_multiple=columns[:, 2] / 10,
            ambiguous=np.zeros(len(columns), bool),
        ),
        coverage=coverage,
        synthetic=False,
    )


TWO_BY_TWO = np.array(
    [[[110.0, 99.0, 120.0], [100.0, 90.0, 95.0]], [[100.0, 101.0, 100.0], [100.0, 110.0, 115.0]]]
)


def test_portfolio_is_the_mean_of_the_sleeves_and_drawdown_the_worst_episode_s() -> None:
    summary = summarise(backtest(TWO_BY_TWO), min_stream_trades=1)
    first = [1.0, 1.05, 1.0, 1.1]
    second = [1.0, 1.0, 1.0, 1.05]
    joined = np.concatenate((m.returns_of(first), m.returns_of(second)))
    assert summary.metrics["max_drawdown_pct"] == pytest.approx(100 * 0.05 / 1.05)
    assert summary.metrics["sharpe_ratio"] == pytest.approx(
        joined.mean() / joined.std(ddof=1) * math.sqrt(2190)
    )
    assert summary.metrics["total_return_pct"] == pytest.approx(100 * (1.1 * 1.05 - 1))
    growth = (1.1 * 1.05) ** (2190 / 6) - 1
    assert summary.metrics["cagr_pct"] == pytest.approx(100 * growth)
    assert summary.metrics["calmar_ratio"] == pytest.approx(growth / (0.05 / 1.05))
    assert summary.metrics["worst_sleeve_drawdown_pct"] == pytest.approx(10.0)
    assert summary.metrics["exposure_pct"] == pytest.approx(100 / 3)
    assert summary.unique_candles == summary.metrics["unique_candles"] == 6
    assert summary.metrics["candles"] == 12


def test_every_symbol_weighs_the_same() -> None:
    sleeves = np.array([[[103.0]], [[100.0]], [[100.0]]])
    assert portfolio_curves(backtest(sleeves)).episodes[0][-1] == pytest.approx(1.01)


def test_trades_are_pooled_over_all_streams() -> None:
    trades = [(0, 0, 10.0), (1, 0, -5.0), (0, 1, 20.0), (1, 1, -5.0), (0, 0, 0.0)]
    metrics = summarise(backtest(TWO_BY_TWO, trades), min_stream_trades=1).metrics
    assert metrics["win_rate_pct"] == 40.0
    assert metrics["profit_factor"] == 3.0
    assert metrics["expectancy"] == 4.0
    assert metrics["expectancy_r"] == pytest.approx(0.4)
    assert (metrics["trades"], metrics["wins"], metrics["losses"], metrics["draws"]) == (5, 2, 2, 1)


def test_losing_runs_are_per_stream_and_the_median_rules() -> None:
    """Streams with runs 1, 2 and 5; a fourth has too few trades to count."""
    streams = {(0, 0): [-1, 1, -1], (0, 1): [-1, -1, 1], (1, 0): [-1] * 5, (1, 1): [-1]}
    trades = [(s, e, float(pnl)) for (s, e), pnls in streams.items() for pnl in pnls]
    run = backtest(TWO_BY_TWO, trades)
    median = summarise(run, min_stream_trades=3)
    assert median.metrics["consecutive_losses"] == 2
    assert median.eligible_streams == 3
    assert median.metrics["consecutive_losses_p90"] == pytest.approx(4.4)
    assert median.metrics["consecutive_losses_worst"] == 5
    assert median.metrics["consecutive_losses_pooled"] == 6, "runs join where streams follow each other"
    assert summarise(run, min_stream_trades=3, statistic="worst").metrics["consecutive_losses"] == 5
    assert summarise(run, min_stream_trades=3, statistic="pooled").metrics["consecutive_losses"] == 6
    assert summarise(run, min_stream_trades=6).eligible_streams == 0
    assert summarise(run, min_stream_trades=6).metrics["consecutive_losses"] is None


@pytest.mark.parametrize(
    ("value", "words"), [(0.0, "reached 0.00"), (-3.0, "reached -3.00"), (math.nan, "not finite")]
)
def test_a_wiped_out_or_unknown_sleeve_is_named(value: float, words: str) -> None:
    """The mean of the sleeves would still look alive."""
    equity = TWO_BY_TWO.copy()
    equity[1, 1, 2] = value
    summary = summarise(backtest(equity), min_stream_trades=1)
    assert summary.broken is not None
    assert "of B in episode 2" in summary.broken and words in summary.broken
    assert all(v is None or math.isfinite(v) for v in summary.metrics.values())


def test_no_losing_trade_is_flagged_and_no_trade_is_not() -> None:
    assert summarise(backtest(TWO_BY_TWO, [(0, 0, 5.0)]), min_stream_trades=1).no_losing_trade
    assert not summarise(backtest(TWO_BY_TWO), min_stream_trades=1).no_losing_trade
    assert not summarise(backtest(TWO_BY_TWO, [(0, 0, 0.0)]), min_stream_trades=1).no_losing_trade


def test_idle_equity_does_not_vary() -> None:
    assert not summarise(backtest(np.full((2, 2, 300), 100.0)), min_stream_trades=1).varies
    assert summarise(backtest(TWO_BY_TWO), min_stream_trades=1).varies


def test_symbols_have_their_own_figures() -> None:
    rows = symbol_results(backtest(TWO_BY_TWO, [(0, 0, 20.0), (0, 1, -5.0)]))
    assert [row["symbol"] for row in rows] == ["A", "B"]
    assert rows[0]["return_pct"] == pytest.approx(100 * (1.2 * 0.95 - 1))
    assert rows[0]["max_drawdown_pct"] == pytest.approx(10.0)
    assert rows[0]["profit_factor"] == 4.0
    assert rows[0]["trades"] == 2 and rows[1]["trades"] == 0
    assert rows[1]["win_rate_pct"] is None and rows[1]["profit_factor"] is None


def test_the_capital_is_the_first_peak_of_every_episode() -> None:
    curves = portfolio_curves(backtest(TWO_BY_TWO))
    assert [curve[0] for curve in curves.episodes] == [1.0, 1.0]
