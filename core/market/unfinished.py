"""Whether a file's last candle was still forming when it was saved, and what shows it.

Three kinds of evidence, each stated in the message: the clock (it has not closed yet), the file's time
(saved between the candle's open and its close), and the volume. The last is a test: a candle saved after a
tenth of its time holds about a tenth of a usual volume. It is called unfinished when its volume is less than
`OF_LEAST` of the least and less than `OF_MEDIAN` of the median of the `RECENT` candles before it. Of finished
candles of six real pairs (5 minutes and 4 hours) that holds for 0 to 3 in a thousand; cut to a tenth, 46 to
86 in a hundred are found on five of the six. Trap avoided: cutting every last candle, or none.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.clock import from_epoch, iso
from core.market.model import Candles

RECENT = 200
"""Candles that the last one is compared with; fewer than a hundred prove nothing."""
OF_LEAST = 0.7
OF_MEDIAN = 0.25
_ENOUGH = 100


def unclosed(time: NDArray[np.int64], step_ms: int, now_ms: float) -> int:
    """How many of the candles opened at `time` (n,) have not closed at `now_ms`."""
    return int(np.count_nonzero(time + step_ms > now_ms))


def unfinished_evidence(
    candles: Candles, step_ms: int, *, now_ms: float, saved_ms: float | None, known_finished: bool = False
) -> str | None:
    """The evidence in words that the last candle is unfinished; None without any.

    `saved_ms` is the file's modification time; `known_finished` skips the volume test (files that the
    console itself wrote from finished candles). Candles in order of time.
    """
    if not len(candles):
        return None
    opened = int(candles.time[-1])
    closes = opened + step_ms
    moment = iso(from_epoch(opened / 1000))
    if closes > now_ms:
        return f"the candle of {moment} closes at {iso(from_epoch(closes / 1000))}, which is still to come"
    if saved_ms is not None and opened <= saved_ms < closes:
        return (
            f"the file was saved at {iso(from_epoch(saved_ms / 1000))}, "
            f"before the candle of {moment} closed at {iso(from_epoch(closes / 1000))}"
        )
    return None if known_finished else _volume_evidence(candles.volume, moment)


def _volume_evidence(volume: NDArray[np.float64], moment: str) -> str | None:
    before = volume[-RECENT - 1 : -1]
    before = before[np.isfinite(before)]
    last = float(volume[-1])
    if len(before) < _ENOUGH or not np.isfinite(last):
        return None
    median, least = float(np.median(before)), float(before.min())
    if not (last < OF_LEAST * least and last < OF_MEDIAN * median):
        return None
    return (
        f"the candle of {moment} has a volume of {last:,.6g}: {100 * last / median:.1f} % of the median of "
        f"the {len(before)} candles before it, {100 * last / least:.0f} % of the least of them"
    )
