"""Models as stable-baselines3 saves them, tiny and untrained, and zips put together again by hand."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from core.models import settle

SIZE = 6
"""Numbers in an observation."""


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settle, "QUIET", 0.05)
    monkeypatch.setattr(settle, "PATIENCE", 2.0)


@pytest.fixture(scope="session")
def lanes() -> Any:
    """Two environments whose observations are noise around means that differ."""
    import gymnasium
    import torch
    from gymnasium import spaces
    from stable_baselines3.common.vec_env import DummyVecEnv

    torch.set_num_threads(1)

    class Noise(gymnasium.Env[np.ndarray, int]):
        observation_space = spaces.Box(-np.inf, np.inf, (SIZE,), np.float32)
        action_space = spaces.Discrete(5)

        def _observation(self) -> np.ndarray:
            return (self.np_random.normal(size=SIZE) * 3 + np.arange(SIZE)).astype(np.float32)

        def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[np.ndarray, dict[str, Any]]:
            super().reset(seed=seed)
            return self._observation(), {}

        def step(self, action: int) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
            return self._observation(), float(action == 1), False, False, {}

    return DummyVecEnv([Noise, Noise])


@pytest.fixture(scope="session")
def new_model(lanes: Any) -> Callable[..., Any]:
    """An untrained PPO; `scale` widens its last layer, which starts with nearly equal answers."""

    def make(
        seed: int = 0, scale: float = 1.0, hidden: float = 1.0, policy: Any = "MlpPolicy", **arguments: Any
    ) -> Any:
        import torch
        from stable_baselines3 import PPO

        model = PPO(
            policy, lanes, n_steps=8, batch_size=8, seed=seed, device="cpu", policy_kwargs=arguments or None
        )
        with torch.no_grad():
            model.policy.action_net.weight.mul_(scale)
            model.policy.action_net.bias.normal_(0, 0.001 * scale)
            for parameter in model.policy.mlp_extractor.parameters():
                parameter.mul_(hidden)
        return model

    return make


@pytest.fixture(scope="session")
def plain_zip(new_model: Callable[..., Any]) -> bytes:
    """The bytes of a saved model with an activation and an architecture of its own."""
    from torch import nn

    stream = io.BytesIO()
    new_model(net_arch=[8, 4], activation_fn=nn.ReLU, scale=30.0).save(stream)
    return stream.getvalue()


@pytest.fixture(scope="session")
def statistics(lanes: Any) -> bytes:
    """A VecNormalize pickle."""
    import pickle

    from stable_baselines3.common.vec_env import VecNormalize

    normaliser = VecNormalize(lanes, clip_obs=2.5)
    normaliser.reset()
    for _ in range(50):
        normaliser.step(np.zeros(2, np.int64))
    return pickle.dumps(normaliser)


@pytest.fixture(scope="session")
def rezip() -> Callable[[bytes, dict[str, bytes | None]], bytes]:
    """The zip with members replaced, added or (None) left out."""

    def rewrite(data: bytes, changes: dict[str, bytes | None]) -> bytes:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members: dict[str, bytes | None] = {name: archive.read(name) for name in archive.namelist()}
        members.update(changes)
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            for name, content in members.items():
                if content is not None:
                    archive.writestr(name, content)
        return stream.getvalue()

    return rewrite


@pytest.fixture(scope="session")
def with_fields(rezip: Callable[[bytes, dict[str, bytes | None]], bytes]) -> Callable[..., bytes]:
    """The zip with fields of `data` replaced: bytes are taken for a pickle, other values for JSON."""

    def change(data: bytes, **changes: Any) -> bytes:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            fields = json.loads(archive.read("data"))
        for name, value in changes.items():
            pickled = isinstance(value, bytes)
            fields[name] = {":serialized:": base64.b64encode(value).decode()} if pickled else value
        return rezip(data, {"data": json.dumps(fields).encode()})

    return change


@pytest.fixture(scope="session")
def saved() -> Callable[[Any], bytes]:
    """The bytes of `model.save`."""

    def save(model: Any) -> bytes:
        stream = io.BytesIO()
        model.save(stream)
        return stream.getvalue()

    return save
