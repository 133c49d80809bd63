"""Features that stood still while the model was trained and move on the candles it is judged on.

Normalised by next to no variance, such a feature is at the clip on every candle: the policy is asked about
what it has never seen. Trap avoided: side data that were absent in training and are there in the test.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.text import visible

if TYPE_CHECKING:
    from core.training.arrays import PolicyArrays

STILL = 3e-3
"""A standard deviation in training below this is rounding and the normaliser's own beginning: features reach
from -5 to 5."""
_SHOWN = 6


def unseen_features(arrays: PolicyArrays, features: NDArray[np.float32]) -> list[str]:
    """The names of such features; `features` (S, T, F) are the scored ones, the first F that the model reads.

    Empty where the observations were not normalised: then nothing is known of the training.
    """
    if not np.isfinite(arrays.clip):
        return []
    from core.trading.features import FEATURE_NAMES

    rows = features.reshape(-1, features.shape[2])
    spread = np.nanstd(rows, axis=0, dtype=np.float64)
    mean = arrays.observation_mean[: len(spread)]
    away = np.nanmax(np.abs(rows - mean), axis=0, initial=0.0)
    trained = np.sqrt(arrays.observation_var[: len(spread)])
    moved = (trained < STILL) & ((spread > STILL) | (away > STILL + 10 * trained))
    return [FEATURE_NAMES[index] for index in np.flatnonzero(moved)]


def unseen_warning(arrays: PolicyArrays, features: NDArray[np.float32]) -> list[str]:
    """The warning, if there is cause."""
    names = unseen_features(arrays, features)
    if not names:
        return []
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    listed = ", ".join(visible(name, 60) for name in names[:_SHOWN])
    return [
        f"constant while the model was trained, not so on these candles: {listed}{more}; the policy never "
        "learnt what they mean"
    ]
