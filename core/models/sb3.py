"""A stable-baselines3 PPO zip, read without running it.

Used are `policy_class`, `policy_kwargs`, both spaces, three plain numbers and the tensors of `policy.pth`;
what else the zip holds (schedules, buffers, the optimiser) is not decoded. Trap avoided: a network that
differs from the one `PPO.load` would build: every parameter must be known, in the shapes of `net_arch`.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from core.models.inert import Name, decode, describe
from core.models.problems import DivergedError, MalformedError, ModelProblem, NeedsCodeError, NotWholeError
from core.models.records import box_size, discrete_size
from core.models.tensors import read_state_dict
from core.models.weights import TORCH_ACTIVATIONS, Layer, Weights
from core.models.zips import StoredZip
from core.text import visible

VERSION, SYSTEM = "_stable_baselines3_version", "system_info.txt"
MEMBERS = ("data", "pytorch_variables.pth", "policy.pth", "policy.optimizer.pth", VERSION)
"""In every zip of a PPO; from 1.3 on `system_info.txt` too."""
MAX_DATA, MAX_POLICY = 16 << 20, 512 << 20

_POLICY = "stable_baselines3.common.policies.ActorCriticPolicy"
_ALIASES = ("MlpPolicy", "ActorCriticPolicy")
_FLATTEN = "stable_baselines3.common.torch_layers.FlattenExtractor"
_WITHOUT_EFFECT = frozenset(
    (
        "device",
        "features_extractor_kwargs",
        "full_std",
        "log_std_init",
        "normalize_images",
        "optimizer_class",
        "optimizer_kwargs",
        "ortho_init",
        "sde_net_arch",
        "share_features_extractor",
        "use_expln",
    )
)
"""`policy_kwargs` that do not change what a trained policy with Discrete actions answers."""
_DEFAULT_ARCH = ([64, 64], [64, 64])
_SHARED = "layers that policy and value share, as before stable-baselines3 1.8"
_PARAMETER = re.compile(
    r"(?:mlp_extractor\.(?:policy_net|value_net)\.\d{1,3}|action_net|value_net)\.(?:weight|bias)"
)

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Sb3Model:
    """What a zip says of its policy."""

    weights: Weights
    observation_size: int
    n_actions: int
    timesteps: int
    updates: int
    seed: int | None
    version: str
    """Of stable-baselines3 when it was saved."""


def read_zip(data: bytes) -> Sb3Model:
    """The model in the bytes of a zip. Raises NotWholeError, MalformedError and NeedsCodeError."""
    archive = StoredZip(data)
    names = archive.names
    missing = [member for member in MEMBERS if member not in names]
    if missing:
        raise NotWholeError(f"expected a stable-baselines3 zip, got one without {', '.join(missing)}")
    version = _version(archive)
    if SYSTEM not in names and not re.match(r"0\.|1\.[0-2]\b", version):
        raise NotWholeError(f"expected a stable-baselines3 zip, got one without {SYSTEM}")
    fields = _fields(archive.read("data", MAX_DATA))
    activation, arch = _architecture(fields)
    inputs = _field(fields, "observation_space", box_size)
    actions = _field(fields, "action_space", discrete_size)
    with _at("policy.pth"):
        tensors = read_state_dict(archive.read("policy.pth", MAX_POLICY))
        weights = _weights(tensors, activation, arch, inputs, actions)
    return Sb3Model(
        weights=weights,
        observation_size=inputs,
        n_actions=actions,
        timesteps=_count(fields, "num_timesteps"),
        updates=_count(fields, "_n_updates"),
        seed=fields["seed"] if type(fields.get("seed")) is int else None,
        version=version,
    )


def read_version(data: bytes) -> str:
    """The stable-baselines3 that wrote a zip; empty when it does not say."""
    archive = StoredZip(data)
    return _version(archive) if VERSION in archive.names else ""


def _version(archive: StoredZip) -> str:
    return visible(archive.read(VERSION, 64).decode("ascii", "replace").strip(), 32)


@contextlib.contextmanager
def _at(where: str) -> Iterator[None]:
    """Names the place in a problem."""
    try:
        yield
    except ModelProblem as problem:
        raise type(problem)(f"{where}: {problem}") from None


def _fields(data: bytes) -> Mapping[str, Any]:
    try:
        fields = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise MalformedError(f"data: expected JSON, got {type(error).__name__}") from None
    if type(fields) is not dict:
        raise MalformedError(f"data: expected a JSON object, got {describe(fields)}")
    return fields


def _field(fields: Mapping[str, Any], name: str, read: Callable[[Any], _T]) -> _T:
    """A field read by `read`, whether it is plain JSON or a pickle within."""
    with _at(f"{name} in data"):
        if name not in fields:
            raise MalformedError("expected it, got no such field")
        value = fields[name]
        if type(value) is dict and ":serialized:" in value:
            coded = value[":serialized:"]
            try:
                pickled = base64.b64decode(coded, validate=True) if type(coded) is str else b""
            except (binascii.Error, ValueError):
                raise MalformedError("expected base64") from None
            if b"cloudpickle" in pickled:
                raise NeedsCodeError("expected something of a library, got code in the file itself")
            value = decode(pickled)
        return read(value)


def _count(fields: Mapping[str, Any], name: str) -> int:
    value = fields.get(name, 0)
    if type(value) is not int or not 0 <= value < 1 << 53:
        raise MalformedError(f"{name} in data: expected a count, got {describe(value)}")
    return value


def _architecture(fields: Mapping[str, Any]) -> tuple[str, tuple[list[int], list[int]]]:
    """(activation, (policy's hidden sizes, value's))."""
    _field(fields, "policy_class", _check_policy)
    if fields.get("use_sde"):
        raise NeedsCodeError("use_sde in data: expected false, got true")
    return _field(fields, "policy_kwargs", _policy_arguments)


def _check_policy(value: Any) -> None:
    known = value in _ALIASES if type(value) is str else type(value) is Name and value.name == _POLICY
    if not known:
        raise NeedsCodeError(f"expected {_POLICY}, got {describe(value)}")


def _policy_arguments(given: Any) -> tuple[str, tuple[list[int], list[int]]]:
    if type(given) is not dict:
        raise MalformedError(f"expected a dictionary, got {describe(given)}")
    activation, arch = "tanh", _DEFAULT_ARCH
    for key, value in given.items():
        if key == "activation_fn":
            activation = _activation(value)
        elif key == "net_arch":
            arch = _net_arch(value)
        elif key == "features_extractor_class":
            if type(value) is not Name or value.name != _FLATTEN:
                raise NeedsCodeError(f"{key}: expected FlattenExtractor, got {describe(value)}")
        elif key in ("use_sde", "squash_output"):
            if value is not False:
                raise NeedsCodeError(f"{key}: expected false, got {describe(value)}")
        elif key not in _WITHOUT_EFFECT:
            raise NeedsCodeError(f"expected arguments of ActorCriticPolicy, got {describe(key)}")
    return activation, arch


def _activation(value: Any) -> str:
    module, _, name = value.name.rpartition(".") if type(value) is Name else ("", "", "")
    if module != "torch.nn.modules.activation" or name not in TORCH_ACTIVATIONS:
        expected = ", ".join(TORCH_ACTIVATIONS)
        raise NeedsCodeError(f"activation_fn: expected one of torch's {expected}, got {describe(value)}")
    return TORCH_ACTIVATIONS[name]


def _net_arch(value: Any) -> tuple[list[int], list[int]]:
    if type(value) is list and any(type(one) is dict for one in value):
        if len(value) > 1:
            raise NeedsCodeError(f"net_arch: expected sizes of hidden layers, got {_SHARED}")
        value = value[0]
    if value is None:
        return _DEFAULT_ARCH
    both = (value.get("pi", []), value.get("vf", [])) if type(value) is dict else (value, value)
    for sizes in both:
        if type(sizes) not in (list, tuple) or any(type(size) is not int or size < 1 for size in sizes):
            raise NeedsCodeError(f"net_arch: expected sizes of hidden layers, got {describe(sizes)}")
    return list(both[0]), list(both[1])


def _weights(
    tensors: Mapping[str, NDArray[Any]],
    activation: str,
    arch: tuple[list[int], list[int]],
    inputs: int,
    actions: int,
) -> Weights:
    """The policy branch, once both branches have the shapes that `PPO.load` would ask for."""
    unknown = [name for name in tensors if not _PARAMETER.fullmatch(name)]
    if unknown:
        shared = unknown[0].startswith("mlp_extractor.shared_net.")
        got = _SHARED if shared else visible(unknown[0], 80)
        raise NeedsCodeError(f"expected the parameters of an MLP, got {got}")
    left = set(tensors)

    def branch(net: str, sizes: list[int], head: str, outputs: int) -> tuple[Layer, ...]:
        names = [*(f"mlp_extractor.{net}.{2 * index}" for index in range(len(sizes))), head]
        layers: list[Layer] = []
        before = inputs
        for name, size in zip(names, [*sizes, outputs], strict=True):
            for part, shape in (("weight", (size, before)), ("bias", (size,))):
                _check_parameter(tensors.get(f"{name}.{part}"), f"{name}.{part}", shape)
                left.discard(f"{name}.{part}")
            layers.append((tensors[f"{name}.weight"], tensors[f"{name}.bias"]))
            before = size
        return tuple(layers)

    policy = branch("policy_net", arch[0], "action_net", actions)
    branch("value_net", arch[1], "value_net", 1)
    if left:
        raise MalformedError(f"expected the layers of net_arch, got {visible(min(left), 80)} too")
    return Weights(policy[:-1], policy[-1], activation if len(policy) > 1 else "identity")


def _check_parameter(numbers: NDArray[Any] | None, name: str, shape: tuple[int, ...]) -> None:
    if numbers is None:
        raise MalformedError(f"expected {name}, got no such parameter")
    if numbers.shape != shape:
        raise MalformedError(f"{name}: expected the shape {shape}, got {numbers.shape}")
    if numbers.dtype != np.float32:
        raise NeedsCodeError(f"{name}: expected float32, got {numbers.dtype}")
    if not np.isfinite(numbers).all():
        raise DivergedError(f"{name} holds numbers that are not finite")
