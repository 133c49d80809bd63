"""The four components: their sizes, their weights, the clip, and that none is worth farming."""

from __future__ import annotations

import numpy as np
import pytest

from core.config.settings import Reward, Trading
from core.trading.actions import CLOSE, HOLD, OPEN_LONG
from core.trading.reward import (
    COMPONENT_NAMES,
    HOLD_BONUS,
    INVALID_ACTION,
    OUT_OF_MARKET,
    PNL_SCALE,
    reward_components,
    reward_scale,
    total_reward,
)

UP = (100.0, 101.0, 99.5, 100.5)
FLAT = (100.0, 100.5, 99.5, 100.0)


def test_there_are_the_checklists_four_components():
    assert COMPONENT_NAMES == ("r_pnl", "r_hold_bonus", "r_invalid_action", "r_out_of_market")


def test_pnl_is_percent_of_the_starting_capital(play, free):
    run = play([UP, UP], [OPEN_LONG], free)
    assert run.steps[0].components[0, 0] == pytest.approx(100 * 25.0 / 10_000)


def test_holding_a_winner_earns_the_bonus_and_holding_a_loser_does_not(play, free):
    won = play([UP, (100.5, 101.5, 100.0, 101.0), FLAT], [OPEN_LONG, HOLD], free)
    lost = play([FLAT, (100.0, 100.2, 98.5, 99.0), FLAT], [OPEN_LONG, HOLD], free)
    assert won.steps[0].components[0, 1] == 0.0, "opening is not holding"
    assert won.steps[1].components[0, 1] == HOLD_BONUS
    assert lost.steps[1].components[0, 1] == 0.0


def test_waiting_earns_a_little_and_only_without_a_position(play, free):
    run = play([FLAT, FLAT, FLAT, FLAT], [HOLD, OPEN_LONG, HOLD, CLOSE], free)
    assert [step.components[0, 3] for step in run.steps] == [OUT_OF_MARKET, 0.0, 0.0, 0.0]


def test_a_bad_action_costs_half_a_point_and_no_bonus_comes_with_it(play, free):
    run = play([FLAT, FLAT], [CLOSE], free)
    assert run.steps[0].components[0].tolist() == [0.0, 0.0, INVALID_ACTION, 0.0]
    assert INVALID_ACTION == -0.5


def test_weights_multiply_and_zero_switches_off():
    scale = reward_scale(
        Reward(pnl=2.0, hold_bonus=0.0, invalid_action=3.0, out_of_market=10.0), capital=1_000.0
    )
    yes = np.array([True])
    components = reward_components(scale, change=np.array([1.0]), held_winner=yes, invalid=yes, waited=yes)
    assert components[0] == pytest.approx([0.2, 0.0, -1.5, 10 * OUT_OF_MARKET])


@pytest.mark.parametrize(("change", "expected"), [(1e9, 10.0), (-1e9, -10.0), (100.0, 1.0)])
def test_the_sum_is_clipped_at_ten(change, expected):
    scale = reward_scale(Reward(), capital=10_000.0)
    no = np.array([False])
    components = reward_components(scale, change=np.array([change]), held_winner=no, invalid=no, waited=no)
    assert total_reward(components, scale)[0] == pytest.approx(expected)


def test_neither_bonus_is_worth_farming():
    """A whole episode of either is less than what one stopped trade costs; and an episode of waiting less
    than the costs of a dozen round trips."""
    trading = Trading()
    one_loss = PNL_SCALE * trading.risk_per_trade
    assert trading.episode_candles * HOLD_BONUS < one_loss / 2
    assert trading.episode_candles * OUT_OF_MARKET < one_loss / 5
    assert OUT_OF_MARKET < HOLD_BONUS
