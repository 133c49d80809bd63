"""Training steps a second: the trainer beside stock stable-baselines3 on one environment, timed in turns.

`python -m benchmarks.training_speed [--quick]` prints JSON. Everybody trains with the documents'
hyperparameters, rollouts of 2,048 steps and their updates; one torch thread, CPU seconds. Traps avoided: a
side measured while the machine was busy (each round times every side, the best round counts); and a slow
environment that flatters: stock PPO is also timed on one that costs next to nothing.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from typing import Any

import gymnasium
import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3 import PPO
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize

from core.config.settings import Settings
from core.market.synthetic import synthetic_universe
from core.trading.env import TradingEnv
from core.trading.observation import OBSERVATION_SIZE
from core.training.build import build_model

LANES = (16, 32)
_SYMBOLS = 62
_CANDLES = 2000
_SETTINGS = Settings()


class FreeEnv(gymnasium.Env[NDArray[np.float32], np.int64]):
    """Observations that were drawn before, no reward: what is left is stable-baselines3."""

    def __init__(self) -> None:
        self._rows = np.random.default_rng(0).normal(0, 1, (500, OBSERVATION_SIZE)).astype(np.float32)
        self._at = 0
        self.observation_space = gymnasium.spaces.Box(-5.0, 5.0, (OBSERVATION_SIZE,), np.float32)
        self.action_space = gymnasium.spaces.Discrete(5)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        self._at = 0
        return self._rows[0], {}

    def step(self, action: np.int64) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        self._at += 1
        return self._rows[self._at], 0.0, False, self._at == 499, {}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    rounds = 2 if parser.parse_args().quick else 4
    torch.set_num_threads(1)
    models = {f"lanes {lanes}": trainer(lanes) for lanes in LANES}
    validates = torch.distributions.Distribution
    models |= {"stock": stock(_trading_env), "free": stock(FreeEnv)}
    times: dict[str, list[float]] = {name: [] for name in models}
    for _ in range(rounds + 1):  # the first warms up
        for name, model in models.items():
            validates.set_default_validate_args(not name.startswith("lanes"))  # the trainer's own choice
            times[name].append(_rollout(model))
    json.dump({name: min(all_[1:]) for name, all_ in times.items()}, sys.stdout)


def trainer(lanes: int) -> PPO:
    """As `ppo-console train` builds it."""
    settings = msgspec.structs.replace(
        _SETTINGS, training=msgspec.structs.replace(_SETTINGS.training, lanes=lanes)
    )
    universe = synthetic_universe(seed=1, symbols=_SYMBOLS, candles=_CANDLES, edge=0.0)
    return build_model(universe, settings, 0)[0]


def stock(make: Callable[[], gymnasium.Env[Any, Any]]) -> PPO:
    """One environment in the wrappers that everybody uses."""
    ppo = _SETTINGS.ppo
    return PPO(
        "MlpPolicy",
        VecNormalize(DummyVecEnv([lambda: Monitor(make())])),
        learning_rate=ppo.learning_rate,
        n_steps=ppo.n_steps,
        batch_size=ppo.batch_size,
        n_epochs=ppo.n_epochs,
        gamma=ppo.gamma,
        gae_lambda=ppo.gae_lambda,
        clip_range=ppo.clip_range,
        ent_coef=ppo.ent_coef,
        vf_coef=ppo.vf_coef,
        max_grad_norm=ppo.max_grad_norm,
        seed=0,
        device="cpu",
    )


def _rollout(model: PPO) -> float:
    """CPU seconds a step of one rollout and its update."""
    steps = _SETTINGS.ppo.n_steps
    began = time.process_time()
    model.learn(steps, reset_num_timesteps=False)
    return (time.process_time() - began) / steps


def _trading_env() -> TradingEnv:
    universe = synthetic_universe(seed=1, symbols=1, candles=_CANDLES, edge=0.0)
    return TradingEnv(universe, trading=_SETTINGS.trading, reward=_SETTINGS.reward)


if __name__ == "__main__":
    main()
