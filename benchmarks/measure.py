"""What is measured, one function a figure: plain numbers, no opinion.

Trap avoided: one lucky start. Starts are repeated in turns with the program they are compared with, and the
median is told; bytes and CPU are counted on programs that run side by side through the same seconds.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import psutil

from benchmarks.programs import Program
from benchmarks.screen import Cell, Screen
from benchmarks.terminal import Size, Terminal, run

PATIENCE = 60.0
SETTLE = 3.0
"""Seconds after the first values until a program is taken to be quiet."""


@dataclass(frozen=True, slots=True)
class Start:
    """One start, in seconds from its beginning; None where it did not come to that."""

    first: float | None
    """First values on the screen."""
    cpu: float
    """CPU seconds until then."""
    whole: float | None = None
    """The history is whole."""
    more_cpu: float = 0.0
    """CPU seconds from the first values until then."""
    words: str = ""
    """What stood on the screen where the first values did not come."""


def start_once(program: Program, size: Size, whole: Callable[[Screen], bool] | None = None) -> Start:
    with program.open(size) as terminal:
        first = terminal.wait_text(program.marker, PATIENCE)
        cpu = terminal.cpu_seconds()
        if first is None:
            return Start(None, cpu, words=terminal.last_words())
        if whole is None:
            return Start(first, cpu)
        if whole(terminal.screen):
            return Start(first, cpu, first)
        came = terminal.wait(whole, PATIENCE)
        spent = terminal.cpu_seconds() - cpu
        return Start(first, cpu, None if came is None else came - terminal.began, spent)


def median(values: Sequence[float | None]) -> float | None:
    """Of those that are there."""
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


@dataclass(frozen=True, slots=True)
class Flow:
    """What a program sent and took over some seconds."""

    seconds: float
    count: int
    """Bytes."""
    header: int
    """Of those, bytes for the screen's first row, where the clock stands."""
    cpu: float
    """Of one core, 0 to 1."""
    by_row: tuple[int, ...]

    @property
    def rate(self) -> float:
        """Bytes a second."""
        return self.count / self.seconds

    @property
    def rate_without_header(self) -> float:
        return (self.count - self.header) / self.seconds


def flows(
    terminals: Sequence[Terminal], seconds: float, each_second: Callable[[], None] | None = None
) -> list[Flow | None]:
    """Let all run side by side for `seconds`, calling `each_second` in between. None: it has left."""
    before = [(one.count, list(one.screen.bytes_by_row), one.cpu_seconds()) for one in terminals]
    began = time.monotonic()
    for second in range(round(seconds)):
        if each_second is not None:
            each_second()
        run(terminals, began + second + 1 - time.monotonic())
    passed = time.monotonic() - began
    out: list[Flow | None] = []
    for one, (count, rows, cpu) in zip(terminals, before, strict=True):
        if one.ended:
            out.append(None)
            continue
        by_row = tuple(now - then for now, then in zip(one.screen.bytes_by_row, rows, strict=True))
        out.append(Flow(passed, one.count - count, by_row[0], (one.cpu_seconds() - cpu) / passed, by_row))
    return out


_APART = 0.02
"""Seconds without a byte after which a paint is over."""


def paints(terminal: Terminal, seconds: float, each_tenth: Callable[[], None], *, first_row: int) -> float:
    """How often a second anything from `first_row` on is painted while `each_tenth` is called."""
    began = time.monotonic()
    count, seen, last = 0, sum(terminal.screen.bytes_by_row[first_row:]), 0.0
    for tenth in range(round(seconds * 10)):
        each_tenth()
        while (left := began + (tenth + 1) / 10 - time.monotonic()) > 0:
            if not terminal.pump(left):
                continue
            now, written = time.monotonic(), sum(terminal.screen.bytes_by_row[first_row:])
            if written != seen:
                count += now - last > _APART
                seen, last = written, now
    return count / (time.monotonic() - began)


@dataclass(frozen=True, slots=True)
class Keys:
    """Milliseconds from a key to the end of the paint it caused, sorted."""

    times: tuple[float, ...]
    unanswered: int

    def __add__(self, more: Keys) -> Keys:
        return Keys(tuple(sorted(self.times + more.times)), self.unanswered + more.unanswered)

    def at(self, share: float) -> float | None:
        """The quantile; of the times that were measured."""
        if not self.times:
            return None
        return self.times[min(len(self.times) - 1, int(share * len(self.times)))]


def press_keys(
    terminal: Terminal,
    keys: Sequence[str],
    count: int,
    *,
    first_row: int = 1,
    while_true: Callable[[], bool] | None = None,
) -> Keys:
    """Press `keys` in turns, at uneven times. Painted is when any cell from `first_row` on shows anew and no
    synchronised update is under way."""
    generator = random.Random(1)
    times: list[float] = []
    unanswered = 0
    for number in range(count):
        if while_true is not None and not while_true():
            break
        terminal.run(generator.uniform(0.03, 0.12))
        before = terminal.screen.below(first_row)
        pressed = terminal.send(keys[number % len(keys)])
        painted = terminal.wait(_differs(before, first_row), 2.0)
        if painted is None:
            unanswered += 1
        else:
            times.append((painted - pressed) * 1000)
    return Keys(tuple(sorted(times)), unanswered)


def _differs(seen: tuple[tuple[Cell, ...], ...], first_row: int) -> Callable[[Screen], bool]:
    return lambda screen: screen.below(first_row) != seen


def has_children(terminal: Terminal) -> bool:
    """Whether the program drives another process (a revalidation's child)."""
    try:
        return bool(psutil.Process(terminal.pid).children())
    except psutil.NoSuchProcess:
        return False
