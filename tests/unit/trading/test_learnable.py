"""The planted edge can be learnt by the documents' network within a demo's budget; without one it cannot."""

from __future__ import annotations

import numpy as np
import pytest

from core.config.settings import Reward, Trading
from core.market.model import LOOK_BACK
from core.market.synthetic import synthetic_universe
from core.trading.features import market_features
from core.trading.simulator import Lanes, Simulator

EMBARGO = 72


def learnt_profit_factor(edge: float, steps: int) -> float:
    """Profit factor on unseen candles of a 64x64 PPO after `steps` steps of training."""
    import torch
    from stable_baselines3 import PPO
    from stable_baselines3.common.vec_env import VecNormalize

    from core.trading.vec_env import TradingVecEnv

    torch.set_num_threads(1)
    universe = synthetic_universe(seed=1, symbols=6, candles=3000, edge=edge)
    train = universe.part(0, 2000 - EMBARGO, score_from=LOOK_BACK)
    test = universe.part(2000 - EMBARGO, 3000, score_from=EMBARGO)
    made = TradingVecEnv(train, lanes=16, trading=Trading(), reward=Reward(), seed=1)
    env = VecNormalize(made, clip_obs=10.0)
    model = PPO("MlpPolicy", env, n_steps=128, batch_size=64, ent_coef=0.001, seed=1, device="cpu")
    model.learn(steps)

    lanes = Lanes(np.repeat(np.arange(6), 2), np.tile([EMBARGO, EMBARGO + 500], 6), 500)
    simulator = Simulator(test, market_features(test), lanes, Trading(), Reward())
    observations = simulator.reset()
    for _ in range(500):
        actions, _ = model.predict(env.normalize_obs(observations), deterministic=True)
        observations = simulator.step(actions).observations
    pnl = simulator.trades().pnl
    return float(pnl[pnl > 0].sum() / max(1e-9, -pnl[pnl < 0].sum()))


@pytest.mark.slow
def test_a_planted_edge_is_learnt_within_a_demo():
    assert learnt_profit_factor(0.5, 12_288) > 1.4


@pytest.mark.slow
def test_no_edge_is_not_learnt():
    assert learnt_profit_factor(0.0, 12_288) < 1.2
