"""The simulator's many-lane face: a stable-baselines3 `VecEnv`.

Importing this module imports stable-baselines3 and torch: only the training process does. Traps avoided: the
time limit of an episode taken for a real end (`TimeLimit.truncated` lets PPO bootstrap the value), and lanes
that all end on the same step, after which the mean episode reward moves in jumps: each lane's first episode
has a random length and is left out of the statistics.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnv

from core.config import settings
from core.market.model import Universe
from core.trading.actions import Action
from core.trading.features import market_features
from core.trading.observation import OBSERVATION_LIMIT, OBSERVATION_SIZE
from core.trading.reward import COMPONENT_NAMES
from core.trading.sampling import EpisodeSampler
from core.trading.simulator import Lanes, Simulator


class TradingVecEnv(VecEnv):
    """`lanes` episodes at a time, each of a random symbol and start; a finished one begins anew.

    `info` of a step: the four components, and at an episode's end `terminal_observation`,
    `TimeLimit.truncated` and `episode` with its raw return `r`, length `l` and seconds `t`.
    """

    def __init__(
        self,
        universe: Universe,
        *,
        lanes: int,
        trading: settings.Trading,
        reward: settings.Reward,
        seed: int,
    ) -> None:
        """Raises UsageError where the universe has nothing to trade."""
        self._random = np.random.default_rng(seed)
        self._sampler = EpisodeSampler(universe, trading.episode_candles)
        self.episode_candles = self._sampler.candles
        self.warning = self._sampler.warning
        """What to say where the data shorten the episodes."""
        symbol, start = self._sampler.draw(self._random, lanes)
        self.simulator = Simulator(
            universe,
            market_features(universe),
            Lanes(symbol, start, self.episode_candles),
            trading,
            reward,
            keep_trades=False,
        )
        self.render_mode = None
        self._actions: NDArray[np.int64] = np.zeros(lanes, np.int64)
        self._return = np.zeros(lanes)
        self._length = np.zeros(lanes, np.int64)
        self._counts = np.zeros(lanes, np.bool_)  # whether the lane's episode enters the statistics
        self._began = time.monotonic()
        limit = OBSERVATION_LIMIT
        super().__init__(
            lanes,
            spaces.Box(-limit, limit, (OBSERVATION_SIZE,), np.float32),
            spaces.Discrete(len(Action)),
        )

    def reset(self) -> NDArray[np.float32]:
        """Begin every lane anew; its first episode has a random length."""
        symbol, start = self._sampler.draw(self._random, self.num_envs)
        candles = self._random.integers(1, self.episode_candles + 1, self.num_envs)
        self._return[:] = 0.0
        self._length[:] = 0
        self._counts[:] = False
        self.reset_infos = [{} for _ in range(self.num_envs)]
        return self.simulator.restart(np.arange(self.num_envs), symbol, start, candles)

    def step_async(self, actions: NDArray[np.int64]) -> None:
        self._actions = actions

    def step_wait(
        self,
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_], list[dict[str, Any]]]:
        """Observations (L, D), rewards (L,), dones (L,) and an info per lane."""
        result = self.simulator.step(self._actions)
        self._return += result.rewards
        self._length += 1
        infos: list[dict[str, Any]] = [
            dict(zip(COMPONENT_NAMES, row, strict=True)) for row in result.components.tolist()
        ]
        observations = result.observations
        if result.done.any():
            ended = np.flatnonzero(result.done)
            for lane in ended.tolist():
                info = infos[lane]
                info["terminal_observation"] = observations[lane].copy()
                info["TimeLimit.truncated"] = not result.ruined[lane]
                if self._counts[lane]:
                    info["episode"] = {
                        "r": float(self._return[lane]),
                        "l": int(self._length[lane]),
                        "t": round(time.monotonic() - self._began, 6),
                    }
            symbol, start = self._sampler.draw(self._random, len(ended))
            observations[ended] = self.simulator.restart(ended, symbol, start)
            self._return[ended] = 0.0
            self._length[ended] = 0
            self._counts[ended] = True
        return observations, result.rewards.astype(np.float32), result.done, infos

    def seed(self, seed: int | None = None) -> Sequence[int | None]:
        """Seed the draws of the episodes to come."""
        self._random = np.random.default_rng(seed)
        return [seed] * self.num_envs

    def close(self) -> None:
        """Nothing is held open."""

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        return [getattr(self, attr_name)] * len(self._indices(indices))

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        setattr(self, attr_name, value)

    def env_method(self, method_name: str, *args: Any, indices: Any = None, **kwargs: Any) -> list[Any]:
        raise AttributeError(f"the lanes share one simulator: there is no {method_name} of a single lane")

    def env_is_wrapped(self, wrapper_class: type[Any], indices: Any = None) -> list[bool]:
        """Monitor counts as there: `info["episode"]` is what it would add."""
        from stable_baselines3.common.monitor import Monitor

        return [issubclass(wrapper_class, Monitor)] * len(self._indices(indices))

    def _indices(self, indices: int | Iterable[int] | None) -> Sequence[int]:
        return list(self._get_indices(indices))
