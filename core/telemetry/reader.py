"""The reader of one run: every file it has, followed from one call to `poll`.

Owns the `Run`. Traps avoided: work proportional to the files instead of the new bytes; a fresh run in the
same folder joined to the old one (the run's id and the folder's identity are watched, a change starts over).
"""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from core.clock import from_epoch
from core.telemetry.discovery import Found, check_target, find_checkpoints, find_files
from core.telemetry.eventfeed import EventFeed
from core.telemetry.identity import RUN_FILE, foreign, parse_run_info
from core.telemetry.ledger import Ledger
from core.telemetry.model import ProcessState, Run, RunInfo
from core.telemetry.monitorfeed import MonitorFeed
from core.telemetry.rowfeed import RowFeed
from core.telemetry.stepclock import StepClock
from core.telemetry.traininglog import TrainingLog

_Feed = EventFeed | MonitorFeed | RowFeed

_CLOCK_AHEAD = 60.0
"""Seconds by which a writer's clock may lead the file's; a later time is not believed."""


class RunReader:
    """Reads a run folder, a TensorBoard folder or one file. Use it from one thread; `run` may be read by
    others between polls."""

    def __init__(self, target: Path, *, checkpoints: Path | None = None, now: datetime) -> None:
        """`checkpoints`: their folder; None looks in the run folder. Reads nothing yet.

        Raises UsageError for a missing path or a file that is no run, UnreadableError for a denied one.
        """
        check_target(target)
        self._target = target.resolve()
        self._is_folder = self._target.is_dir()
        self._folder = self._target if self._is_folder else self._target.parent
        beside = (self._folder / "checkpoints", self._folder) if self._is_folder else ()
        self._checkpoint_folders = (checkpoints,) if checkpoints is not None else beside
        self._shown: RunInfo | None = None
        self._start()

    run: Run
    """What is known now. Another object after a fresh run began in the folder."""

    def close(self) -> None:
        """Close every file."""
        for feed in self._feeds():
            feed.close()
        if self._log is not None:
            self._log.close()

    def take_log_lines(self) -> list[str]:
        """The lines of `training.log` since the last call, made visible; the newest 10,000 of them."""
        return [] if self._log is None else self._log.take()

    def poll(self, now: datetime) -> bool:
        """Read what is new; True when anything of the run changed. Never raises for a file's sake."""
        self._read_identity()
        changed = self._follow_new_files(find_files(self._target))
        if self._log is not None:
            changed = self._log.poll() or changed
        changed = self._read_rows(now) or changed
        changed = self._look_around(now) or changed
        self._first = False
        before, self._shown = self._shown, self.run.info
        return changed or before is not self.run.info

    def _start(self) -> None:
        self._log: TrainingLog | None = None
        self._rows: list[RowFeed] = []
        self._events: EventFeed | None = None
        self._monitors: MonitorFeed | None = None
        self._first = True
        """Nothing was read yet: what is found now was there before."""
        self._run_file: tuple[int, int, int] | None = None
        self._identity = _identity(self._folder)
        self._paths: set[Path] = set()
        self._found_at: dict[object, tuple[float | None, float | None]] = {}
        """By feed: its modification time when first read, and the moment taken for it."""
        self._recorded: RunInfo | None = None
        self.run = Run(foreign(self._folder, None if self._is_folder else self._target.stem))
        self._ledger = Ledger(self.run)

    def _start_over(self) -> None:
        self.close()
        self._start()

    def _read_identity(self) -> None:
        """Take in `run.json` when it changed; start over when it is another run."""
        if not self._is_folder:
            return
        identity = _identity(self._folder)
        if identity is not None and self._identity is not None and identity != self._identity:
            self._start_over()
        path = self._folder / RUN_FILE
        try:
            found = path.stat()
            signature = (found.st_ino, found.st_size, found.st_mtime_ns)
            if signature == self._run_file:
                return
            info = parse_run_info(path.read_bytes(), self._folder)
        except OSError:
            return
        if info is None:  # not whole yet, or broken: what is known stays
            note = f"{RUN_FILE} could not be read as a run."
            if note not in self.run.notes:
                self.run.notes = [*self.run.notes, note]
            return
        if self._recorded is not None and info.id != self._recorded.id:
            self._start_over()
        self._run_file, self._recorded, self.run.info = signature, info, info

    def _follow_new_files(self, found: Found) -> bool:
        events = set(found.events)
        if self._events is not None and events:
            known = {source.path for source in self._events.sources}
            if not known & events:
                self._start_over()
                self._read_identity()
        new = False
        if found.log is not None and self._log is None:
            self._log, new = TrainingLog(found.log), True
        for path, rank in found.rows:
            if self._is_new(path):
                self._rows.append(RowFeed(path, rank, self._ledger))
                self._rows.sort(key=lambda feed: (feed.rank, feed.source.path))
                new = True
        for path in found.monitors:
            if self._is_new(path):
                self._monitors = self._monitors or MonitorFeed(self._ledger)
                self._monitors.add(path)
                new = True
        for path in found.events:
            if self._is_new(path):
                self._events = self._events or EventFeed(self._ledger)
                self._events.add(path)
                new = True
        if new:
            self._list_sources()
        self.run.notes = [*found.notes, *(note for note in self.run.notes if note not in found.notes)]
        return new

    def _is_new(self, path: Path) -> bool:
        if path in self._paths:
            return False
        self._paths.add(path)
        return True

    def _list_sources(self) -> None:
        sources = [feed.source for feed in self._rows]
        for feed in (self._monitors, self._events):
            sources += feed.sources if feed is not None else ()
        if self._log is not None:
            sources.append(self._log.source)
        self.run.sources = sources

    def _read_rows(self, now: datetime) -> bool:
        """TensorBoard before the CSVs: its wall times are theirs."""
        changed = False
        delivered: list[_Feed] = []
        for several in (self._events, self._monitors):
            if several is not None:
                any_change, came = several.poll()
                changed = changed or any_change
                delivered += [several] if came else []
        for rows in self._rows:
            any_change, came = rows.poll()
            changed = changed or any_change
            delivered += [rows] if came else []
        if not delivered:
            return changed
        for feed in self._feeds():
            for source in feed.sources:
                source.metrics = self._ledger.ruled(feed)
        nothing = StepClock()
        for rows in self._rows:
            rows.fill(
                now,
                self._events.clock if self._events is not None else nothing,
                self._log.clock if self._log is not None else nothing,
            )
        training = [feed for feed in delivered if feed.training and feed.last_step is not None]
        if training:
            self.run.step = int(max(feed.last_step or 0.0 for feed in training))
            self.run.last_step_at = _latest([self._moment(feed) for feed in training], now)
        return True

    def _feeds(self) -> tuple[_Feed, ...]:
        several = [feed for feed in (self._events, self._monitors) if feed is not None]
        return (*several, *self._rows)

    def _moment(self, feed: _Feed) -> float | None:
        """When the newest row of `feed` was written: one that came while we looked at its file's
        modification time; one that was there before at its own time, where it has one (a copied file's
        modification time is that of the copy)."""
        own = None
        if self._first:
            rows = [series for name in self._ledger.ruled(feed) if len(series := self.run.series[name])]
            times = [series.time[-1] for series in rows if math.isfinite(series.time[-1])]
            own = max(times, default=None)
        return self._believed(feed, feed.modified, own)

    def _believed(self, feed: object, modified: float | None, own: float | None) -> float | None:
        """`own` at the first look, unless it leads `modified`; the same until the file is modified again."""
        if self._first:
            early = own is not None and modified is not None and own <= modified + _CLOCK_AHEAD
            self._found_at[feed] = (modified, own if early else modified)
        before, moment = self._found_at.get(feed, (None, None))
        return moment if before == modified else modified

    def _look_around(self, now: datetime) -> bool:
        """Log, process, checkpoints and when bytes last came; True when one of them changed."""
        run = self.run
        before = (run.process, run.checkpoints, run.last_row_at, run.traceback)
        moments = [self._moment(feed) for feed in self._feeds()]
        if self._log is not None:
            run.log_tail, run.log_count = self._log.tail, self._log.count
            run.traceback = self._log.traceback
            if self._recorded is None and self._log.total and run.info.total_timesteps != self._log.total:
                run.info = replace(run.info, total_timesteps=self._log.total)
            if not run.series:
                run.step = self._log.step
            moments.append(self._believed(self._log, self._log.modified, self._log.written))
        run.last_row_at = _latest([*moments, _seconds(run.last_row_at)], now)
        run.process = _process(run.info)
        run.checkpoints = find_checkpoints(self._checkpoint_folders)
        return before != (run.process, run.checkpoints, run.last_row_at, run.traceback)


def _latest(moments: list[float | None], now: datetime) -> datetime | None:
    known = [moment for moment in moments if moment is not None]
    return min(from_epoch(max(known)), now) if known else None


def _seconds(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()


def _identity(folder: Path) -> tuple[int, int] | None:
    try:
        found = folder.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _process(info: RunInfo) -> ProcessState:
    if info.pid is None or info.process_started is None:
        return "unseen"
    from core.process import ProcessIdentity, process_state

    return process_state(
        ProcessIdentity(info.pid, info.process_started, info.boot_id or "", info.nonce or "", info.host or "")
    )
