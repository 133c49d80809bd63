"""Macro and sentiment as features, each scaled to a few units around 0, its neutral value.

What is absent is neutral. Trap avoided: an absolute number such as the open interest, whose unit differs from
symbol to symbol and grows with the years.
"""

from __future__ import annotations

import numpy as np

from core.market.model import Universe
from core.market.side import NAMES as VALUES
from core.trading.windows import Array, lagged

NAMES = ("fear_greed", "btc_dominance", "dxy", "funding_rate", "long_short_ratio", "open_interest_change")
_CANDLES = 24  # over which the open interest changes


def columns(universe: Universe) -> dict[str, Array]:
    """The features by name, each (S, T), in the order of `NAMES`."""
    if universe.side is None:
        return {name: np.zeros(universe.close.shape) for name in NAMES}
    fear, dominance, dollar, funding, ratio, interest = (
        np.ascontiguousarray(universe.side[..., column]) for column in range(len(VALUES))
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        scaled = (
            (fear - 50) / 25,
            (dominance - 50) / 10,
            (dollar - 100) / 5,
            2000 * funding,
            2 * (ratio - 1) / (ratio + 1),
            5 * (interest / lagged(interest, _CANDLES) - 1),
        )
    return {
        name: np.nan_to_num(value, nan=0.0, posinf=0.0, neginf=0.0)
        for name, value in zip(NAMES, scaled, strict=True)
    }
