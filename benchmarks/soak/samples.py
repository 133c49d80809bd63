"""What is measured once a second, and what it must not do over a week.

Trap avoided: a leak that hides in the noise of one sample; medians of stretches are compared, after a warm-up
in which caches and screens come into being.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

WARM_UP = 0.4
"""Share of the soak in which memory may still grow."""
GROWTH = 0.06
"""Share by which memory may grow between the stretch after the warm-up and the last one.

Of the console's 95 MB, over a whole week, that is 700 bytes for each row and line of the log, or 25 kB for
each key; what leaks less is for the tests of each cap.
"""
MORE_HANDLES = 3
"""A log that was rotated keeps its descriptor; a whole week rotates five times."""
PATIENCE_MS = 2000.0
"""A key that is not answered within this counts as not answered."""
LAG_MS = 500.0
"""A key is answered within this, 95 times of 100, also beside the other load of the machine."""
BYTES = 30_000.0
"""A second, median, with rows and log lines pouring in and another screen each second."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One second of the console."""

    at: float
    """Seconds since the beginning."""
    memory: float
    """MB, resident."""
    handles: int
    threads: int
    count: int
    """Bytes sent in this second."""
    lag: float | None
    """Milliseconds from the key of another screen to its paint; None: no such key was pressed."""
    store: float
    """MB on disk: the store and `alerts.log`."""


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the verdict."""

    name: str
    got: str
    limit: str
    met: bool


def stretch(samples: Sequence[Sample], first: float, last: float) -> list[Sample]:
    """The samples between two shares of the whole time."""
    end = samples[-1].at if samples else 0.0
    return [each for each in samples if first * end <= each.at <= last * end]


@dataclass(frozen=True, slots=True)
class Limits:
    """What the stretch after the warm-up allows the last one."""

    memory: float
    """MB."""
    handles: float
    threads: float


def limits(samples: Sequence[Sample]) -> Limits | None:
    """None where there are no samples after the warm-up."""
    early = stretch(samples, WARM_UP, WARM_UP + 0.2)
    if not early:
        return None
    return Limits(
        memory=_median(early, lambda each: each.memory) * (1 + GROWTH),
        handles=_median(early, lambda each: each.handles) + MORE_HANDLES,
        threads=_median(early, lambda each: each.threads) + MORE_HANDLES,
    )


def judge(samples: Sequence[Sample]) -> list[Check]:
    """Flat memory and handles, a bounded lag and bounded bytes. Empty samples judge as not met."""
    allowed, late = limits(samples), stretch(samples, 0.8, 1.0)
    if allowed is None or not late:
        return [Check("samples", str(len(samples)), "some after the warm-up", False)]
    before, after = allowed.memory / (1 + GROWTH), _median(late, lambda each: each.memory)
    checks = [
        Check(
            "memory after warm-up",
            f"{before:.1f} → {after:.1f} MB",
            f"grows by at most {GROWTH:.0%}",
            after <= allowed.memory,
        )
    ]
    for name, value, most in (
        ("open files", lambda each: each.handles, allowed.handles),
        ("threads", lambda each: each.threads, allowed.threads),
    ):
        last = _median(late, value)
        checks.append(
            Check(name, f"{most - MORE_HANDLES:g} → {last:g}", f"at most {MORE_HANDLES} more", last <= most)
        )
    lags = sorted(each.lag for each in samples if each.lag is not None)
    unanswered = sum(lag >= PATIENCE_MS for lag in lags)
    p95 = lags[int(0.95 * (len(lags) - 1))] if lags else float("inf")
    checks.append(Check("key to paint, p95", f"{p95:.0f} ms", f"≤ {LAG_MS:.0f} ms", p95 <= LAG_MS))
    most_unanswered = len(lags) // 100
    checks.append(
        Check(
            "keys without an answer", str(unanswered), f"≤ {most_unanswered}", unanswered <= most_unanswered
        )
    )
    rate = _median(samples, lambda each: each.count)
    checks.append(Check("bytes a second, median", f"{rate:,.0f}", f"≤ {BYTES:,.0f}", rate <= BYTES))
    return checks


def _median(of: Sequence[Sample], value: Callable[[Sample], float]) -> float:
    return statistics.median(value(each) for each in of)
