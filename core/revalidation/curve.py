"""The equity curve that a chart draws: joined episodes, a few hundred points, no extreme lost.

Trap avoided: taking every n-th point, which hides the very candle that made the worst drawdown.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.backtest.engine import Backtest
from core.backtest.metrics import Floats, drawdowns
from core.backtest.summary import Curves
from core.clock import from_epoch, iso
from core.revalidation.result import Curve

MAX_POINTS = 400
_KEPT_PER_BUCKET = 3


def backtest_curve(backtest: Backtest, curves: Curves) -> Curve | None:
    """The chart of a backtest. Each point's time is its candle's close; the first is the first open."""
    times = []
    for start in backtest.starts:
        inside = backtest.time[start : start + backtest.candles]
        times.append(np.concatenate(([inside[0]], inside + backtest.step_ms)))
    return chart_curve(curves.episodes, times)


def chart_curve(
    episodes: Sequence[Floats], times: Sequence[NDArray[np.int64]], limit: int = MAX_POINTS
) -> Curve | None:
    """Join episodes (each beginning at its start) into at most `limit` points; None without a finite point.

    Every episode goes on from where the one before it ended. The drawdown is the episode's own, as the gate
    counts it. First, last, lowest, highest and worst point of every stretch are kept. A curve that stops
    being finite, or reaches zero, ends there.
    """
    level = 1.0
    equity: list[Floats] = []
    falls: list[Floats] = []
    moments: list[NDArray[np.int64]] = []
    for number, (curve, time) in enumerate(zip(episodes, times, strict=True)):
        skip = 0 if number == 0 else 1
        equity.append(level * curve[skip:])
        falls.append(drawdowns(curve)[skip:])
        moments.append(time[skip:])
        level *= float(curve[-1]) / float(curve[0])
    joined, fall, moment = np.concatenate(equity), np.concatenate(falls), np.concatenate(moments)
    usable = np.isfinite(joined) & np.isfinite(fall) & (joined > 0)
    end = len(joined) if usable.all() else int(np.argmin(usable))
    if end == 0:
        return None
    kept = _kept(joined[:end], fall[:end], limit)
    return Curve(
        time=tuple(iso(from_epoch(ms / 1000)) for ms in moment[kept]),
        equity=tuple(float(value) for value in joined[kept]),
        drawdown_pct=tuple(100.0 * float(value) for value in fall[kept]),
    )


def _kept(equity: Floats, fall: Floats, limit: int) -> NDArray[np.int64]:
    size = len(equity)
    if size <= limit:
        return np.arange(size)
    edges = np.linspace(0, size, (limit - 2) // _KEPT_PER_BUCKET + 1).astype(np.int64)
    kept = {0, size - 1}
    for first, stop in itertools.pairwise(edges.tolist()):
        kept.add(first + int(equity[first:stop].argmin()))
        kept.add(first + int(equity[first:stop].argmax()))
        kept.add(first + int(fall[first:stop].argmax()))
    return np.array(sorted(kept), np.int64)
