"""Where a recorded resume begins in a series although no step goes back.

A resume from the newest checkpoint goes on at a higher step, one from the checkpoint before may repeat the
last step; `run.json` tells of both. Trap avoided: two rows of one step, logged by a callback, taken for a
resume: only a recorded resume opens a segment here.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence

from core.telemetry.model import Resume
from core.telemetry.series import Series

_CLOCKS_APART = 60.0
"""Seconds by which the clocks of the writers of two files may differ."""


def open_resumed(series: Series, start: int, resumes: Sequence[Resume]) -> None:
    """Open a segment of `series` for each resume whose first row is among those from index `start` on.

    It is the row that repeats the step before it, or the first one past the resume's step with a time after
    the resume's and a row before it from before. Without times only a repeated step tells.
    """
    end = len(series)
    if not resumes or start >= end:
        return
    for resume in resumes:
        at = math.nan if resume.at is None else resume.at.timestamp()
        index = _repeated(series, max(1, start), end, resume.timestep, at)
        if index is None:
            index = _passed(series, max(1, start), end, resume.timestep, at)
        if index is not None:
            series.open_segment(index)


def _repeated(series: Series, start: int, end: int, timestep: int, at: float) -> int | None:
    steps = series.timestep
    for index in range(start, end):
        if steps[index] == steps[index - 1] and steps[index] > timestep:
            time = series.time[index]
            if not time < at - _CLOCKS_APART:
                return index
    return None


def _passed(series: Series, start: int, end: int, timestep: int, at: float) -> int | None:
    if math.isnan(at):
        return None
    borders = [each for each in series.segments if start < each < end]
    for low, high in zip([start, *borders], [*borders, end], strict=True):
        begin = series.segments[bisect_right(series.segments, low) - 1]
        index = bisect_right(series.timestep, timestep, max(begin, low - 1), high)
        if index < max(low, begin + 1) or index >= high:
            continue
        if series.time[index] >= at - 1 and series.time[index - 1] <= at + 1:
            return index
    return None
