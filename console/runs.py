"""Earlier runs for comparison: listed and loaded by a thread of their own.

Owns what is known of `logs/runs/`. Trap avoided: a screen that reads a hundred folders, or a million rows,
before it answers a key. `changed` is called in the thread whenever there is something new to show.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from core.clock import utc_now
from core.errors import ConsoleError
from core.text import visible

if TYPE_CHECKING:
    from core.telemetry.archive import EarlierRun
    from core.telemetry.model import Series

_KEPT = 8
"""So many runs stay loaded."""


class RunLibrary:
    """`runs` and what `series` returns are replaced by the thread, never edited."""

    def __init__(self, archive: Path | None, changed: Callable[[], None]) -> None:
        """`archive`: the folder of earlier runs; None where there is no workspace."""
        self.archive = archive
        self._changed = changed
        self.runs: Mapping[str, EarlierRun] = {}
        """By the name of their folder, made visible; last ended first."""
        self.listed = archive is None
        """The folder was looked through at least once."""
        self.trouble = ""
        """Why the folder could not be looked through."""
        self.problems: Mapping[str, str] = {}
        """Why a run could not be loaded, by its key."""
        self._loaded: dict[str, Mapping[str, Series]] = {}
        self._jobs: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def look(self) -> None:
        """List the folder again."""
        if self.archive is not None:
            self._submit(self._list)

    def load(self, key: str) -> None:
        """Read all rows of a run, unless they are there already."""
        if key not in self._loaded:
            self._submit(lambda: self._load(key))

    def is_loaded(self, key: str) -> bool:
        return key in self._loaded

    def series(self, key: str, metric: str) -> Series | None:
        """A loaded run's series; None while it is read, and where it has none."""
        return self._loaded.get(key, {}).get(metric)

    def _submit(self, job: Callable[[], None]) -> None:
        self._jobs.put(job)
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="runs", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        while True:
            job = self._jobs.get()
            try:
                job()
            except Exception as error:  # noqa: BLE001 - the thread must outlive any folder
                self.listed, self.trouble = True, _words(error)
            self._changed()

    def _list(self) -> None:
        from core.telemetry.archive import list_runs

        assert self.archive is not None
        found = list_runs(self.archive, utc_now())
        self.runs = {visible(run.directory.name, 120): run for run in found}
        self.listed, self.trouble = True, ""

    def _load(self, key: str) -> None:
        from core.telemetry.archive import load_series

        run = self.runs.get(key)
        if run is None or key in self._loaded:
            return
        try:
            series = load_series(run.directory, utc_now())
        except Exception as error:  # noqa: BLE001 - whatever is wrong with a run, the list says so
            self.problems = {**self.problems, key: _words(error)}
            return
        loaded = {**self._loaded, key: series}
        while len(loaded) > _KEPT:
            del loaded[next(iter(loaded))]
        self._loaded = loaded


def _words(error: Exception) -> str:
    return visible(
        error.title if isinstance(error, ConsoleError) else f"{type(error).__name__}: {error}", 200
    )
