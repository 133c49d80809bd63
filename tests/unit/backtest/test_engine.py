"""The engine: windows that never overlap, one question per candle, money that adds up."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.backtest.engine import Backtest, cut_windows, planned_candles, run_backtest
from core.backtest.policy import Policy, RandomPolicy, RecordedPolicy
from core.backtest.summary import portfolio_curves, summarise
from core.config.settings import Reward, Settings, Trading
from core.errors import CancelledError, RejectedError
from core.market.model import Universe
from core.trading.actions import HOLD, OPEN_LONG

SHORT = msgspec.structs.replace(Trading(), episode_candles=50)


@given(st.integers(1, 200), st.integers(1, 3000), st.integers(1, 20), st.integers(1, 600))
def test_windows_never_overlap_and_stay_inside(first: int, scored: int, episodes: int, candles: int) -> None:
    starts, length, warnings = cut_windows(first, scored, episodes, candles)
    assert 1 <= len(starts) <= episodes
    assert starts[0] >= first and starts[-1] + length <= first + scored
    assert (np.diff(starts) >= length).all()
    assert starts[-1] + length == first + scored, "the newest candle is judged"
    whole = scored >= candles * episodes
    assert bool(warnings) != whole, "fewer or shorter windows than asked for are said, nothing else is"
    if scored >= candles:
        assert length == candles and len(starts) == min(episodes, scored // candles)
    else:
        assert length == scored


def test_the_policy_is_asked_once_per_candle_for_all_lanes(universe: Universe, scripted: type) -> None:
    policy = scripted([HOLD])
    run = run_backtest(universe, policy, episodes=3, trading=SHORT, reward=Reward(), whole_period=False)
    assert policy.asked == 50
    assert set(policy.lanes) == {4 * 3}
    assert run.equity.shape == (4, 3, 50)
    assert run.unique_candles == 150


def test_doing_nothing_keeps_the_capital_and_leaves_no_trade(universe: Universe, scripted: type) -> None:
    run = run_backtest(universe, scripted([HOLD]), episodes=2, trading=SHORT, reward=Reward())
    assert (run.equity == 10_000).all()
    assert len(run.trades) == 0 and not run.exposed.any()
    assert run.whole is not None and run.whole.candles == len(universe.time) - universe.score_from


def test_lanes_equal_single_runs_bit_for_bit(universe: Universe) -> None:
    """The same actions, recorded from the run of all lanes, replayed symbol by symbol."""
    recorded: list[np.ndarray] = []

    class Recording(RandomPolicy):
        def actions(self, observations: np.ndarray) -> np.ndarray:
            recorded.append(super().actions(observations))
            return recorded[-1]

    together = run_backtest(
        universe, Recording(4), episodes=3, trading=SHORT, reward=Reward(), whole_period=False
    )
    for index, symbol in enumerate(universe.symbols):
        row = slice(index, index + 1)
        alone = replace(
            universe,
            symbols=(symbol,),
            open=universe.open[row],
            high=universe.high[row],
            low=universe.low[row],
            close=universe.close[row],
            volume=universe.volume[row],
        )
        script = iter(recorded)

        class Replay:
            def actions(
                self, observations: np.ndarray, script: object = script, lane: int = index
            ) -> np.ndarray:
                return next(script)[lane * 3 : lane * 3 + 3]  # type: ignore[call-overload]

        single = run_backtest(alone, Replay(), episodes=3, trading=SHORT, reward=Reward(), whole_period=False)
        assert (single.equity[0] == together.equity[index]).all()
        mine = together.trades.symbol == index
        assert (single.trades.pnl == together.trades.pnl[mine]).all()
        assert (single.trades.episode == together.trades.episode[mine]).all()
        assert (single.exposed[0] == together.exposed[index]).all()


def test_money_is_conserved(universe: Universe) -> None:
    """What a stream's trades earned is what its equity moved by, to the cent."""
    run = run_backtest(universe, RandomPolicy(1), episodes=4, trading=SHORT, reward=Reward())
    assert len(run.trades) > 100
    earned = np.zeros(run.equity.shape[:2])
    np.add.at(earned, (run.trades.symbol, run.trades.episode), run.trades.pnl)
    assert earned == pytest.approx(run.equity[:, :, -1] - 10_000, abs=0.005)


def test_trades_lie_in_their_windows_in_exit_order(universe: Universe) -> None:
    run = run_backtest(universe, RandomPolicy(2), episodes=4, trading=SHORT, reward=Reward())
    start = run.starts[run.trades.episode]
    assert (run.trades.entry_index >= start).all()
    assert (run.trades.exit_index < start + run.candles).all()
    assert (np.diff(run.trades.exit_index) >= 0).all()


def test_a_missing_sleeve_earns_nothing_and_lowers_the_coverage(universe: Universe, scripted: type) -> None:
    close = universe.close.copy()
    close[1] = np.nan
    holed = replace(universe, close=close, open=close * 1, high=close * 1, low=close * 1)
    holed = replace(
        holed, **{name: _with_hole(getattr(universe, name)) for name in ("open", "high", "low", "close")}
    )
    run = run_backtest(
        holed, scripted([OPEN_LONG]), episodes=2, trading=SHORT, reward=Reward(), whole_period=False
    )
    assert (run.equity[1] == 10_000).all()
    assert run.coverage == 0.75
    assert portfolio_curves(run).broken is None


def _with_hole(plane: np.ndarray) -> np.ndarray:
    holed = plane.copy()
    holed[1] = np.nan
    return holed


def test_short_data_shorten_the_episode_and_it_is_said(universe: Universe, scripted: type) -> None:
    run = run_backtest(universe, scripted([HOLD]), episodes=10, trading=Trading(), reward=Reward())
    assert run.candles == len(universe.time) - universe.score_from < 500
    assert "instead of 10 of 500" in run.warnings[0]
    assert run.whole is not None and (run.whole.equity == run.equity).all()


def test_nothing_to_score_is_refused(universe: Universe, scripted: type) -> None:
    late = replace(universe, score_from=len(universe.time))
    with pytest.raises(RejectedError, match="no candle can be scored"):
        run_backtest(late, scripted([HOLD]), episodes=1, trading=SHORT, reward=Reward())


def test_progress_counts_to_the_plan_and_cancel_stops_it(universe: Universe, scripted: type) -> None:
    seen: list[tuple[int, int]] = []
    run_backtest(
        universe,
        scripted([HOLD]),
        episodes=2,
        trading=SHORT,
        reward=Reward(),
        on_progress=lambda done, total: seen.append((done, total)),
    )
    plan = planned_candles(universe, episodes=2, trading=SHORT, whole_period=True)
    assert seen[-1] == (plan, plan)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    policy = scripted([HOLD])
    with pytest.raises(CancelledError):
        run_backtest(
            universe,
            policy,
            episodes=2,
            trading=SHORT,
            reward=Reward(),
            cancelled=lambda: policy.asked >= 7,
        )
    assert policy.asked == 7


def test_the_same_seed_gives_the_same_numbers(universe: Universe) -> None:
    def metrics(seed: int) -> dict[str, object]:
        run = run_backtest(universe, RandomPolicy(seed), episodes=4, trading=SHORT, reward=Reward())
        return dict(summarise(run, min_stream_trades=Settings().evidence.min_stream_trades).metrics)

    assert metrics(1) == metrics(1)
    assert metrics(1) != metrics(2)


def test_money_moves_the_same_when_nothing_is_observed(universe: Universe) -> None:
    """What a replay of recorded actions leaves out changes no cent."""

    def played(policy: Policy, *, observed: bool) -> Backtest:
        return run_backtest(
            universe,
            policy,
            episodes=4,
            trading=SHORT,
            reward=Reward(),
            whole_period=False,
            record=True,
            observed=observed,
        )

    plain = played(RandomPolicy(3), observed=True)
    assert plain.actions is not None and plain.actions.shape == plain.equity.shape
    blind = played(RecordedPolicy(plain.actions, np.zeros(1, np.int64)), observed=False)
    assert np.array_equal(plain.equity, blind.equity)
    assert np.array_equal(plain.trades.pnl, blind.trades.pnl)
    assert blind.actions is not None and np.array_equal(plain.actions, blind.actions)
