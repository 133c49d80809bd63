"""What goes into the simulator and comes out of it: the lanes, and one candle of all of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.market.model import FloatArray

Indices = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Lanes:
    """L episodes of `candles` scored candles: lane i trades `symbol[i]` from candle `start[i]` on."""

    symbol: Indices
    """(L,) rows of the universe."""
    start: Indices
    """(L,) index of the first scored candle; the first decision is made one candle before."""
    candles: int


@dataclass(frozen=True, slots=True)
class StepResult:
    """One candle of all lanes. Fresh arrays: the caller may keep them."""

    observations: NDArray[np.float32]
    """(L, D) at the candle's close."""
    rewards: FloatArray
    """(L,) sum of the components, clipped."""
    components: FloatArray
    """(L, 4) weighted, in the order of `COMPONENT_NAMES`."""
    equity: FloatArray
    """(L,) at the candle's close, net of everything."""
    exposed: Mask
    """(L,) a position was open during the candle."""
    done: Mask
    """(L,) the episode is over: its last candle, or ruin."""
    ruined: Mask
    """(L,) done because equity fell to zero or below."""
