"""Backtests a second: the engine beside what stock stable-baselines3 offers, timed in turns in one process.

`python -m benchmarks.backtest_speed [--quick]` prints JSON. The model is a stock `PPO` of 64x64 whose head is
scaled so that it trades on many candles, which is the dearer case; everybody's features are computed before.
One torch thread, CPU seconds. Traps avoided: a side measured while the machine was busy with something else
(each round times every side, and the best round of each counts); and a slow environment that flatters: the
`predict` calls of the one-environment loop are also timed alone, as if its environment cost nothing.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import DummyVecEnv

from core.backtest.engine import run_backtest
from core.backtest.policy import TrainedPolicy
from core.config.settings import Settings
from core.market.model import Universe
from core.market.synthetic import synthetic_universe
from core.models.foreign import raw_policy
from core.models.sb3 import read_zip
from core.trading.env import TradingEnv
from core.trading.features import market_features
from core.training.export import model_bytes

SYMBOLS = 62
SIZES = {62: (1, 1000), 620: (10, 500)}
"""Lanes → (episodes, candles)."""
_CANDLES = 5200
_ENV_CANDLES = 1200
_HEAD = 100.0
"""stable-baselines3 starts with a head so small that an untrained policy hardly differs between candles."""
_SETTINGS = Settings()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    rounds = 3 if parser.parse_args().quick else 7
    torch.set_num_threads(1)
    universe = synthetic_universe(seed=1, symbols=SYMBOLS, candles=_CANDLES, edge=0.0)
    features = market_features(universe)
    environments = DummyVecEnv([_environment(number) for number in range(SYMBOLS)])
    model = make_model(environments)
    policy = TrainedPolicy(raw_policy(read_zip(model_bytes(model)), Path("benchmark.zip")))
    alone = one_environment(model)
    found: dict[str, dict[str, float]] = {}
    for lanes, (episodes, candles) in SIZES.items():
        engine = our_engine(universe, features, policy, episodes, candles)
        bare = batched_predict(model, features, lanes)
        stock = stock_vec_env(model, environments)
        sides = {
            "engine": engine,
            "one": alone,
            "predict": predict_alone(model),
            "dummy": stock,
            "bare": bare,
        }
        times: dict[str, list[float]] = {name: [] for name in sides}
        for _ in range(rounds):
            for name, side in sides.items():
                times[name].append(side())
        found[str(lanes)] = {name: min(all_) for name, all_ in times.items()}
    json.dump(found, sys.stdout)


def make_model(environments: DummyVecEnv) -> PPO:
    """A stock policy that nobody trained."""
    model = PPO("MlpPolicy", environments, policy_kwargs={"net_arch": [64, 64]}, seed=0, device="cpu")
    with torch.no_grad():
        model.policy.action_net.weight.mul_(_HEAD)
    return model


def our_engine(
    universe: Universe, features: Any, policy: TrainedPolicy, episodes: int, candles: int
) -> Callable[[], float]:
    """Seconds a lane and candle, of everything a backtest does."""
    trading = msgspec.structs.replace(_SETTINGS.trading, episode_candles=candles)

    def run() -> float:
        began = time.process_time()
        done = run_backtest(
            universe,
            policy,
            episodes=episodes,
            trading=trading,
            reward=_SETTINGS.reward,
            features=features,
            whole_period=False,
            record=True,
        )
        return (time.process_time() - began) / done.equity.size

    return run


def one_environment(model: PPO, steps: int = 300) -> Callable[[], float]:
    """Seconds a candle of the loop that everybody writes first."""
    environment = _environment(0)()

    def run() -> float:
        observation, _ = environment.reset(seed=1)
        began = time.process_time()
        for _ in range(steps):
            action, _ = model.predict(observation, deterministic=True)
            observation, _, terminated, truncated, _ = environment.step(int(action))
            if terminated or truncated:
                observation, _ = environment.reset()
        return (time.process_time() - began) / steps

    return run


def predict_alone(model: PPO, steps: int = 300) -> Callable[[], float]:
    """Seconds of one `predict` for one environment."""
    observation, _ = _environment(0)().reset(seed=1)

    def run() -> float:
        began = time.process_time()
        for _ in range(steps):
            model.predict(observation, deterministic=True)
        return (time.process_time() - began) / steps

    return run


def stock_vec_env(model: PPO, environments: DummyVecEnv, steps: int = 12) -> Callable[[], float]:
    """Seconds a lane and candle of as many environments one after the other, asked together."""

    def run() -> float:
        observations = environments.reset()
        began = time.process_time()
        for _ in range(steps):
            actions, _ = model.predict(observations, deterministic=True)
            observations, _, _, _ = environments.step(actions)
        return (time.process_time() - began) / (steps * environments.num_envs)

    return run


def batched_predict(model: PPO, features: Any, lanes: int, steps: int = 60) -> Callable[[], float]:
    """Seconds a lane of `predict` for all lanes at once and nothing else: what no engine can undercut
    through `predict`."""
    rows = features[:, 100 : 100 + lanes // SYMBOLS].reshape(lanes, -1)
    width = model.observation_space.shape[0]
    observations = np.zeros((lanes, width), np.float32)
    observations[:, : rows.shape[1]] = rows

    def run() -> float:
        began = time.process_time()
        for _ in range(steps):
            model.predict(observations, deterministic=True)
        return (time.process_time() - began) / (steps * lanes)

    return run


def _environment(number: int) -> Callable[[], TradingEnv]:
    def make() -> TradingEnv:
        universe = synthetic_universe(seed=number, symbols=1, candles=_ENV_CANDLES, edge=0.0)
        return TradingEnv(universe, trading=_SETTINGS.trading, reward=_SETTINGS.reward)

    return make


if __name__ == "__main__":
    main()
