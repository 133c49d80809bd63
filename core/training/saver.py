"""Saving the live model under its three roles: checkpoint, `best_model`, `final_model`.

Trap avoided: weights of one moment beside the normalisation of another: both are taken together.
"""

from __future__ import annotations

import importlib.metadata
import platform
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from core.clock import iso
from core.models.arrays import PolicyArrays, assemble
from core.models.artifacts import write_artifacts
from core.models.manifest import Manifest, Role, Selection
from core.trading.observation import OBSERVATION_NAMES
from core.training.checkpoints import checkpoint_name, prune
from core.training.export import model_bytes, normalisation_of, policy_weights
from core.training.runfile import RunRecord
from core.workspace import Workspace

if TYPE_CHECKING:
    from stable_baselines3 import PPO
    from stable_baselines3.common.vec_env import VecNormalize

BEST = "best_model"
FINAL = "final_model"


def program_versions() -> dict[str, str]:
    """Of what a training depends on."""
    names = ("ppo-console", "torch", "stable-baselines3", "gymnasium", "numpy")
    found = {"python": platform.python_version()}
    for name in names:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


class ModelSaver:
    """Writes the artifacts of one live model."""

    def __init__(self, workspace: Workspace, model: PPO, normaliser: VecNormalize) -> None:
        self._workspace = workspace
        self._model = model
        self._normaliser = normaliser

    def live_policy(self, record: RunRecord, now: datetime) -> PolicyArrays:
        """The policy as it is now. Raises RejectedError when a weight is not finite."""
        manifest = self._manifest("live", "checkpoint", record, now)
        return assemble(
            policy_weights(self._model),
            normalisation_of(self._normaliser, OBSERVATION_NAMES),
            manifest,
            Path(f"the policy at step {manifest.timesteps}"),
        )

    def checkpoint(self, record: RunRecord, keep: int, now: datetime) -> Path:
        """Save `ppo_<timesteps>_steps` and remove what is over `keep`. Raises UnreadableError, OSError."""
        folder = self._workspace.checkpoints
        name = checkpoint_name(self._model.num_timesteps)
        path = self._write(folder, self._manifest(name, "checkpoint", record, now))
        prune(folder, keep)
        return path

    def best(self, record: RunRecord, selection: Selection, now: datetime) -> Path:
        manifest = self._manifest(BEST, "best", record, now)
        return self._write(self._workspace.models, msgspec.structs.replace(manifest, selection=selection))

    def final(self, record: RunRecord, now: datetime) -> Path:
        return self._write(self._workspace.models, self._manifest(FINAL, "final", record, now))

    def _write(self, folder: Path, manifest: Manifest) -> Path:
        return write_artifacts(
            folder,
            manifest=manifest,
            zip_bytes=model_bytes(self._model),
            weights=policy_weights(self._model),
            normalisation=normalisation_of(self._normaliser, OBSERVATION_NAMES),
        )

    def _manifest(self, name: str, role: Role, record: RunRecord, now: datetime) -> Manifest:
        weights = policy_weights(self._model)
        episodes = list(self._model.ep_info_buffer or ())
        return Manifest(
            name=name,
            role=role,
            run_id=record.id,
            tag=record.tag,
            timesteps=self._model.num_timesteps,
            updates=self._model._n_updates,
            trials=record.trials,
            created_at=iso(now),
            files={},
            feature_names=OBSERVATION_NAMES,
            net_arch=weights.net_arch,
            activation=weights.activation,
            n_actions=weights.actions,
            seed=record.seed,
            symbols=record.symbols,
            synthetic=record.data is not None and record.data.synthetic,
            data_hash=None if record.data is None else record.data.hash,
            config_hash=record.config_hash,
            versions=record.versions,
            episode_returns=tuple(float(episode["r"]) for episode in episodes),
            episode_lengths=tuple(int(episode["l"]) for episode in episodes),
        )
