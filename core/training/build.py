"""The pieces of a training: the data cut in two, the lanes, the normaliser, the PPO model.

Trap avoided: a rollout of `n_steps` per lane instead of over all lanes together, which trains another
algorithm than the one that was approved.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from core.clock import from_epoch, iso
from core.config.settings import Settings
from core.market.candles import timeframe
from core.market.split import train_validation
from core.market.universe import data_hash, load_universe
from core.training.runfile import DataRecord

if TYPE_CHECKING:
    from stable_baselines3 import PPO
    from stable_baselines3.common.logger import KVWriter
    from stable_baselines3.common.vec_env import VecNormalize

    from core.market.model import Universe


@dataclass(frozen=True, slots=True)
class TrainingData:
    train: Universe
    validation: Universe
    record: DataRecord


def load_data(
    folder: Path, shown: str, settings: Settings, symbols: tuple[str, ...], now: datetime
) -> TrainingData:
    """The training folder cut in two; `shown` is its name in the record. Raises as `load_universe`."""
    universe = load_universe(folder, data=settings.data, now=now, symbols=symbols)
    train, validation = train_validation(universe, settings.data)
    record = DataRecord(
        folder=shown,
        hash=data_hash(folder),
        first=iso(from_epoch(int(universe.time[0]) / 1000)),
        last=iso(from_epoch(int(universe.time[-1]) / 1000)),
        timeframe=timeframe(universe.step_ms),
        candles=len(universe.time),
        validation_candles=len(validation.time) - validation.score_from,
        synthetic=universe.synthetic,
        warnings=universe.warnings,
    )
    return TrainingData(train, validation, record)


def build_model(train: Universe, settings: Settings, seed: int) -> tuple[PPO, VecNormalize]:
    """A fresh PPO with the configuration's hyperparameters on `training.lanes` lanes of `train`."""
    import torch
    from stable_baselines3 import PPO
    from stable_baselines3.common.vec_env import VecNormalize

    from core.trading.vec_env import TradingVecEnv

    torch.set_num_threads(settings.training.torch_threads)
    # A tenth of an update goes into checking arguments; nan in the logits still fails, when sampling.
    torch.distributions.Distribution.set_default_validate_args(False)
    ppo = settings.ppo
    lanes = TradingVecEnv(
        train,
        lanes=settings.training.lanes,
        trading=settings.trading,
        reward=settings.reward,
        seed=seed,
    )
    normaliser = VecNormalize(
        lanes,
        norm_obs=settings.normalise.observations,
        norm_reward=settings.normalise.rewards,
        clip_obs=settings.normalise.clip_observations,
        gamma=ppo.gamma,
    )
    arch = list(settings.training.net_arch)
    model = PPO(
        "MlpPolicy",
        normaliser,
        learning_rate=ppo.learning_rate,
        n_steps=ppo.n_steps // settings.training.lanes,
        batch_size=ppo.batch_size,
        n_epochs=ppo.n_epochs,
        gamma=ppo.gamma,
        gae_lambda=ppo.gae_lambda,
        clip_range=ppo.clip_range,
        ent_coef=ppo.ent_coef,
        vf_coef=ppo.vf_coef,
        max_grad_norm=ppo.max_grad_norm,
        # One kernel for the whole Adam step; eps as stable-baselines3 sets it when nothing is given.
        policy_kwargs={
            "net_arch": {"pi": arch, "vf": arch},
            "optimizer_kwargs": {"eps": 1e-5, "fused": True},
        },
        seed=seed,
        device="cpu",
        verbose=0,
    )
    return model, normaliser


def connect_logger(model: PPO, tensorboard: Path, *writers: KVWriter) -> None:
    """Log to `writers` alone; `tensorboard` is the folder that the model names as its log's place."""
    from stable_baselines3.common.logger import Logger

    model.set_logger(Logger(str(tensorboard), list(writers)))
