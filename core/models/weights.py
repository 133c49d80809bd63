"""The policy's numbers as plain arrays: packed into an npz, unpacked and checked without pickle.

Trap avoided: `np.load` on a file that asks to be unpickled, or whose header declares more numbers than it
holds, and shapes that only fail in the middle of a backtest.
"""

from __future__ import annotations

import io
import math
import tokenize
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import RejectedError, UnreadableError
from core.text import visible

TORCH_ACTIVATIONS = {
    "Tanh": "tanh",
    "ReLU": "relu",
    "ELU": "elu",
    "LeakyReLU": "leaky_relu",
    "Sigmoid": "sigmoid",
    "SiLU": "silu",
    "GELU": "gelu",
    "Identity": "identity",
}
"""Class in `torch.nn`, with its default arguments → name here."""
ACTIVATIONS = tuple(TORCH_ACTIVATIONS.values())
MAX_UNPACKED = 512 * 1024 * 1024

Float32 = NDArray[np.float32]
Layer = tuple[Float32, Float32]
"""Weight (out, in) and bias (out,), as torch's Linear keeps them."""


@dataclass(frozen=True, slots=True)
class Weights:
    """The policy branch of an actor-critic MLP: hidden layers, `activation` after each, then the head."""

    layers: tuple[Layer, ...]
    head: Layer
    activation: str

    @property
    def inputs(self) -> int:
        return int((*self.layers, self.head)[0][0].shape[1])

    @property
    def actions(self) -> int:
        return int(self.head[0].shape[0])

    @property
    def net_arch(self) -> tuple[int, ...]:
        return tuple(int(weight.shape[0]) for weight, _ in self.layers)


def pack(weights: Weights) -> bytes:
    """An npz of `policy.<i>.weight`, `policy.<i>.bias`, `head.weight`, `head.bias`; deterministic."""
    arrays = {"head.weight": weights.head[0], "head.bias": weights.head[1]}
    for index, (weight, bias) in enumerate(weights.layers):
        arrays[f"policy.{index}.weight"] = weight
        arrays[f"policy.{index}.bias"] = bias
    stream = io.BytesIO()
    np.savez(stream, allow_pickle=False, **{key: np.asarray(array) for key, array in arrays.items()})
    return stream.getvalue()


def unpack(data: bytes, activation: str, source: Path) -> Weights:
    """The inverse of `pack`. Raises UnreadableError; `source` is only named in it."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(member.file_size for member in archive.infolist()) > MAX_UNPACKED:
                raise UnreadableError(f"the policy export of {source} is too large to be one of this program")
            members = [member for member in archive.infolist() if member.filename.endswith(".npy")]
            arrays = {
                member.filename.removesuffix(".npy"): _array(archive, member, source) for member in members
            }
        count = sum(key.startswith("policy.") and key.endswith(".weight") for key in arrays)
        layers = tuple((arrays[f"policy.{i}.weight"], arrays[f"policy.{i}.bias"]) for i in range(count))
        return Weights(layers, (arrays["head.weight"], arrays["head.bias"]), activation)
    except _MALFORMED as error:
        raise UnreadableError(
            f"the policy export of {source} is malformed: {type(error).__name__}",
            hint="Restore the model's files from a copy, or train again.",
        ) from error


_MALFORMED = (
    ArithmeticError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What zipfile and numpy raise for bytes that are no npz; RuntimeError for an encrypted member."""


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo, source: Path) -> NDArray[Any]:
    """One member; memory is taken only when the member holds exactly what its header declares."""
    with archive.open(member) as stream:
        version = np.lib.format.read_magic(stream)
        read_header = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }[version]
        shape, fortran, dtype = read_header(stream)
        declared, held = math.prod(shape) * dtype.itemsize, member.file_size - stream.tell()
        if dtype.hasobject or not dtype.itemsize or min(shape, default=0) < 0:
            raise ValueError("no plain numbers")
        if declared != held:
            raise UnreadableError(
                f"{visible(member.filename, 80)} in the policy export of {source} is malformed: its header "
                f"declares the shape {visible(str(shape), 80)} of {dtype}, {declared:,} bytes; "
                f"it holds {held:,}",
                hint="Restore the model's files from a copy, or train again.",
            )
        numbers = np.frombuffer(stream.read(held), dtype).copy()
    return numbers.reshape(shape, order="F" if fortran else "C")


def check_weights(weights: Weights, *, inputs: int, actions: int, source: Path) -> None:
    """Raises UnreadableError when shapes do not fit together, RejectedError when a number is not finite."""
    if weights.activation not in ACTIVATIONS:
        raise UnreadableError(
            f"{source} uses the activation {weights.activation!r}; expected one of {', '.join(ACTIVATIONS)}"
        )
    size = inputs
    for index, (weight, bias) in enumerate((*weights.layers, weights.head)):
        for part, numbers in (("weight", weight), ("bias", bias)):
            if numbers.dtype != np.float32:
                raise UnreadableError(
                    f"the {part} of layer {index} of {source} is {numbers.dtype}, expected float32"
                )
        if weight.ndim != 2 or weight.shape[1] != size or bias.shape != (weight.shape[0],):
            raise UnreadableError(
                f"layer {index} of {source} has the shapes {weight.shape} and {bias.shape}; "
                f"expected (n, {size}) and (n,)"
            )
        if not (np.isfinite(weight).all() and np.isfinite(bias).all()):
            raise RejectedError(
                f"layer {index} of {source} holds numbers that are not finite: the training diverged",
                hint="Judge an earlier checkpoint, and see the runbook for exploding gradients.",
            )
        size = weight.shape[0]
    if size != actions:
        raise UnreadableError(f"{source} has {size} actions; its manifest says {actions}")
