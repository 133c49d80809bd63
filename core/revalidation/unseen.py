"""Features that stood still while the model was trained and move on the candles it is judged on.

Normalised by next to no variance, such a feature is at the clip on every candle: the policy is asked about
what it has never seen. Trap avoided: side data that were absent in training and are there in the test.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.text import visible

if TYPE_CHECKING:
    from core.backtest.policy import Policy
    from core.models.arrays import PolicyArrays

STILL = 3e-3
"""A standard deviation in training below this is rounding and the normaliser's own beginning: features reach
from -5 to 5."""
_SHOWN = 6

Floats = NDArray[np.float64]


@dataclass(slots=True)
class Spread:
    """Mean, spread and reach of what was observed, gathered batch by batch. Arrays (D,)."""

    count: int = 0
    total: Floats | float = 0.0
    squares: Floats | float = 0.0
    low: Floats | float = np.inf
    high: Floats | float = -np.inf

    def add(self, rows: NDArray[np.float32]) -> None:
        """`rows` (n, D), finite."""
        values = rows.astype(np.float64)
        self.count += len(values)
        self.total = self.total + values.sum(axis=0)
        self.squares = self.squares + (values * values).sum(axis=0)
        self.low = np.minimum(self.low, values.min(axis=0))
        self.high = np.maximum(self.high, values.max(axis=0))


class Watched:
    """A policy that also gathers what it is shown."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self.spread = Spread()

    def actions(self, observations: NDArray[np.float32]) -> NDArray[np.int64]:
        self.spread.add(observations)
        return self._policy.actions(observations)


def unseen(arrays: PolicyArrays, spread: Spread) -> list[int]:
    """Which of the first numbers of an observation stood still in training and do not where `spread` is from.

    Empty where the observations were not normalised: then nothing is known of the training.
    """
    if not np.isfinite(arrays.clip) or not spread.count:
        return []
    mean = np.asarray(spread.total) / spread.count
    size = len(mean)
    moved = np.sqrt(np.maximum(np.asarray(spread.squares) / spread.count - mean * mean, 0.0))
    trained, at = np.sqrt(arrays.observation_var[:size]), arrays.observation_mean[:size]
    away = np.maximum(np.abs(spread.low - at), np.abs(spread.high - at))
    found = (trained < STILL) & ((moved > STILL) | (away > STILL + 10 * trained))
    return np.flatnonzero(found).tolist()


def unseen_warning(arrays: PolicyArrays, spread: Spread, names: Sequence[str] = ()) -> list[str]:
    """The warning, if there is cause; without `names` the numbers of the observation are counted from 1."""
    found = unseen(arrays, spread)
    if not found:
        return []
    words = [visible(names[at], 60) if at < len(names) else f"number {at + 1}" for at in found[:_SHOWN]]
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return [
        f"constant while the model was trained, not so on these candles: {', '.join(words)}{more}; the "
        "policy never learnt what they mean"
    ]


def feature_spread(features: NDArray[np.float32]) -> Spread:
    """Of the market features (S, T, F), as far as they are finite."""
    spread = Spread()
    for rows in features:
        known = rows[np.isfinite(rows).all(axis=1)]
        if len(known):
            spread.add(known)
    return spread
