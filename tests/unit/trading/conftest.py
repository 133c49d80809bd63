"""Hand-made markets: a quiet warm-up whose average true range is exactly 1, then the candles of the test."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pytest

from core.config.settings import Reward, Trading
from core.market.model import LOOK_BACK, Universe
from core.trading.features import market_features
from core.trading.simulator import Lanes, Simulator, StepResult

Bar = tuple[float, float, float, float]
MISSING: Bar = (np.nan, np.nan, np.nan, np.nan)
FREE = Trading(fee_bp=0.0, slippage_bp=0.0)


def make_market(*symbols: Sequence[Bar]) -> Universe:
    """`LOOK_BACK` warm-up candles around 100 with a range of 1, then the given (open, high, low, close)."""
    warm = [(100.0, 100.5, 99.5, 100.0)] * LOOK_BACK
    grid = np.array([[*warm, *bars] for bars in symbols], dtype=np.float64)  # (S, T, 4)
    opened, high, low, close = (np.ascontiguousarray(grid[:, :, plane]) for plane in range(4))
    step = 14_400_000
    return Universe(
        symbols=tuple(f"S{row}" for row in range(len(symbols))),
        step_ms=step,
        time=1_700_000_000_000 // step * step + step * np.arange(grid.shape[1], dtype=np.int64),
        open=opened,
        high=high,
        low=low,
        close=close,
        volume=np.where(np.isnan(close), np.nan, 1000.0),
        score_from=LOOK_BACK,
    )


@dataclass
class Played:
    """A finished run of one lane."""

    simulator: Simulator
    steps: list[StepResult]

    @property
    def equity(self) -> list[float]:
        return [float(step.equity[0]) for step in self.steps]


def play_market(
    bars: Sequence[Bar], actions: Sequence[int], trading: Trading = FREE, reward: Reward | None = None
) -> Played:
    """One lane over `bars`; missing actions are HOLD."""
    universe = make_market(bars)
    lanes = Lanes(np.array([0]), np.array([LOOK_BACK]), len(bars))
    simulator = Simulator(universe, market_features(universe), lanes, trading, reward or Reward())
    padded = [*actions, *([0] * (len(bars) - len(actions)))]
    return Played(simulator, [simulator.step(np.array([action])) for action in padded])


@pytest.fixture
def market() -> Callable[..., Universe]:
    return make_market


@pytest.fixture
def play() -> Callable[..., Played]:
    return play_market


@pytest.fixture
def free() -> Trading:
    """No fee, no slippage."""
    return FREE


@pytest.fixture
def missing() -> Bar:
    return MISSING
