"""The `backtesting` package's shipped data and test strategy, through `score`; only where it is installed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.config.settings import Settings
from core.revalidation.score import score


def test_another_program_s_backtest_gives_its_own_figures(tmp_path: Path) -> None:
    backtesting = pytest.importorskip("backtesting", reason="a cross-check: pip install backtesting")
    from backtesting.lib import crossover
    from backtesting.test import GOOG, SMA

    class SmaCross(backtesting.Strategy):  # type: ignore[misc,name-defined]
        def init(self) -> None:
            self.fast = self.I(SMA, self.data.Close, 10)
            self.slow = self.I(SMA, self.data.Close, 30)

        def next(self) -> None:
            if crossover(self.fast, self.slow):
                self.position.close()
                self.buy()
            elif crossover(self.slow, self.fast):
                self.position.close()
                self.sell()

    stats = backtesting.Backtest(GOOG, SmaCross, finalize_trades=True).run()
    stats._equity_curve.Equity.to_csv(tmp_path / "E.csv", header=["equity"], index_label="timestamp")
    trades = stats._trades[["ExitTime", "PnL"]]
    trades.to_csv(tmp_path / "T.csv", header=["exit_time", "pnl"], index=False)
    metrics = score(
        tmp_path / "E.csv",
        tmp_path / "T.csv",
        periods_per_year=252,
        settings=Settings(),
        policy="manual",
        now=datetime(2026, 2, 27, tzinfo=UTC),
    ).metrics
    assert metrics["trades"] == 66
    assert metrics["win_rate_pct"] == pytest.approx(46.9697, abs=5e-5)
    assert metrics["max_drawdown_pct"] == pytest.approx(47.98012705, abs=5e-9)
    assert metrics["profit_factor"] == pytest.approx(1.4778410021, abs=5e-11)
    assert metrics["consecutive_losses"] == 4
    assert metrics["sharpe_ratio"] == pytest.approx(0.7983515642, abs=5e-11)
