"""Earlier runs for comparison: listed and loaded by a thread of their own.

Owns what is known of `logs/runs/`. Trap avoided: a screen that reads a hundred folders, or a million rows,
before it answers a key. `changed` is called in the thread whenever there is something new to show.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from core.clock import utc_now
from core.errors import ConsoleError
from core.text import visible

if TYPE_CHECKING:
    from core.telemetry.model import Run, Series

_LISTED_AT_MOST = 200
_KEPT = 8
"""So many runs stay loaded."""
_QUICK = 0.0
"""Seconds for a run in the list: the ends of its files."""


class EarlierRun(msgspec.Struct, frozen=True):
    """One folder of the archive."""

    key: str
    """The folder's name, made visible."""
    folder: Path
    name: str
    """The tag, else the run's id."""
    started_at: datetime | None = None
    outcome: str | None = None
    """`finished`, `stopped` or `crashed`; None where the run says nothing."""
    steps: int | None = None
    total: int | None = None
    best_sharpe: float | None = None
    """The best validation Sharpe of its evaluations."""
    problem: str = ""
    """Why it could not be read, in words."""


class RunLibrary:
    """`runs` and what `series` returns are replaced by the thread, never edited."""

    def __init__(self, archive: Path | None, changed: Callable[[], None]) -> None:
        """`archive`: the folder of earlier runs; None where there is no workspace."""
        self.archive = archive
        self._changed = changed
        self.runs: tuple[EarlierRun, ...] = ()
        """Newest first."""
        self.listed = archive is None
        """The folder was looked through at least once."""
        self._loaded: dict[str, Mapping[str, Series]] = {}
        self._jobs: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def look(self) -> None:
        """List the folder again."""
        if self.archive is not None:
            self._submit(self._list)

    def load(self, run: EarlierRun) -> None:
        """Read all rows of a run, unless they are there already."""
        if run.key not in self._loaded:
            self._submit(lambda: self._load(run))

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
            job()
            self._changed()

    def _list(self) -> None:
        assert self.archive is not None
        try:
            folders = [path for path in self.archive.iterdir() if path.is_dir()]
        except OSError:
            folders = []
        found = [listed(folder) for folder in sorted(folders, reverse=True)[:_LISTED_AT_MOST]]
        found.sort(key=_newest_first, reverse=True)
        self.runs, self.listed = tuple(found), True

    def _load(self, run: EarlierRun) -> None:
        if run.key in self._loaded:
            return
        try:
            read = _read(run.folder, budget=None)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with a run, the list says so
            self._say_problem(run, error)
            return
        loaded = {**self._loaded, run.key: read.series}
        while len(loaded) > _KEPT:
            del loaded[next(iter(loaded))]
        self._loaded = loaded

    def _say_problem(self, run: EarlierRun, error: Exception) -> None:
        problem = _words(error)
        self.runs = tuple(
            msgspec.structs.replace(one, problem=problem) if one.key == run.key else one for one in self.runs
        )


def listed(folder: Path) -> EarlierRun:
    """What the list says of a run; one that cannot be read says why."""
    key = visible(folder.name, 120)
    try:
        run = _read(folder, budget=_QUICK)
    except Exception as error:  # noqa: BLE001 - a broken folder is a row of the list, not its end
        return EarlierRun(key, folder, key, problem=_words(error))
    sharpe = run.series.get("eval_sharpe")
    return EarlierRun(
        key,
        folder,
        run.info.tag or key,
        run.info.started_at,
        run.info.outcome,
        run.timestep,
        run.info.total_timesteps,
        sharpe.maximum if sharpe is not None else None,
        "" if run.series else "no rows",
    )


def _read(folder: Path, budget: float | None) -> Run:
    from core.telemetry.reader import RunReader

    now = utc_now()
    reader = RunReader(folder, checkpoints=folder / "checkpoints", now=now)
    try:
        reader.poll(now, budget)
        return reader.run
    finally:
        reader.close()


def _words(error: Exception) -> str:
    return visible(
        error.title if isinstance(error, ConsoleError) else f"{type(error).__name__}: {error}", 200
    )


def _newest_first(run: EarlierRun) -> tuple[float, str]:
    return (run.started_at.timestamp() if run.started_at is not None else 0.0, run.key)
