"""The simulator's one-lane face: a gymnasium `Env`.

Importing this module imports gymnasium: only training and tools that take an `Env` do.
"""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from core.config import settings
from core.errors import UsageError
from core.market.model import Universe
from core.trading.actions import Action
from core.trading.features import market_features
from core.trading.observation import OBSERVATION_LIMIT, OBSERVATION_SIZE
from core.trading.reward import COMPONENT_NAMES
from core.trading.sampling import EpisodeSampler
from core.trading.simulator import Lanes, Simulator


class TradingEnv(gymnasium.Env[NDArray[np.float32], np.int64]):
    """One episode after the other, each of a random symbol and start.

    `reset(options={"symbol": "OGNUSDT", "start": 120})` chooses them. `info` of a step holds the four reward
    components, `equity`, and the candle's `index`.
    """

    metadata = {"render_modes": []}

    def __init__(self, universe: Universe, *, trading: settings.Trading, reward: settings.Reward) -> None:
        """Raises UsageError where the universe has nothing to trade."""
        self._sampler = EpisodeSampler(universe, trading.episode_candles)
        self.episode_candles = self._sampler.candles
        symbol, start = self._sampler.draw(np.random.default_rng(0), 1)
        lanes = Lanes(symbol, start, self.episode_candles)
        self.simulator = Simulator(universe, market_features(universe), lanes, trading, reward)
        limit = OBSERVATION_LIMIT
        self.observation_space = spaces.Box(-limit, limit, (OBSERVATION_SIZE,), np.float32)
        self.action_space = spaces.Discrete(len(Action))

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Begin an episode. Raises UsageError for an unknown symbol or a start that leaves no room."""
        super().reset(seed=seed)
        symbol, start = self._sampler.draw(self.np_random, 1)
        symbols = self.simulator.universe.symbols
        chosen = options or {}
        if "symbol" in chosen:
            if chosen["symbol"] not in symbols:
                raise UsageError(f"no symbol {chosen['symbol']!r}; expected one of {', '.join(symbols)}")
            symbol[0] = symbols.index(chosen["symbol"])
        if "start" in chosen:
            start[0] = int(chosen["start"])
        observation = self.simulator.restart(np.zeros(1, np.int64), symbol, start)[0]
        return observation, {"symbol": symbols[int(symbol[0])], "start": int(start[0])}

    def step(self, action: np.int64 | int) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """One candle: observation (D,), reward, terminated (ruin), truncated (the last candle), info."""
        result = self.simulator.step(np.array([action], np.int64))
        info: dict[str, Any] = dict(zip(COMPONENT_NAMES, result.components[0].tolist(), strict=True))
        info["equity"] = float(result.equity[0])
        info["index"] = int(self.simulator.index[0])
        ruined = bool(result.ruined[0])
        return (
            result.observations[0],
            float(result.rewards[0]),
            ruined,
            bool(result.done[0]) and not ruined,
            info,
        )
