"""The four reward components, weighted, their sum clipped.

`r_pnl` is the change of net equity over the candle in percent of the starting capital, so over an episode it
adds up to the return in percent. The other three shape behaviour and are small beside it: a whole episode of
500 candles earns at most 0.25 for holding winners or 0.1 for staying out, less than what a quarter of a
percent of capital pays, so neither is worth farming. Trap avoided: a bonus that pays better than trading.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.config.settings import Reward

COMPONENT_NAMES = ("r_pnl", "r_hold_bonus", "r_invalid_action", "r_out_of_market")
PNL_SCALE = 100.0
"""1 % of the starting capital is a reward of 1."""
HOLD_BONUS = 0.0005
"""For a candle on which an open position was held and ends in profit."""
INVALID_ACTION = -0.5
"""The checklist's penalty: opening with a position open, closing or reducing with none."""
OUT_OF_MARKET = 0.0002
"""For a candle that was waited out without a position."""


@dataclass(frozen=True, slots=True)
class RewardScale:
    """The components' sizes with the settings' weights applied."""

    pnl: float  # per unit of currency
    hold_bonus: float
    invalid_action: float
    out_of_market: float
    clip: float


def reward_scale(settings: Reward, capital: float) -> RewardScale:
    """The weighted sizes for a starting `capital`."""
    return RewardScale(
        pnl=settings.pnl * PNL_SCALE / capital,
        hold_bonus=settings.hold_bonus * HOLD_BONUS,
        invalid_action=settings.invalid_action * INVALID_ACTION,
        out_of_market=settings.out_of_market * OUT_OF_MARKET,
        clip=settings.reward_clip,
    )


def reward_components(
    scale: RewardScale,
    *,
    change: NDArray[np.float64],
    held_winner: NDArray[np.bool_],
    invalid: NDArray[np.bool_],
    waited: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """Weighted components (L, 4) in the order of `COMPONENT_NAMES`, from facts of shape (L,).

    `change` is that of net equity, in currency.
    """
    components = np.empty((len(change), 4))
    np.multiply(change, scale.pnl, out=components[:, 0])
    np.multiply(held_winner, scale.hold_bonus, out=components[:, 1])
    np.multiply(invalid, scale.invalid_action, out=components[:, 2])
    np.multiply(waited, scale.out_of_market, out=components[:, 3])
    return components


def total_reward(components: NDArray[np.float64], scale: RewardScale) -> NDArray[np.float64]:
    """The components' sum, clipped: (L, 4) → (L,). Added column by column, so lanes cannot differ."""
    total = components[:, 0] + components[:, 1]
    total += components[:, 2]
    total += components[:, 3]
    np.minimum(total, scale.clip, out=total)
    np.maximum(total, -scale.clip, out=total)
    return np.asarray(total)
