"""Reading a file that may still be being written: again until it is whole or no longer changes.

Trap avoided: half a zip, which often opens as a zip, and a wait without end for a file that is simply broken.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

QUIET = 1.0
"""Seconds without a change after which a broken file is a broken file."""
PATIENCE = 30.0
"""Seconds of waiting at most."""

_T = TypeVar("_T")
_Signature = tuple[tuple[int, int, int] | None, ...]


def read_settled(
    read: Callable[[], _T],
    paths: Sequence[Path],
    unfinished: tuple[type[Exception], ...],
    waiting: Callable[[float], None],
) -> _T:
    """`read()`, repeated while it raises one of `unfinished` and `paths` still change.

    What was read while a file changed counts only once it stays the same. `waiting` is told how many seconds
    have passed. Raises what the last `read()` raised.
    """
    began = time.monotonic()
    before = _signature(paths)
    while True:
        failed: Exception | None = None
        try:
            found = read()
        except unfinished as error:
            failed = error
        after = _signature(paths)
        if failed is None and after == before:
            return found
        waited = time.monotonic() - began
        if waited > PATIENCE:
            if failed is None:
                return found
            raise failed
        waiting(waited)
        time.sleep(QUIET)
        settled = _signature(paths)
        if failed is not None and settled == before:
            raise failed
        before = settled


def _signature(paths: Sequence[Path]) -> _Signature:
    return tuple(_look(path) for path in paths)


def _look(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
