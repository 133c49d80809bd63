"""The export acts as the model it came from, and a restored model is the saved one."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from core.backtest.policy import TrainedPolicy
from core.config.settings import Settings
from core.errors import UnreadableError
from core.market.model import Universe
from core.market.synthetic import synthetic_universe
from core.models.arrays import read_policy
from core.models.artifacts import verify
from core.trading.observation import OBSERVATION_NAMES
from core.training.build import build_model
from core.training.export import restore
from core.training.runfile import RunRecord
from core.training.saver import ModelSaver
from core.workspace import Workspace

NOW = datetime(2026, 2, 23, 14, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def universe() -> Universe:
    return synthetic_universe(seed=3, symbols=2, candles=300, edge=0.2)


@pytest.fixture
def settings() -> Settings:
    base = Settings()
    return msgspec.structs.replace(
        base,
        ppo=msgspec.structs.replace(base.ppo, n_steps=128, n_epochs=2),
        training=msgspec.structs.replace(base.training, lanes=4, net_arch=(16, 8)),
        trading=msgspec.structs.replace(base.trading, episode_candles=40),
    )


@pytest.fixture
def record(make_record: Callable[..., RunRecord]) -> RunRecord:
    return make_record(total_timesteps=256, lanes=4, net_arch=(16, 8))


def trained(universe: Universe, settings: Settings, steps: int = 384) -> tuple[Any, Any]:
    model, normaliser = build_model(universe, settings, 0)
    model.learn(steps, reset_num_timesteps=False)
    return model, normaliser


def test_a_rollout_is_n_steps_over_all_lanes_together(universe: Universe, settings: Settings) -> None:
    model, normaliser = build_model(universe, settings, 0)
    assert (model.n_steps, normaliser.num_envs) == (32, 4)
    ppo = settings.ppo
    got = (model.batch_size, model.n_epochs, model.gamma, model.gae_lambda, model.ent_coef)
    assert got == (ppo.batch_size, ppo.n_epochs, ppo.gamma, ppo.gae_lambda, ppo.ent_coef)
    assert (model.vf_coef, model.max_grad_norm, model.learning_rate) == (0.5, 0.5, 3e-4)
    assert model.clip_range(1.0) == 0.2
    assert normaliser.norm_obs and normaliser.norm_reward and normaliser.gamma == 0.99
    optimiser = model.policy.optimizer.param_groups[0]
    assert optimiser["eps"] == 1e-5, "as stable-baselines3 sets it"


def test_the_export_acts_as_the_model_it_came_from(
    tmp_path: Path, universe: Universe, settings: Settings, record: RunRecord
) -> None:
    """The npz and JSON, read without pickle, act as `model.predict` on normalised observations."""
    model, normaliser = trained(universe, settings)
    saver = ModelSaver(Workspace(tmp_path, settings), model, normaliser)
    policy = read_policy(saver.final(record, NOW))
    assert policy.feature_names == OBSERVATION_NAMES
    assert policy.manifest.timesteps == 384 and policy.manifest.net_arch == (16, 8)
    random = np.random.default_rng(0)
    observations = random.normal(size=(2000, len(OBSERVATION_NAMES))).astype(np.float32) * 3
    expected, _ = model.predict(normaliser.normalize_obs(observations), deterministic=True)
    assert len(set(expected.tolist())) > 1, "a policy that always does the same would prove nothing"
    assert TrainedPolicy(policy).actions(observations).tolist() == expected.tolist()


def test_the_zip_is_an_ordinary_stable_baselines3_model(
    tmp_path: Path, universe: Universe, settings: Settings, record: RunRecord
) -> None:
    from stable_baselines3 import PPO

    model, normaliser = trained(universe, settings)
    path = ModelSaver(Workspace(tmp_path, settings), model, normaliser).final(record, NOW)
    loaded = PPO.load(path, device="cpu")
    observations = np.random.default_rng(0).normal(size=(50, len(OBSERVATION_NAMES))).astype(np.float32)

    def actions(policy: Any) -> list[int]:
        chosen: list[int] = policy.predict(observations, deterministic=True)[0].tolist()
        return chosen

    assert actions(loaded) == actions(model)


def test_a_restored_model_is_the_saved_one(
    tmp_path: Path, universe: Universe, settings: Settings, record: RunRecord
) -> None:
    """Weights, value branch, optimiser moments, statistics and counters; and it trains on."""
    import torch

    model, normaliser = trained(universe, settings)
    model.ep_info_buffer.append({"r": -3.25, "l": 40, "t": 0.1})
    saver = ModelSaver(Workspace(tmp_path, settings), model, normaliser)
    path = saver.checkpoint(record, 0, NOW)
    again, statistics = build_model(universe, settings, 99)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pickle.load", None)
        patch.setattr("cloudpickle.loads", None)
        restore(again, statistics, verify(path))
    assert again.num_timesteps == 384 and again._n_updates == model._n_updates
    assert again.ep_info_buffer[-1]["r"] == -3.25
    for name, value in model.policy.state_dict().items():
        assert torch.equal(value, again.policy.state_dict()[name]), name
    ours, theirs = model.policy.optimizer.state_dict(), again.policy.optimizer.state_dict()
    for key, moments in ours["state"].items():
        assert torch.equal(moments["exp_avg"], theirs["state"][key]["exp_avg"])
    assert statistics.obs_rms.mean.tolist() == normaliser.obs_rms.mean.tolist()
    assert statistics.obs_rms.var.tolist() == normaliser.obs_rms.var.tolist()
    for theirs_, ours_ in (
        (statistics.ret_rms, normaliser.ret_rms),
        (statistics.obs_rms, normaliser.obs_rms),
    ):
        assert float(theirs_.count) == float(ours_.count) > 384, "else the next rollout outweighs all before"
    assert float(statistics.ret_rms.var) == float(normaliser.ret_rms.var)
    assert float(statistics.ret_rms.mean) == float(normaliser.ret_rms.mean)
    again.learn(128, reset_num_timesteps=False)
    assert again.num_timesteps == 512


def test_a_checkpoint_of_another_network_is_refused(
    tmp_path: Path, universe: Universe, settings: Settings, record: RunRecord
) -> None:
    model, normaliser = build_model(universe, settings, 0)
    path = ModelSaver(Workspace(tmp_path, settings), model, normaliser).checkpoint(record, 0, NOW)
    wider = msgspec.structs.replace(
        settings, training=msgspec.structs.replace(settings.training, net_arch=(32, 8))
    )
    other, statistics = build_model(universe, wider, 0)
    with pytest.raises(UnreadableError, match=r"trained with \[16, 8\]") as caught:
        restore(other, statistics, verify(path))
    assert "net_arch" in caught.value.hint


def test_a_checkpoint_that_carries_code_is_refused_without_running_it(
    tmp_path: Path, universe: Universe, settings: Settings, record: RunRecord
) -> None:
    import io
    import os
    import zipfile

    import torch

    class Bomb:
        def __reduce__(self) -> Any:
            return (os.mkdir, (str(tmp_path / "exploded"),))

    model, normaliser = build_model(universe, settings, 0)
    path = ModelSaver(Workspace(tmp_path, settings), model, normaliser).checkpoint(record, 0, NOW)
    stream, tensor = io.BytesIO(), io.BytesIO()
    torch.save({"weight": Bomb()}, tensor)
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("policy.pth", tensor.getvalue())
        archive.writestr("policy.optimizer.pth", tensor.getvalue())
    with pytest.raises(UnreadableError, match="does not fit"):
        restore(model, normaliser, dataclasses.replace(verify(path), zip=stream.getvalue()))
    assert not (tmp_path / "exploded").exists()


def test_a_diverged_policy_is_not_judged(
    tmp_path: Path, universe: Universe, settings: Settings, record: RunRecord
) -> None:
    import torch

    from core.errors import RejectedError

    model, normaliser = build_model(universe, settings, 0)
    with torch.no_grad():
        model.policy.action_net.weight.fill_(float("nan"))
    saver = ModelSaver(Workspace(tmp_path, settings), model, normaliser)
    with pytest.raises(RejectedError, match="not finite"):
        saver.live_policy(record, NOW)
    saver.final(record, NOW)
    with pytest.raises(RejectedError, match="not finite"):
        read_policy(tmp_path / settings.paths.models / "final_model")


def test_torch_threads_are_those_of_the_configuration(universe: Universe, settings: Settings) -> None:
    import torch

    before = torch.get_num_threads()
    try:
        two = msgspec.structs.replace(
            settings, training=msgspec.structs.replace(settings.training, torch_threads=2)
        )
        build_model(universe, two, 0)
        assert torch.get_num_threads() == 2
        build_model(universe, settings, 0)
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(before)
