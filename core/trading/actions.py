"""The five actions of the agent."""

from __future__ import annotations

from enum import IntEnum


class Action(IntEnum):
    """What the agent may decide at a candle's close; filled at the next candle's open."""

    HOLD = 0
    OPEN_LONG = 1
    OPEN_SHORT = 2
    CLOSE = 3
    REDUCE_50 = 4


HOLD = int(Action.HOLD)
OPEN_LONG = int(Action.OPEN_LONG)
OPEN_SHORT = int(Action.OPEN_SHORT)
CLOSE = int(Action.CLOSE)
REDUCE_50 = int(Action.REDUCE_50)
