"""Where in a file a moment is: a time by bisection, a timestep by going back from the newest line.

Trap avoided: looking a step up as if steps only rose. A resume takes them back, so the newest passage over
the step is searched, not a place between the first and the last.
"""

from __future__ import annotations

from collections.abc import Callable

from core.logs.file import LogFile
from core.logs.lines import numbers, stamp, steps
from core.logs.matches import BLOCK

_PROBE_LINES = 2_000
_OVERLAP = 64

Cancelled = Callable[[], bool]


def offset_of_time(file: LogFile, time: float) -> int:
    """The first stamped line at `time` (epoch seconds) or later, else the end. Lines are in order."""
    low = 0
    high = found = file.visible_end
    while low < high:
        start = file.line_start((low + high) // 2)
        probe = _stamped(file, start)
        if probe is None or probe[1] >= time:
            high = start
            found = probe[0] if probe is not None else found
        else:
            low = probe[2]
    return found


def _stamped(file: LogFile, offset: int) -> tuple[int, float, int] | None:
    """(start, time, end) of the first stamped line from `offset` on."""
    for count, line in enumerate(file.forward(offset)):
        moment = stamp(line.data)
        if moment is not None:
            return line.start, moment, line.end
        if count > _PROBE_LINES:
            break
    return None


def offset_of_step(file: LogFile, step: int, cancelled: Cancelled) -> int | None:
    """The line at which the run last stood at `step`: it names the step, or the last one before it that a
    later line goes beyond; else the newest line below it. None where no line names such a step."""
    later: int | None = None
    below: int | None = None
    high = file.end
    while high > 0 and not cancelled():
        low = (high - 1) // BLOCK * BLOCK
        data = file.read(low, min(file.end, high + _OVERLAP))
        named_here = numbers(data)
        if named_here and _passes(named_here, step, later):
            for place, named in reversed([found for found in steps(data) if found[0] < high - low]):
                if named == step or (named < step and later is not None and later > step):
                    return file.line_start(low + place)
                if named < step and below is None:
                    below = file.line_start(low + place)
                later = named
        elif named_here:
            if below is None and max(named_here) < step:
                below = next(
                    (
                        file.line_start(low + place)
                        for place, _ in reversed(steps(data))
                        if place < high - low
                    ),
                    None,
                )
            later = named_here[0]
        high = low
    return below


def _passes(named: list[int], step: int, later: int | None) -> bool:
    """Whether the run may have gone over `step` within these numbers, or from them to the `later` one."""
    return min(named) <= step and (max(named) >= step or (later is not None and later > step))
