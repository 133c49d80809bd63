"""The tensors of a torch file as numpy arrays, without torch.

`torch.save` writes a zip: `data.pkl` names each tensor's storage, shape and stride, `data/<key>` holds the
storage. Trap avoided: a tensor that reaches outside its storage, or whose strides make it another matrix.
"""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.models.inert import Name, Record, Reference, decode, describe
from core.models.problems import MalformedError, NeedsCodeError, NotWholeError
from core.models.zips import StoredZip
from core.text import visible

MAX_STORAGE = 512 << 20
_STORAGES: dict[str, np.dtype[Any]] = {
    "torch.FloatStorage": np.dtype("<f4"),
    "torch.DoubleStorage": np.dtype("<f8"),
    "torch.LongStorage": np.dtype("<i8"),
}
_KEY = re.compile(r"\d{1,20}")
_MAX_NAME = 200


def read_state_dict(data: bytes) -> dict[str, NDArray[Any]]:
    """Parameter name → array, read-only. Raises MalformedError and NeedsCodeError."""
    try:
        archive = StoredZip(data)
    except NotWholeError as error:  # the checksum of these bytes agreed: waiting brings no others
        raise MalformedError(str(error)) from None
    names = set(archive.names)
    top = archive.names[0].split("/")[0] if names else ""
    if f"{top}/data.pkl" not in names:
        raise MalformedError(f"expected a torch file with data.pkl, got {len(names)} other members")
    if f"{top}/byteorder" in names and archive.read(f"{top}/byteorder", 16).strip() != b"little":
        raise MalformedError("expected little-endian numbers")
    root = decode(archive.read(f"{top}/data.pkl", 1 << 20), references=True)
    if type(root) is dict:
        items = list(root.items())
    elif type(root) is Record and root.name == "collections.OrderedDict" and root.arguments == ():
        items = root.items
    else:
        raise NeedsCodeError(f"expected a dictionary of tensors, got {describe(root)}")
    tensors: dict[str, NDArray[Any]] = {}
    for key, value in items:
        if type(key) is not str or len(key) > _MAX_NAME or key in tensors:
            raise MalformedError("expected each parameter once, by its name")
        tensors[key] = _tensor(archive, top, value, visible(key, 80))
    return tensors


def _tensor(archive: StoredZip, top: str, value: Any, where: str) -> NDArray[Any]:
    if type(value) is Record and value.name == "torch._utils._rebuild_parameter" and value.arguments:
        value = value.arguments[0]
    if (
        type(value) is not Record
        or value.name != "torch._utils._rebuild_tensor_v2"
        or len(value.arguments) < 4
    ):
        raise NeedsCodeError(f"{where}: expected a plain tensor, got {describe(value)}")
    storage, offset, size, stride = value.arguments[:4]
    numbers = _storage(archive, top, storage, where)
    if type(size) is not tuple or type(stride) is not tuple or len(size) != len(stride) or len(size) > 8:
        raise MalformedError(f"{where}: a tensor without shape and strides")
    if any(type(one) is not int or one < 0 for one in (*size, *stride, offset)):
        raise MalformedError(f"{where}: a tensor whose shape and strides are no numbers")
    count = math.prod(size)
    if offset + count > len(numbers):
        raise MalformedError(f"{where}: a tensor of {count:,} numbers in a storage of {len(numbers):,}")
    rows = [math.prod(size[axis + 1 :]) for axis in range(len(size))]
    if any(step != row for step, row, length in zip(stride, rows, size, strict=True) if length > 1):
        raise NeedsCodeError(f"{where}: expected its rows one after the other in the storage")
    return numbers[offset : offset + count].reshape(size)


def _storage(archive: StoredZip, top: str, value: Any, where: str) -> NDArray[Any]:
    fields = value.id if type(value) is Reference else None
    if type(fields) is not tuple or len(fields) != 5 or fields[0] != "storage":
        raise MalformedError(f"{where}: expected a storage, got {describe(value)}")
    _, kind, key, _, count = fields
    if type(kind) is not Name or kind.name not in _STORAGES:
        raise NeedsCodeError(
            f"{where}: expected a storage of float32, float64 or int64, got {describe(kind)}"
        )
    name = f"{top}/data/{key}"
    if type(key) is not str or not _KEY.fullmatch(key) or name not in archive.names:
        raise MalformedError(f"{where}: a storage that is not in the file")
    dtype = _STORAGES[kind.name]
    data = archive.read(name, MAX_STORAGE)
    if type(count) is not int or count * dtype.itemsize != len(data):
        raise MalformedError(
            f"{where}: a storage of {len(data):,} bytes that says it holds {describe(count)} numbers"
        )
    numbers: NDArray[Any] = np.frombuffer(data, dtype)
    return numbers
