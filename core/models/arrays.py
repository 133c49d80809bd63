"""A policy as numpy arrays, from the verified files of a model; nothing is unpickled.

Trap avoided: parts that are each whole and do not belong together: weights, normalisation and manifest are
checked against each other before anything is judged, saved or resumed with them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import UnreadableError
from core.models.artifacts import model_zip, verify
from core.models.manifest import Manifest, Normalisation, member_names
from core.models.weights import Layer, Weights, check_weights, unpack
from core.text import visible

Float64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Foreign:
    """A model that was saved without this program's export: what is known of it instead."""

    model_hash: str
    normalisation_hash: str | None
    """None where no statistics were given."""
    warnings: tuple[str, ...]
    """What cannot be verified."""


@dataclass(frozen=True, slots=True)
class PolicyArrays:
    """A verified policy. Logits = head(activation(layers(normalised observation))); argmax acts."""

    layers: tuple[Layer, ...]
    head: Layer
    activation: str
    observation_mean: Float64
    observation_var: Float64
    clip: float
    """Infinite, with mean 0 and variance 1, where observations are not normalised."""
    epsilon: float
    feature_names: tuple[str, ...]
    """Empty where a foreign model's are not known."""
    manifest: Manifest
    path: Path
    """The zip."""
    foreign: Foreign | None = None

    @property
    def inputs(self) -> int:
        """How many numbers an observation has."""
        return len(self.observation_mean)

    @property
    def model_hash(self) -> str:
        if self.foreign is not None:
            return self.foreign.model_hash
        return self.manifest.files[member_names(self.manifest.name)[0]]

    @property
    def normalisation_hash(self) -> str | None:
        if self.foreign is not None:
            return self.foreign.normalisation_hash
        return self.manifest.files[member_names(self.manifest.name)[2]]


def read_policy(path: Path) -> PolicyArrays:
    """The policy of the model at `path` (with or without `.zip`), numpy only; nothing is unpickled.

    Raises as `verify`; also RejectedError for weights that are not finite and UnreadableError for shapes
    that do not fit together.
    """
    found = verify(path)
    target = model_zip(path)
    weights = unpack(found.policy, found.manifest.activation, target)
    return assemble(weights, found.normalisation, found.manifest, target)


def assemble(weights: Weights, normalisation: Normalisation, manifest: Manifest, path: Path) -> PolicyArrays:
    """A policy from its parts, checked against each other and for finite numbers.

    Raises as `check_weights`.
    """
    statistics = normalisation.observations
    size = len(manifest.feature_names)
    check_weights(weights, inputs=size, actions=manifest.n_actions, source=path)
    if manifest.net_arch != weights.net_arch:
        raise UnreadableError(
            f"net_arch in the manifest of {path}: expected {list(weights.net_arch)}, as its weights have it, "
            f"got {visible(str(list(manifest.net_arch)), 80)}"
        )
    if normalisation.names != manifest.feature_names:
        raise UnreadableError(
            f"names in the normalisation of {path}: "
            f"{_difference(manifest.feature_names, normalisation.names)}",
            hint="The statistics belong to other observations; restore the model's files from a copy.",
        )
    if statistics.enabled and len(statistics.mean) != size:
        raise UnreadableError(f"{path} normalises {len(statistics.mean)} numbers; its policy reads {size}")
    return PolicyArrays(
        layers=weights.layers,
        head=weights.head,
        activation=weights.activation,
        observation_mean=np.array(statistics.mean) if statistics.enabled else np.zeros(size),
        observation_var=np.array(statistics.var) if statistics.enabled else np.ones(size),
        clip=statistics.clip if statistics.enabled else float("inf"),
        epsilon=statistics.epsilon if statistics.enabled else 0.0,
        feature_names=manifest.feature_names,
        manifest=manifest,
        path=path,
    )


def _difference(expected: tuple[str, ...], got: tuple[str, ...]) -> str:
    """The first place where two lists of observation names differ."""
    if len(expected) != len(got):
        return f"expected the {len(expected)} feature_names of its manifest, got {len(got)}"
    at = next(index for index, (one, other) in enumerate(zip(expected, got, strict=True)) if one != other)
    return f"expected {visible(expected[at], 60)!r} at place {at + 1}, got {visible(got[at], 60)!r}"
