"""Closed trades as a structure of arrays, collected chunk by chunk while the simulator runs."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray


class ExitReason(IntEnum):
    """What ended a trade."""

    SIGNAL = 0  # the agent's CLOSE
    STOP = 1
    TARGET = 2
    FORCED_END = 3  # open at the end of the episode, closed at market
    RUIN = 4  # equity at or below zero, closed at market


@dataclass(frozen=True, slots=True)
class Trades:
    """n closed trades in the order of their closing; every array has shape (n,).

    Indices are candles of the universe's axis. Money is net of fees and slippage.
    """

    lane: NDArray[np.int64]
    symbol: NDArray[np.int64]
    side: NDArray[np.int8]
    """1 long, −1 short."""
    entry_index: NDArray[np.int64]
    exit_index: NDArray[np.int64]
    entry_price: NDArray[np.float64]
    exit_price: NDArray[np.float64]
    """Mean over the REDUCE fills and the last one, by quantity."""
    quantity: NDArray[np.float64]
    """Units opened."""
    fees: NDArray[np.float64]
    pnl: NDArray[np.float64]
    """What the trade added to the cash: REDUCE fills, slippage and all its fees included."""
    r_multiple: NDArray[np.float64]
    """`pnl` over the loss planned at the first stop."""
    exit_reason: NDArray[np.int8]
    """An `ExitReason`."""
    ambiguous: NDArray[np.bool_]
    """The last candle touched stop and target; the stop was taken."""

    def __len__(self) -> int:
        return len(self.lane)

    def of(self, selected: NDArray[Any]) -> Trades:
        """The trades that a mask (n,) or an index array selects."""
        return Trades(**{field.name: getattr(self, field.name)[selected] for field in fields(self)})


_DTYPES: dict[str, Any] = {
    "lane": np.int64,
    "symbol": np.int64,
    "side": np.int8,
    "entry_index": np.int64,
    "exit_index": np.int64,
    "entry_price": np.float64,
    "exit_price": np.float64,
    "quantity": np.float64,
    "fees": np.float64,
    "pnl": np.float64,
    "r_multiple": np.float64,
    "exit_reason": np.int8,
    "ambiguous": np.bool_,
}


class TradeLog:
    """Chunks of closed trades, joined when asked."""

    def __init__(self) -> None:
        self._chunks: list[dict[str, NDArray[Any]]] = []

    def add(self, **columns: NDArray[Any]) -> None:
        """One chunk: a column (k,) for every field of `Trades`."""
        self._chunks.append(columns)

    def clear(self) -> None:
        self._chunks.clear()

    def trades(self) -> Trades:
        """All trades so far, in the order of their closing."""
        if len(self._chunks) > 1:
            joined = {
                name: np.concatenate([chunk[name] for chunk in self._chunks]) for name in self._chunks[0]
            }
            self._chunks = [joined]
        chunk = self._chunks[0] if self._chunks else {}
        return Trades(**{name: np.asarray(chunk.get(name, ()), dtype=kind) for name, kind in _DTYPES.items()})
