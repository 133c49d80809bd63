"""Markets small enough to compute by hand, and policies that do what they are told."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from core.market.model import Universe
from core.market.synthetic import synthetic_universe

STEP = 14_400_000


@pytest.fixture(scope="session")
def universe() -> Universe:
    """Four symbols, 460 candles, no edge."""
    return synthetic_universe(seed=3, symbols=4, candles=460, edge=0.0)


@pytest.fixture
def flat_universe() -> Callable[[np.ndarray], Universe]:
    """A universe whose candles open, peak, trough and close where `close` (S, T) says, the range ±1 %."""

    def make(close: np.ndarray, score_from: int = 60) -> Universe:
        size = close.shape[1]
        opened = np.concatenate((close[:, :1], close[:, :-1]), axis=1)
        return Universe(
            symbols=tuple(f"S{index}" for index in range(close.shape[0])),
            step_ms=STEP,
            time=np.arange(size, dtype=np.int64) * STEP,
            open=opened,
            high=np.maximum(opened, close) * 1.01,
            low=np.minimum(opened, close) * 0.99,
            close=close,
            volume=np.ones_like(close),
            score_from=score_from,
        )

    return make


class Scripted:
    """Plays the same row of actions (N,) in every lane."""

    def __init__(self, actions: list[int]) -> None:
        self._actions = actions
        self.asked = 0
        self.lanes: list[int] = []

    def actions(self, observations: np.ndarray) -> np.ndarray:
        action = self._actions[self.asked % len(self._actions)]
        self.asked += 1
        self.lanes.append(len(observations))
        return np.full(len(observations), action, np.int64)


@pytest.fixture
def scripted() -> type[Scripted]:
    return Scripted
