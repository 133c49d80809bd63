"""When the files of a run are looked at again: when one changes, and each second at least.

Trap avoided: relying on change notification alone. `watchfiles` only shortens the wait; each second is looked
at anyway, so NFS, FUSE and a folder that comes later work too.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

LOOK_EVERY = 1.0
"""Seconds between two looks when nothing notifies."""


def wakes(target: Path, stop: threading.Event, unread: Callable[[], bool]) -> Iterator[None]:
    """Twice at once, and again while there is more to read; then on each change of the files and at least
    every `LOOK_EVERY` seconds. Blocks between; ends some time after `stop` is set."""
    yield
    yield
    while not stop.is_set():
        while unread() and not stop.is_set():
            yield
        try:
            yield from _notified(target, stop, unread)
        except (OSError, RuntimeError):
            # Not there yet, or no notification here (NFS, FUSE, no inotify left): look by the clock.
            stop.wait(LOOK_EVERY)
            yield


def _notified(target: Path, stop: threading.Event, unread: Callable[[], bool]) -> Iterator[None]:
    from watchfiles import watch

    is_folder = target.is_dir()
    changes = watch(
        target if is_folder else target.parent,
        stop_event=stop,
        rust_timeout=int(LOOK_EVERY * 1000),
        yield_on_timeout=True,
        debounce=300,
        step=50,
        recursive=is_folder,
        raise_interrupt=False,
    )
    for _change in changes:
        yield
        while unread() and not stop.is_set():
            yield
