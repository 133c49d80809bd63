"""The process that runs a trusted model's code: `python -m core.models.trust_child`.

The file comes on stdin, an `Answer` and an npz go to stdout. Traps avoided: outliving its parent, the network
and the parent's environment in reach of the code (where the system allows a namespace of its own), and an
export that answers otherwise than the policy it came from.
"""

from __future__ import annotations

import contextlib
import ctypes
import io
import os
import resource
import struct
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from core.child import end_with_parent

if TYPE_CHECKING:
    from stable_baselines3 import PPO

    from core.models.sb3 import Sb3Model
    from core.models.weights import Weights

_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000
_CHECKED = 4096
"""Random observations on which export and policy must agree."""
_SILENT = ("Flatten", "Identity", "Dropout")
"""Modules that change nothing in a policy that is asked, not trained."""


class NotExportableError(Exception):
    """Why the policy is no plain MLP."""


def main() -> int:
    out = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    with contextlib.suppress(OSError):
        _shut_off()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    (size,) = struct.unpack("<Q", sys.stdin.buffer.read(8))
    data = sys.stdin.buffer.read(size)
    threading.Thread(target=end_with_parent, daemon=True).start()

    from core.models.trust import Answer, encode_answer

    try:
        answer = encode_answer(_export(data))
    except Exception as error:  # noqa: BLE001 - whatever the file's code raised is the answer
        answer = msgspec.json.encode(Answer(problem=f"{type(error).__name__}: {error}"[:1000]))
    out.write(answer)
    out.close()
    os._exit(0)  # without what the file's code left for the interpreter's end


def _shut_off() -> None:
    """No network, and no look into other processes: a user namespace of its own. Raises OSError."""
    if ctypes.CDLL(None, use_errno=True).unshare(_NEW_USER | _NEW_NETWORK):
        raise OSError(ctypes.get_errno(), "no namespace")


def _export(data: bytes) -> Sb3Model:
    import numpy as np
    import torch
    from gymnasium import spaces
    from stable_baselines3 import PPO

    from core.backtest.policy import TrainedPolicy
    from core.models.foreign import raw_policy
    from core.models.sb3 import Sb3Model, read_version

    torch.set_num_threads(1)
    model = PPO.load(io.BytesIO(data), device="cpu")
    space, actions = model.observation_space, model.action_space
    if not (isinstance(space, spaces.Box) and len(space.shape) == 1):
        raise NotExportableError(f"expected observations in a Box with one dimension, got {space}")
    if not (isinstance(actions, spaces.Discrete) and actions.start == 0):
        raise NotExportableError(f"expected Discrete actions from 0, got {actions}")
    model.policy.set_training_mode(False)
    found = Sb3Model(
        weights=_chain(model),
        observation_size=int(space.shape[0]),
        n_actions=int(actions.n),
        timesteps=int(model.num_timesteps),
        updates=int(model._n_updates),
        seed=model.seed,
        version=read_version(data),
    )
    export = TrainedPolicy(raw_policy(found, Path("export")))
    observations = np.random.default_rng(0).normal(0, 2, (_CHECKED, *space.shape)).astype(np.float32)
    expected = model.predict(observations, deterministic=True)[0]
    if not np.array_equal(export.actions(observations), expected):
        raise NotExportableError("its layers, one after the other, do not answer as its policy does")
    return found


def _chain(model: PPO) -> Weights:
    """The modules from observation to action, which must be layers with one kind of activation between."""
    import torch

    from core.models.weights import TORCH_ACTIVATIONS, Layer, Weights

    policy: Any = model.policy
    extractor = getattr(policy, "pi_features_extractor", None) or policy.features_extractor
    layers: list[Layer] = []
    activations: set[str] = set()
    expected = "Linear"
    for module in (*_leaves(extractor), *_leaves(policy.mlp_extractor.policy_net), policy.action_net):
        name = type(module).__name__
        if name in _SILENT:
            continue
        if expected == "Linear" and isinstance(module, torch.nn.Linear):
            weight = module.weight.detach().numpy()
            bias = torch.zeros(len(weight)) if module.bias is None else module.bias.detach()
            layers.append((weight, bias.numpy()))
            expected = "an activation"
        elif expected != "Linear" and name in TORCH_ACTIVATIONS:
            activations.add(TORCH_ACTIVATIONS[name])
            expected = "Linear"
        else:
            raise NotExportableError(f"expected {expected} in the chain of its modules, got {name}")
    if len(activations) > 1:
        raise NotExportableError(f"expected one kind of activation, got {', '.join(sorted(activations))}")
    return Weights(tuple(layers[:-1]), layers[-1], activations.pop() if activations else "identity")


def _leaves(module: Any) -> Iterator[Any]:
    children = list(module.children())
    if not children and type(module).__name__ != "Sequential":
        yield module
    for child in children:
        yield from _leaves(child)


if __name__ == "__main__":
    sys.exit(main())
