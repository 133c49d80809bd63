"""The statistics in a `vecnormalize.pkl`, read without unpickling it.

Trap avoided: statistics of another size, type or sign than `VecNormalize` keeps, which would only show as odd
decisions.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from core.models.inert import Record, decode, describe
from core.models.manifest import Statistics
from core.models.problems import DivergedError, MalformedError, NeedsCodeError
from core.models.records import array_of, flag_of, number_of

_CLASS = "stable_baselines3.common.vec_env.vec_normalize.VecNormalize"
_MEAN_STD = "stable_baselines3.common.running_mean_std.RunningMeanStd"


def read_vecnormalize(data: bytes) -> Statistics:
    """How observations were normalised. Raises MalformedError, NeedsCodeError and DivergedError."""
    root = decode(data)
    if type(root) is not Record or root.name != _CLASS or type(root.state) is not dict:
        raise NeedsCodeError(f"expected a VecNormalize, got {describe(root)}")
    state = root.state
    if state.get("norm_obs_keys") is not None:
        raise NeedsCodeError("expected observations in one array, got a dictionary of them")
    try:
        enabled = flag_of(state["norm_obs"])
        clip, epsilon = float(number_of(state["clip_obs"])), float(number_of(state["epsilon"]))
        if not (clip > 0 and epsilon > 0):
            raise MalformedError(f"expected clip_obs and epsilon above 0, got {clip:g} and {epsilon:g}")
        if not enabled:
            return Statistics(enabled=False, mean=(), var=(), count=0.0, clip=clip, epsilon=epsilon)
        return _statistics(state["obs_rms"], clip, epsilon)
    except KeyError as error:
        raise MalformedError(f"expected the field {error.args[0]}, got none") from None


def _statistics(value: Any, clip: float, epsilon: float) -> Statistics:
    if type(value) is not Record or value.name != _MEAN_STD or type(value.state) is not dict:
        raise NeedsCodeError(f"obs_rms: expected a RunningMeanStd, got {describe(value)}")
    mean, var = array_of(value.state["mean"]), array_of(value.state["var"])
    count = number_of(value.state["count"])
    for name, numbers in (("mean", mean), ("var", var)):
        if numbers.dtype != np.float64 or numbers.ndim != 1 or numbers.shape != mean.shape:
            raise MalformedError(
                f"obs_rms.{name}: expected numbers of float64, got {numbers.dtype} {numbers.shape}"
            )
        if not np.isfinite(numbers).all():
            raise DivergedError(f"obs_rms.{name} holds numbers that are not finite")
    if (var < 0).any() or count < 0:
        raise MalformedError("obs_rms: expected a variance and a count of at least 0")
    return Statistics(
        enabled=True,
        mean=tuple(mean.tolist()),
        var=tuple(var.tolist()),
        count=float(count),
        clip=clip,
        epsilon=epsilon,
    )
