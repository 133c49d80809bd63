"""Numbers, arrays and spaces from the records of a pickle.

The record names are those that numpy 1 and 2, gym and gymnasium write. Trap avoided: an array whose declared
shape and bytes disagree, in another byte order, or of objects.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.models.inert import Name, Record, describe
from core.models.problems import MalformedError, NeedsCodeError

_RECONSTRUCT = {"numpy._core.multiarray._reconstruct", "numpy.core.multiarray._reconstruct"}
_FROM_BUFFER = {"numpy._core.numeric._frombuffer", "numpy.core.numeric._frombuffer"}
_SCALAR = {"numpy._core.multiarray.scalar", "numpy.core.multiarray.scalar"}
_NUMBERS = {
    code: np.dtype(code) for code in ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1")
}
_BY_NAME = {f"numpy.{dtype.name}": dtype for dtype in _NUMBERS.values()}
_LITTLE = ("<", "|", "=")
_SPACE = re.compile(r"(?:gymnasium|gym)\.spaces\.\w+\.(\w+)")
_MAX_DIMENSIONS = 8


def dtype_of(value: Any) -> np.dtype[Any]:
    """The dtype that a record or a name stands for: plain little-endian numbers only."""
    if type(value) is Name and value.name in _BY_NAME:
        return _BY_NAME[value.name]
    if type(value) is Record and value.name == "numpy.dtype" and value.arguments:
        code, state = value.arguments[0], value.state
        ordered = state is None or (type(state) is tuple and len(state) > 1 and state[1] in _LITTLE)
        if type(code) is str and ordered and code.lstrip("<|=") in _NUMBERS:
            return _NUMBERS[code.lstrip("<|=")]
    raise NeedsCodeError(f"expected a dtype of plain numbers, got {describe(value)}")


def array_of(value: Any) -> NDArray[Any]:
    """The array (or numpy scalar, with shape ()) that a record stands for; a copy."""
    if type(value) is Record:
        if value.name in _RECONSTRUCT and type(value.state) is tuple and len(value.state) == 5:
            _, shape, dtype, fortran, data = value.state
            return _array(data, dtype_of(dtype), shape, fortran is True or fortran == 1)
        if value.name in _FROM_BUFFER and len(value.arguments) == 4:
            data, dtype, shape, order = value.arguments
            return _array(data, dtype_of(dtype), shape, order == "F")
        if value.name in _SCALAR and len(value.arguments) == 2:
            return _array(value.arguments[1], dtype_of(value.arguments[0]), (), False)
    raise NeedsCodeError(f"expected an array, got {describe(value)}")


def _array(data: Any, dtype: np.dtype[Any], shape: Any, fortran: bool) -> NDArray[Any]:
    if type(data) is not bytes or type(shape) is not tuple or len(shape) > _MAX_DIMENSIONS:
        raise MalformedError(
            f"expected an array's bytes and shape, got {describe(data)} and {describe(shape)}"
        )
    if any(type(size) is not int or size < 0 for size in shape):
        raise MalformedError("an array whose shape is no list of sizes")
    if math.prod(shape) * dtype.itemsize != len(data):
        raise MalformedError(f"an array whose {len(data):,} bytes do not fill its shape")
    return np.frombuffer(data, dtype).reshape(shape, order="F" if fortran else "C").copy()


def number_of(value: Any) -> float | int:
    """A finite number, plain or of numpy."""
    if type(value) in (int, float):
        number = value
    else:
        array = array_of(value)
        if array.shape != () or array.dtype == np.bool_:
            raise MalformedError(f"expected one number, got an array of {array.ndim} dimensions")
        number = array.item()
    if not math.isfinite(number):
        raise MalformedError("expected a finite number")
    return number  # type: ignore[no-any-return]


def flag_of(value: Any) -> bool:
    if type(value) is not bool:
        raise MalformedError(f"expected true or false, got {describe(value)}")
    return value


def box_size(value: Any) -> int:
    """How many numbers an observation of this space has: a 1-D Box of numbers."""
    kind, state = _space(value)
    if kind != "Box":
        raise NeedsCodeError(f"expected a Box with one dimension, got {kind}")
    shape = state.get("_shape", state.get("shape"))
    if type(shape) is not tuple or len(shape) != 1:
        dimensions = len(shape) if type(shape) is tuple else "no"
        raise NeedsCodeError(f"expected a Box with one dimension, got one with {dimensions} dimensions")
    dtype = dtype_of(state.get("dtype"))
    if dtype.kind != "f":
        raise NeedsCodeError(f"expected a Box of floating numbers, got one of {dtype}")
    return _size(shape[0])


def discrete_size(value: Any) -> int:
    """How many actions this space has: a Discrete that begins at 0."""
    kind, state = _space(value)
    if kind != "Discrete":
        raise NeedsCodeError(f"expected Discrete actions, got {kind}")
    if (start := number_of(state.get("start", 0))) != 0:
        raise NeedsCodeError(f"expected Discrete actions from 0, got them from {describe(start)}")
    return _size(state.get("n"))


def _size(value: Any) -> int:
    size = number_of(value)
    if type(size) is not int or not 0 < size < 1 << 20:
        raise MalformedError(f"expected a size, got {describe(size)}")
    return size


def _space(value: Any) -> tuple[str, Mapping[Any, Any]]:
    """A space's class and its fields."""
    match = _SPACE.fullmatch(value.name) if type(value) is Record else None
    if match is None:
        raise NeedsCodeError(f"expected a space of gymnasium, got {describe(value)}")
    state = value.state
    if type(state) is tuple and len(state) == 2 and state[1] is None:
        state = state[0]
    if type(state) is not dict:
        raise MalformedError(f"expected the fields of a {match[1]}, got {describe(state)}")
    return match[1], state
