"""What is recorded beside a model: its manifest and its normalisation statistics, as typed JSON.

`core.models.artifacts` writes and verifies them. Trap avoided: statistics in a pickle, which runs code when
it is read.
"""

from __future__ import annotations

from typing import Literal

import msgspec

SCHEMA_VERSION = 1

Role = Literal["checkpoint", "best", "final", "foreign"]
"""`foreign` is no role in a training of this program: the model was made elsewhere."""


class Statistics(msgspec.Struct, frozen=True, kw_only=True):
    """VecNormalize's running mean and variance; `mean` and `var` hold one number for rewards."""

    enabled: bool
    mean: tuple[float, ...]
    var: tuple[float, ...]
    count: float
    clip: float
    epsilon: float


class Normalisation(msgspec.Struct, frozen=True, kw_only=True):
    schema_version: int = SCHEMA_VERSION
    names: tuple[str, ...]
    """What each number of an observation is, in order."""
    observations: Statistics
    rewards: Statistics
    gamma: float
    """The discount of the returns that the rewards' statistics describe."""


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Why a model is `best_model`."""

    metric: Literal["sharpe", "mean_reward"]
    value: float
    trial: int
    """Which evaluation of the run, from 1."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    schema_version: int = SCHEMA_VERSION
    name: str
    role: Role
    run_id: str
    tag: str | None = None
    timesteps: int
    updates: int
    """Epochs of gradient steps so far, stable-baselines3's `n_updates`."""
    trials: int = 0
    """Evaluations on the validation slice made before this model was saved, this one included."""
    selection: Selection | None = None
    created_at: str
    files: dict[str, str]
    """File name → SHA-256."""
    feature_names: tuple[str, ...]
    net_arch: tuple[int, ...]
    activation: str
    n_actions: int
    seed: int | None = None
    symbols: tuple[str, ...] = ()
    synthetic: bool = False
    """Trained on the synthetic market."""
    data_hash: str | None = None
    config_hash: str | None = None
    versions: dict[str, str] = {}
    episode_returns: tuple[float, ...] = ()
    """Raw returns and lengths of the last finished episodes, so that a resumed run's reward goes on."""
    episode_lengths: tuple[int, ...] = ()


def member_names(name: str) -> tuple[str, str, str]:
    """The three hashed files of the model `name`: zip, policy, normalisation."""
    return f"{name}.zip", f"{name}.policy.npz", f"{name}.normalisation.json"


def manifest_name(name: str) -> str:
    return f"{name}.manifest.json"
