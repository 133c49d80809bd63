"""From a live stable-baselines3 model to the files of a model, and back for a resume.

Trap avoided: `PPO.load`, which unpickles. A resume builds a new PPO from the configuration and loads only
tensors (`weights_only`) from a zip whose hash agreed.
"""

from __future__ import annotations

import io
import pickle
import zipfile
from collections import deque
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.clock import iso
from core.errors import UnreadableError, UsageError
from core.models.artifacts import Verified
from core.models.manifest import Manifest, Normalisation, Statistics
from core.models.weights import TORCH_ACTIVATIONS, Layer, Weights

if TYPE_CHECKING:
    from stable_baselines3 import PPO
    from stable_baselines3.common.vec_env import VecNormalize

EPISODES = 100
"""Finished episodes that the reported reward is the mean of, stable-baselines3's window."""


def model_bytes(model: PPO) -> bytes:
    """The zip as stable-baselines3 writes it."""
    stream = io.BytesIO()
    model.save(stream)
    return stream.getvalue()


def policy_weights(model: PPO) -> Weights:
    """The policy branch's weights, float32 copies. Raises UnreadableError for anything but a plain MLP."""
    import torch

    layers: list[Layer] = []
    activations: set[str] = set()
    for module in model.policy.mlp_extractor.policy_net:
        if isinstance(module, torch.nn.Linear):
            layers.append(_layer(module))
        else:
            activations.add(type(module).__name__)
    if len(activations) > 1 or not activations <= set(TORCH_ACTIVATIONS):
        raise UnreadableError(
            f"a policy network with {', '.join(sorted(activations))} cannot be exported; "
            f"expected one of {', '.join(TORCH_ACTIVATIONS)}"
        )
    activation = TORCH_ACTIVATIONS[activations.pop()] if activations else "identity"
    return Weights(tuple(layers), _layer(model.policy.action_net), activation)


def _layer(linear: Any) -> Layer:
    return (
        linear.weight.detach().cpu().numpy().astype(np.float32, copy=True),
        linear.bias.detach().cpu().numpy().astype(np.float32, copy=True),
    )


def export_model(
    model: PPO,
    path: Path,
    *,
    feature_names: tuple[str, ...],
    now: datetime,
    normaliser: VecNormalize | None = None,
) -> Path:
    """Save a model of any training script with the export that this program reads; returns the zip's path.

    `path` is the zip's, with or without `.zip`; the files beside it replace `model.save` and
    `normaliser.save`. `feature_names` says what each number of an observation is, in order.

    Raises UsageError (not one name per number), UnreadableError (no plain MLP, no space, no permission).
    """
    from core.models.artifacts import write_artifacts
    from core.training.saver import program_versions

    weights = policy_weights(model)
    if len(feature_names) != weights.inputs:
        raise UsageError(
            f"feature_names: expected one for each of the {weights.inputs} numbers of an observation, "
            f"got {len(feature_names)}"
        )
    manifest = Manifest(
        name=path.name.removesuffix(".zip"),
        role="foreign",
        run_id="",
        timesteps=model.num_timesteps,
        updates=model._n_updates,
        created_at=iso(now),
        files={},
        feature_names=feature_names,
        net_arch=weights.net_arch,
        activation=weights.activation,
        n_actions=weights.actions,
        seed=model.seed,
        versions=program_versions(),
    )
    return write_artifacts(
        path.parent,
        manifest=manifest,
        zip_bytes=model_bytes(model),
        weights=weights,
        normalisation=normalisation_of(normaliser, feature_names)
        if normaliser
        else not_normalised(feature_names),
    )


def not_normalised(names: tuple[str, ...]) -> Normalisation:
    """What stands for the statistics of a model that was trained on observations as they are."""
    observations = Statistics(enabled=False, mean=(), var=(), count=0.0, clip=10.0, epsilon=1e-8)
    rewards = Statistics(enabled=False, mean=(0.0,), var=(1.0,), count=0.0, clip=10.0, epsilon=1e-8)
    return Normalisation(names=names, observations=observations, rewards=rewards, gamma=1.0)


def normalisation_of(normaliser: VecNormalize, names: tuple[str, ...]) -> Normalisation:
    """VecNormalize's statistics as plain numbers, exact to the last bit in JSON."""
    observations, rewards = getattr(normaliser, "obs_rms", None), normaliser.ret_rms
    return Normalisation(
        names=names,
        observations=Statistics(
            enabled=bool(normaliser.norm_obs),
            mean=tuple(map(float, observations.mean)) if observations is not None else (),
            var=tuple(map(float, observations.var)) if observations is not None else (),
            count=float(observations.count) if observations is not None else 0.0,
            clip=float(normaliser.clip_obs),
            epsilon=float(normaliser.epsilon),
        ),
        rewards=Statistics(
            enabled=bool(normaliser.norm_reward),
            mean=(float(rewards.mean),),
            var=(float(rewards.var),),
            count=float(rewards.count),
            clip=float(normaliser.clip_reward),
            epsilon=float(normaliser.epsilon),
        ),
        gamma=float(normaliser.gamma),
    )


def restore(model: PPO, normaliser: VecNormalize, saved: Verified) -> None:
    """Load `saved` into a freshly built `model` and `normaliser`: weights, optimiser, statistics, counters.

    Raises UnreadableError when the saved network does not fit the configuration.
    """
    import torch

    try:
        with zipfile.ZipFile(io.BytesIO(saved.zip)) as archive:
            policy, optimiser = (
                torch.load(io.BytesIO(archive.read(member)), map_location="cpu", weights_only=True)
                for member in ("policy.pth", "policy.optimizer.pth")
            )
        model.policy.load_state_dict(policy, strict=True)
        model.policy.optimizer.load_state_dict(optimiser)
    except (KeyError, ValueError, RuntimeError, pickle.UnpicklingError, zipfile.BadZipFile) as error:
        raise UnreadableError(
            f"the checkpoint {saved.manifest.name} does not fit the configured network: "
            f"it was trained with {list(saved.manifest.net_arch)} and {saved.manifest.n_actions} actions on "
            f"{len(saved.manifest.feature_names)} observations",
            hint="Set training.net_arch back to what the run was started with, or start with --fresh.",
        ) from error
    _restore_statistics(normaliser, saved.normalisation)
    episodes = zip(saved.manifest.episode_returns, saved.manifest.episode_lengths, strict=False)
    model.ep_info_buffer = deque(({"r": r, "l": length} for r, length in episodes), maxlen=EPISODES)
    model.ep_success_buffer = deque(maxlen=EPISODES)
    model.num_timesteps = saved.manifest.timesteps
    model._n_updates = saved.manifest.updates


def _restore_statistics(normaliser: VecNormalize, saved: Normalisation) -> None:
    targets: list[tuple[Any, Statistics]] = [(normaliser.ret_rms, saved.rewards)]
    if normaliser.norm_obs and saved.observations.enabled:
        targets.append((normaliser.obs_rms, saved.observations))
    for target, statistics in targets:
        target.mean = np.array(statistics.mean).reshape(target.mean.shape)
        target.var = np.array(statistics.var).reshape(target.var.shape)
        target.count = statistics.count
