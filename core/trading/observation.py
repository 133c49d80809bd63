"""What the agent sees: the market features of the closed candle and the state of its account.

The account columns are all 0 without a position.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.text import visible
from core.trading.features import FEATURE_NAMES

ACCOUNT_NAMES = (
    "position_long",
    "position_short",
    "unrealised_r",  # price move since the entry, in distances to the first stop; ± 5
    "exposure",  # notional as a share of equity; at most 5
    "candles_held",  # in hundreds; at most 5
    "size_left",  # share of the opened size that is still held
)
OBSERVATION_NAMES: tuple[str, ...] = (*FEATURE_NAMES, *ACCOUNT_NAMES)
OBSERVATION_SIZE = len(OBSERVATION_NAMES)
OBSERVATION_LIMIT = 5.0
"""Every column lies within ± this."""


def difference(got: Sequence[str], names: Sequence[str] = OBSERVATION_NAMES) -> str | None:
    """How observations named `got` differ from those that the simulator makes, in words; None if not."""
    if tuple(got) == tuple(names):
        return None
    if len(got) == len(names):
        at = next(index for index, pair in enumerate(zip(got, names, strict=True)) if pair[0] != pair[1])
        return f"number {at + 1} of its observation: expected {names[at]}, got {visible(got[at], 60)}"
    lacking = [name for name in names if name not in got]
    strange = [name for name in got if name not in names]
    parts = [
        f"it {verb} {_listed(which)}" for verb, which in (("lacks", lacking), ("knows", strange)) if which
    ]
    found = f": {' and '.join(parts)}" if parts else ""
    return f"expected {len(names)} numbers in an observation, got {len(got)}{found}"


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(visible(name, 60) for name in names[:4])
    return f"{shown} and {len(names) - 4} more" if len(names) > 4 else shown


def observation_table(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """(S, T, F) features as rows (S·T, D) with empty account columns: one gather makes observations."""
    symbols, candles, width = features.shape
    table = np.zeros((symbols * candles, width + len(ACCOUNT_NAMES)), dtype=np.float32)
    table[:, :width] = features.reshape(symbols * candles, width)
    return table


def write_account(
    observations: NDArray[np.float32],
    *,
    side: NDArray[np.float64],
    unrealised_r: NDArray[np.float64],
    exposure: NDArray[np.float64],
    candles_held: NDArray[np.float64],
    size_left: NDArray[np.float64],
) -> None:
    """Fill the account columns of `observations` (L, D); the other arguments have shape (L,)."""
    account = observations[:, -len(ACCOUNT_NAMES) :]
    account[:, 0] = side > 0
    account[:, 1] = side < 0
    account[:, 2] = unrealised_r
    account[:, 3] = exposure
    np.multiply(candles_held, 0.01, out=account[:, 4], casting="same_kind")
    account[:, 5] = size_left
    np.minimum(account, OBSERVATION_LIMIT, out=account)
    np.maximum(account, -OBSERVATION_LIMIT, out=account)
