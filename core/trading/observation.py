"""What the agent sees: the market features of the closed candle and the state of its account.

The account columns are all 0 without a position.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

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
