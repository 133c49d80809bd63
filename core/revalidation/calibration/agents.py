"""Agents whose worth is known: one that follows the hidden regimes, one that never trades."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.trading.actions import CLOSE, HOLD, OPEN_LONG, OPEN_SHORT
from core.trading.observation import ACCOUNT_NAMES


class Oracle:
    """Holds the direction of the regime of the candle to come, whatever that is worth."""

    def __init__(self, regimes: NDArray[np.float64], starts: NDArray[np.int64]) -> None:
        """`regimes` (S, T); `starts` (E,) the first candle of each window, as `run_backtest` cuts them."""
        self._regimes = regimes
        self._starts = starts
        self._candle = 0

    def actions(self, observations: NDArray[np.float32]) -> NDArray[np.int64]:
        account = observations[:, -len(ACCOUNT_NAMES) :]
        position = account[:, 0] - account[:, 1]  # long, short
        wanted = self._regimes[:, self._starts + self._candle].reshape(-1)
        self._candle += 1
        opens = np.where(wanted > 0, OPEN_LONG, np.where(wanted < 0, OPEN_SHORT, HOLD))
        held = np.where(wanted == position, HOLD, CLOSE)
        return np.where(position == 0, opens, held)


class Idle:
    """Never trades."""

    def actions(self, observations: NDArray[np.float32]) -> NDArray[np.int64]:
        return np.full(len(observations), HOLD, np.int64)
