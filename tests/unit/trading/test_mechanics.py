"""Known answers of the trading mechanics: where and when orders, stops and targets fill.

The warm-up has a range of 1, so the stop is 2 and the target 4 away and 1 % of 10,000 buys 50 units.
"""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import pytest

from core.config.settings import Reward, Trading
from core.errors import UsageError
from core.market.model import LOOK_BACK
from core.trading.actions import CLOSE, HOLD, OPEN_LONG, OPEN_SHORT, REDUCE_50
from core.trading.features import market_features
from core.trading.simulator import Lanes, Simulator
from core.trading.trades import ExitReason

FLAT = (100.0, 100.5, 99.5, 100.0)


def test_a_decision_at_the_close_fills_at_the_next_open(play, free):
    run = play([(101.0, 101.5, 100.5, 101.2), (101.2, 101.9, 100.9, 101.5), FLAT], [OPEN_LONG, CLOSE], free)
    trade = run.simulator.trades()
    assert trade.entry_price[0] == 101.0
    assert trade.exit_price[0] == 101.2
    assert (trade.entry_index[0], trade.exit_index[0]) == (LOOK_BACK, LOOK_BACK + 1)
    assert run.equity == pytest.approx([10_010.0, 10_010.0, 10_010.0])
    assert trade.exit_reason[0] == ExitReason.SIGNAL


def test_the_size_risks_one_percent_down_to_the_stop(play, free):
    run = play([FLAT, (99.0, 99.2, 97.0, 97.5)], [OPEN_LONG], free)
    trade = run.simulator.trades()
    assert trade.quantity[0] == pytest.approx(50.0)
    assert trade.exit_reason[0] == ExitReason.STOP
    assert trade.exit_price[0] == 98.0
    assert trade.pnl[0] == pytest.approx(-100.0)
    assert trade.r_multiple[0] == pytest.approx(-1.0)


def test_notional_with_its_fee_is_capped_at_equity(play):
    trading = Trading(risk_per_trade=0.5, fee_bp=10.0, slippage_bp=0.0, stop_atr=1.0, target_atr=90.0)
    run = play([(100.0, 100.2, 99.8, 100.0)] * 3, [OPEN_LONG], trading)
    trade = run.simulator.trades()
    assert trade.quantity[0] * trade.entry_price[0] * 1.001 == pytest.approx(10_000.0)


def test_long_target_fills_at_its_price(play, free):
    run = play([FLAT, (101.0, 104.5, 100.0, 104.2)], [OPEN_LONG], free)
    trade = run.simulator.trades()
    assert trade.exit_price[0] == 104.0
    assert trade.exit_reason[0] == ExitReason.TARGET
    assert trade.r_multiple[0] == pytest.approx(2.0)


def test_a_price_that_is_just_touched_fills(play, free):
    for action, stop, target in ((OPEN_LONG, 98.0, 104.0), (OPEN_SHORT, 102.0, 96.0)):
        for level, reason in ((stop, ExitReason.STOP), (target, ExitReason.TARGET)):
            bar = (100.0, max(100.0, level), min(100.0, level), 100.0)
            trade = play([FLAT, bar, FLAT], [action], free).simulator.trades()
            assert (trade.exit_reason[0], trade.exit_price[0]) == (reason, level)


def test_short_mirrors_long(play, free):
    won = play([FLAT, (99.0, 99.5, 95.5, 95.8)], [OPEN_SHORT], free).simulator.trades()
    lost = play([FLAT, (101.0, 102.5, 100.5, 102.0)], [OPEN_SHORT], free).simulator.trades()
    assert (won.side[0], won.exit_price[0], won.exit_reason[0]) == (-1, 96.0, ExitReason.TARGET)
    assert (lost.exit_price[0], lost.exit_reason[0]) == (102.0, ExitReason.STOP)
    assert won.pnl[0] == pytest.approx(200.0)
    assert lost.pnl[0] == pytest.approx(-100.0)


def test_a_gap_through_the_stop_fills_at_the_open(play, free):
    run = play([FLAT, (95.0, 96.0, 94.0, 95.5)], [OPEN_LONG], free)
    trade = run.simulator.trades()
    assert trade.exit_price[0] == 95.0
    assert trade.exit_reason[0] == ExitReason.STOP
    assert trade.r_multiple[0] == pytest.approx(-2.5)


def test_a_gap_through_the_target_fills_at_the_better_open(play, free):
    for action, bar in ((OPEN_LONG, (106.0, 106.5, 97.0, 106.0)), (OPEN_SHORT, (94.0, 103.0, 93.5, 94.0))):
        run = play([FLAT, bar], [action], free)
        trade = run.simulator.trades()
        assert trade.exit_price[0] == bar[0]
        assert trade.exit_reason[0] == ExitReason.TARGET
        assert not trade.ambiguous[0], "the open settles it before the range can"


@pytest.mark.parametrize("action", [OPEN_LONG, OPEN_SHORT])
def test_the_stop_goes_before_the_target_when_a_candle_touches_both_and_it_is_counted(play, free, action):
    run = play([FLAT, (100.0, 105.0, 95.0, 100.0)], [action], free)
    trade = run.simulator.trades()
    assert trade.exit_reason[0] == ExitReason.STOP
    assert trade.pnl[0] == pytest.approx(-100.0)
    assert trade.ambiguous[0]
    assert run.simulator.ambiguous == 1


def test_the_entry_candle_counts(play, free):
    stopped = play([(100.0, 100.5, 97.5, 98.5)], [OPEN_LONG], free).simulator.trades()
    reached = play([(100.0, 104.5, 99.0, 103.0)], [OPEN_LONG], free).simulator.trades()
    assert (stopped.exit_reason[0], stopped.exit_price[0]) == (ExitReason.STOP, 98.0)
    assert (reached.exit_reason[0], reached.exit_price[0]) == (ExitReason.TARGET, 104.0)
    assert stopped.entry_index[0] == stopped.exit_index[0] == LOOK_BACK


def test_no_level_is_touched_before_the_entry(play, free):
    """The candle of the decision fell through what becomes the stop; the trade begins after it."""
    run = play([(100.0, 100.2, 90.0, 100.0), (100.0, 100.5, 99.5, 100.1)], [HOLD, OPEN_LONG], free)
    assert run.simulator.trades().exit_reason[0] == ExitReason.FORCED_END


def test_market_fills_slip_and_targets_do_not(play):
    trading = Trading(fee_bp=0.0, slippage_bp=10.0)
    entry = 100.0 * 1.001
    target = play([FLAT, (101.0, 105.0, 100.0, 104.2)], [OPEN_LONG], trading).simulator.trades()
    stop = play([FLAT, (99.0, 99.5, 97.0, 97.5)], [OPEN_LONG], trading).simulator.trades()
    gap = play([FLAT, (95.0, 95.5, 94.0, 95.0)], [OPEN_LONG], trading).simulator.trades()
    assert target.entry_price[0] == pytest.approx(entry)
    assert target.exit_price[0] == pytest.approx(entry + 4.0)
    assert stop.exit_price[0] == pytest.approx((entry - 2.0) * 0.999)
    assert gap.exit_price[0] == pytest.approx(95.0 * 0.999)


def test_fees_are_paid_on_both_sides(play):
    run = play([FLAT, FLAT, FLAT], [OPEN_LONG, CLOSE], Trading(fee_bp=4.0, slippage_bp=0.0))
    trade = run.simulator.trades()
    assert trade.fees[0] == pytest.approx(2 * 50 * 100 * 4e-4)
    assert trade.pnl[0] == pytest.approx(-trade.fees[0])
    assert run.simulator.fees[0] == trade.fees[0]
    assert run.equity[-1] == pytest.approx(10_000.0 - trade.fees[0])


def test_a_zero_cost_round_trip_at_one_price_earns_nothing(play, free):
    for action in (OPEN_LONG, OPEN_SHORT):
        run = play([FLAT, FLAT, FLAT], [action, CLOSE], free)
        assert run.equity == [10_000.0] * 3
        assert run.simulator.trades().pnl[0] == 0.0


def test_reduce_fills_accrue_to_their_trade(play, free):
    bars = [FLAT, (102.0, 102.5, 101.5, 102.0), (101.0, 101.5, 100.5, 101.0), FLAT]
    run = play(bars, [OPEN_LONG, REDUCE_50, CLOSE], free)
    trades = run.simulator.trades()
    assert len(trades) == 1
    assert trades.pnl[0] == pytest.approx(25 * 2.0 + 25 * 1.0)
    assert trades.exit_price[0] == pytest.approx(101.5)
    assert trades.quantity[0] == pytest.approx(50.0)
    assert run.equity[-1] == pytest.approx(10_075.0)


def test_reduce_halves_three_times_and_is_invalid_after_that(play, free):
    run = play([FLAT] * 6, [OPEN_LONG, REDUCE_50, REDUCE_50, REDUCE_50, REDUCE_50], free)
    assert [step.components[0, 2] for step in run.steps] == [0, 0, 0, 0, -0.5, 0]
    assert len(run.simulator.trades()) == 1


def test_what_is_open_at_the_end_closes_at_market_with_its_fee(play):
    run = play([FLAT, (100.0, 101.5, 99.5, 101.0)], [OPEN_LONG], Trading(fee_bp=4.0, slippage_bp=10.0))
    trade = run.simulator.trades()
    assert trade.exit_reason[0] == ExitReason.FORCED_END
    assert trade.exit_price[0] == pytest.approx(101.0 * 0.999)
    assert run.equity[-1] == pytest.approx(10_000.0 + trade.pnl[0])
    assert run.steps[-1].done[0]
    assert not run.steps[-1].ruined[0]
    assert run.simulator.units[0] == 0.0


def test_an_open_on_the_last_candle_is_closed_on_it(play, free):
    trade = play([FLAT, (100.0, 101.0, 99.5, 100.5)], [HOLD, OPEN_LONG], free).simulator.trades()
    assert trade.entry_index[0] == trade.exit_index[0] == LOOK_BACK + 1
    assert trade.pnl[0] == pytest.approx(25.0)


def test_an_episode_of_n_candles_gives_n_marks_and_then_stands_still(play, free):
    run = play([FLAT] * 4, [], free)
    assert [bool(step.done[0]) for step in run.steps] == [False, False, False, True]
    after = run.simulator.step(np.array([OPEN_LONG]))
    assert after.done[0]
    assert after.equity[0] == run.equity[-1]
    assert after.rewards[0] == 0.0
    assert run.simulator.index[0] == LOOK_BACK + 3


@pytest.mark.parametrize("action", [CLOSE, REDUCE_50])
def test_leaving_without_a_position_is_invalid_and_moves_nothing(play, free, action):
    run = play([FLAT, FLAT], [action], free)
    assert run.steps[0].components[0].tolist() == [0.0, 0.0, -0.5, 0.0]
    assert run.equity == [10_000.0, 10_000.0]


@pytest.mark.parametrize("action", [OPEN_LONG, OPEN_SHORT])
def test_opening_with_a_position_open_is_invalid_and_moves_nothing(play, free, action):
    run = play([FLAT, FLAT, FLAT], [OPEN_LONG, action], free)
    assert run.steps[1].components[0, 2] == -0.5
    assert len(run.simulator.trades()) == 1


def test_a_missing_candle_fills_nothing_and_keeps_the_last_price(play, free, missing):
    run = play([FLAT, missing, (99.0, 99.4, 98.6, 99.0), FLAT], [OPEN_LONG, CLOSE, CLOSE], free)
    assert run.equity[:3] == pytest.approx([10_000.0, 10_000.0, 9_950.0])
    assert [step.components[0, 2] for step in run.steps] == [0.0] * 4, "a dropped order is no bad action"
    trade = run.simulator.trades()
    assert trade.exit_reason[0] == ExitReason.FORCED_END, "orders decided before or on the hole are dropped"


def test_a_stop_that_a_hole_hid_fills_at_the_next_open(play, free, missing):
    trade = play([FLAT, missing, (96.0, 96.5, 95.5, 96.0), FLAT], [OPEN_LONG], free).simulator.trades()
    assert (trade.exit_reason[0], trade.exit_price[0]) == (ExitReason.STOP, 96.0)


def test_a_symbol_listed_late_trades_when_its_features_are_warm(market, free, missing):
    listed = 4
    universe = market([missing] * listed + [FLAT] * (LOOK_BACK + 2))
    for plane in (universe.open, universe.high, universe.low, universe.close):
        plane[:, : LOOK_BACK + listed] = np.nan
    lanes = Lanes(np.array([0]), np.array([LOOK_BACK]), listed + LOOK_BACK + 2)
    simulator = Simulator(universe, market_features(universe), lanes, free, _reward())
    exposed = [bool(simulator.step(np.array([OPEN_LONG])).exposed[0]) for _ in range(lanes.candles)]
    assert exposed.index(True) == listed + LOOK_BACK


def test_a_restart_drops_the_open_position_with_its_levels(market, free):
    universe = market([FLAT, FLAT, (100.0, 110.0, 90.0, 100.0), FLAT])
    lanes = Lanes(np.array([0]), np.array([LOOK_BACK]), 4)
    simulator = Simulator(universe, market_features(universe), lanes, free, _reward())
    simulator.step(np.array([OPEN_LONG]))
    simulator.restart(np.array([0]), np.array([0]), np.array([LOOK_BACK + 1]), 3)
    for _ in range(3):
        result = simulator.step(np.array([HOLD]))
    assert result.equity[0] == 10_000.0
    assert len(simulator.trades()) == 0
    assert simulator.ambiguous == 0


def test_ruin_ends_the_episode(play):
    trading = Trading(fee_bp=0.0, slippage_bp=0.0, risk_per_trade=0.9, max_notional=5.0, stop_atr=2.0)
    run = play([FLAT, (150.0, 151.0, 149.0, 150.0), FLAT], [OPEN_SHORT], trading)
    assert run.equity[1] < 0
    assert run.steps[1].ruined[0]
    assert run.steps[1].done[0]
    assert run.equity[2] == run.equity[1]


def test_without_a_range_nothing_opens(market, free):
    universe = market([FLAT] * 4)
    for plane in (universe.open, universe.high, universe.low, universe.close):
        plane[:] = 100.0
    lanes = Lanes(np.array([0]), np.array([LOOK_BACK]), 4)
    simulator = Simulator(universe, market_features(universe), lanes, free, _reward())
    result = simulator.step(np.array([OPEN_LONG]))
    assert simulator.units[0] == 0.0
    assert result.components[0, 2] == 0.0


def test_exposed_means_a_position_was_open_during_the_candle(play, free):
    run = play([FLAT, FLAT, (100.0, 100.5, 97.0, 98.0), FLAT], [OPEN_LONG, CLOSE, OPEN_LONG], free)
    assert [bool(step.exposed[0]) for step in run.steps] == [True, False, True, False]


@pytest.mark.parametrize(("start", "candles"), [(LOOK_BACK - 1, 2), (LOOK_BACK, 5), (LOOK_BACK, 0)])
def test_an_episode_outside_the_scored_candles_is_refused(market, free, start, candles):
    universe = market([FLAT] * 4)
    with pytest.raises(UsageError, match="fit into the scored candles"):
        Simulator(
            universe,
            market_features(universe),
            Lanes(np.array([0]), np.array([start]), candles),
            free,
            _reward(),
        )


def test_an_atr_longer_than_the_warm_up_is_refused(market):
    universe = market([FLAT] * 4)
    with pytest.raises(UsageError, match="atr_candles"):
        Simulator(
            universe,
            market_features(universe),
            Lanes(np.array([0]), np.array([LOOK_BACK]), 4),
            Trading(atr_candles=LOOK_BACK),
            _reward(),
        )


def test_actions_of_the_wrong_shape_are_refused(play, free):
    run = play([FLAT, FLAT], [], free)
    with pytest.raises(ValueError, match="shape"):
        run.simulator.step(np.zeros(3, int))


def _reward():
    from core.config.settings import Reward

    return Reward()


def test_a_trailing_stop_moves_only_after_the_close(play, free):
    """Entry at 100, stop 98. The candle that reaches 103 may fall to 98.5; the next one leaves at 102 − 2."""
    trading = msgspec.structs.replace(free, trailing_atr=2.0)
    rise, fall = (100.0, 103.0, 98.5, 102.0), (102.0, 102.5, 99.0, 99.5)
    played = play([rise, fall], [OPEN_LONG], trading)
    trades = played.simulator.trades()
    assert (trades.exit_index - trades.entry_index).tolist() == [1]
    assert trades.exit_price.tolist() == pytest.approx([100.0])
    assert trades.exit_reason.tolist() == [ExitReason.STOP]


def test_a_trailing_stop_never_moves_away(play, free):
    trading = msgspec.structs.replace(free, trailing_atr=2.0)
    rise, dip, low = (100.0, 102.0, 99.5, 101.5), (101.5, 101.6, 100.0, 100.0), (100.0, 100.1, 99.4, 99.6)
    played = play([rise, dip, low], [OPEN_LONG], trading)
    assert played.simulator.trades().exit_price.tolist() == pytest.approx([99.5])


@pytest.mark.parametrize(("action", "sign"), [(OPEN_LONG, 1.0), (OPEN_SHORT, -1.0)])
@pytest.mark.parametrize("charged", [True, False])
def test_funding_is_paid_at_the_close_by_who_holds_then(market, free, action, sign, charged):
    """Due in the second and third candle; the position is opened in the second and left in the third."""
    flat = (100.0, 100.2, 99.8, 100.0)
    universe = market([flat] * 4)
    funding = np.zeros(universe.close.shape)
    funding[0, LOOK_BACK + 1 : LOOK_BACK + 3] = 0.001
    universe = replace(universe, funding=funding)
    lanes = Lanes(np.array([0]), np.array([LOOK_BACK]), 4)
    trading = msgspec.structs.replace(free, funding=charged)
    simulator = Simulator(universe, market_features(universe), lanes, trading, Reward())
    equity = [simulator.step(np.array([step])).equity[0] for step in (0, action, CLOSE, 0)]
    units = simulator.trades().quantity[0]
    paid = sign * units * 100.0 * 0.001 if charged else 0.0
    assert equity == pytest.approx([10_000, 10_000 - paid, 10_000 - paid, 10_000 - paid])
    assert simulator.trades().pnl.tolist() == pytest.approx([-paid])
    assert simulator.funding.tolist() == pytest.approx([paid])
    assert simulator.trades().fees.tolist() == [0.0]
