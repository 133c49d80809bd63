"""The reader of one run: every file it has, followed from one call to `poll`.

Owns the `Run`. Traps avoided: work proportional to the files instead of the new bytes; a fresh run in the
same folder joined to the old one (the run's id and the folder's identity are watched, a change starts over);
a long file that must be read whole before its newest value is shown.

A poll with a budget reads a long run in three passes: the ends of the files at once, then the whole history
in slices (long series are reduced meanwhile), then, for the alert rules, the history once more with every row
in `rules_run`. A poll without a budget reads everything in one pass.
"""

from __future__ import annotations

import math
import time
from datetime import datetime
from pathlib import Path

import msgspec

from core.clock import from_epoch
from core.errors import UnreadableError
from core.telemetry.assembly import Assembly
from core.telemetry.discovery import Found, check_target, find_checkpoints, find_files
from core.telemetry.follower import Pause
from core.telemetry.identity import RUN_FILE, foreign, parse_run_info, read_run_file
from core.telemetry.markers import Markers
from core.telemetry.model import ProcessState, Run, RunInfo, Source
from core.telemetry.sourcelog import note_event, stamp_events
from core.telemetry.stepclock import StepClock
from core.telemetry.tail import TAIL_BYTES
from core.telemetry.traininglog import OPENED_BYTES, TrainingLog
from core.telemetry.traininglog import TAIL_BYTES as LOG_TAIL_BYTES
from core.text import visible

READ_AT_ONCE = 1 << 18
"""Bytes of row files up to which a poll with a budget needs no passes."""
_RULES_SLICE = 1 << 20
"""Bytes that one poll gives to the rules: their rows stay whole until the next poll."""


class RunReader:
    """Reads a run folder, a TensorBoard folder or one file. Use it from one thread; `run` may be read by
    others between polls."""

    def __init__(
        self, target: Path, *, checkpoints: Path | None = None, models: Path | None = None, now: datetime
    ) -> None:
        """`checkpoints`, `models`: their folders; without any the run folder is looked in. Reads nothing yet.

        Raises UsageError for a missing path or a file that is no run, UnreadableError for a denied one.
        """
        check_target(target)
        self._target = target.resolve()
        self._is_folder = self._target.is_dir()
        self._folder = self._target if self._is_folder else self._target.parent
        beside = (self._folder / "checkpoints", self._folder) if self._is_folder else ()
        self._checkpoint_folders = (checkpoints, *beside) if checkpoints is not None else beside
        self._models = models or (self._folder / "models" if self._is_folder else None)
        self._told: tuple[RunInfo, str | None] | None = None
        self._start()

    run: Run
    """What is known now. Another object after a fresh run began in the folder."""
    rules_run: Run | None
    """The run for the alert rules, to be judged after each poll: every row passes through it once, in order.
    None while a long history is not read yet, `run` itself where nothing is left to catch up with. Its
    `history` is below 1 while it holds a part of the past."""

    @property
    def reading(self) -> bool:
        """There is more to read at once: poll again without waiting for a change of the files."""
        if self._log is not None and self._log.unread:
            return True
        return self._shown is not None and (self._shown.behind or self._next is not None)

    def close(self) -> None:
        """Close every file."""
        for assembly in (self._shown, self._next):
            if assembly is not None:
                assembly.close()
        if self._log is not None:
            self._log.close()

    def take_log_lines(self) -> list[str]:
        """The lines of `training.log` since the last call, made visible; the newest 10,000 of them."""
        return [] if self._log is None else self._log.take()

    def poll(self, now: datetime, budget_seconds: float | None = None) -> bool:
        """Read what is new; True when anything of the run changed. Never raises for a file's sake.

        With a budget it returns after about so many seconds (a piece of 256 KB is always finished), and the
        first call after the ends of the files; see `reading` and `Run.history`. Rows that a poll reads stay
        whole until the next poll, in `rules_run` also where `run` has reduced them.
        """
        pause = None if budget_seconds is None else _deadline(budget_seconds)
        self._read_identity()
        found = find_files(self._target)
        if self._shown is not None and self._shown.is_another_run(found):
            self._start_over()
            self._read_identity()
        changed = self._follow(found, quick=pause is not None)
        if self._log is not None:
            changed = self._log.poll() or changed
        changed = self._read(found, now, pause) or changed
        changed = self._look_around(now) or changed
        before, self._told = self._told, (self.run.info, self._denied)
        return changed or before != self._told

    def _start(self) -> None:
        self._log: TrainingLog | None = None
        self._shown: Assembly | None = None
        """What the run shows; None before the first poll."""
        self._next: Assembly | None = None
        """The pass that is under way behind it."""
        self._tail_shown = False
        self._run_file: tuple[int, int, int] | None = None
        self._run_source: Source | None = None
        """`run.json`, once it was denied."""
        self._denied: str | None = None
        """The note while it is."""
        self._identity = _identity(self._folder)
        self._recorded: RunInfo | None = None
        self.run = Run(foreign(self._folder, None if self._is_folder else self._target.stem))
        self.rules_run = None
        self._markers = Markers(self._models)

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
                self._allow()
                return
            info = parse_run_info(read_run_file(path), self._folder)
        except (FileNotFoundError, NotADirectoryError):
            self._allow()
            return
        except (OSError, UnreadableError) as error:
            self._deny(path, error)
            return
        self._allow()
        if info is None:  # not whole yet, or broken: what is known stays
            note = f"{RUN_FILE} could not be read as a run."
            if note not in self.run.notes:
                self.run.notes = [*self.run.notes, note]
            return
        if self._recorded is not None and info.id != self._recorded.id:
            self._start_over()
        self._run_file, self._recorded, self.run.info = signature, info, info

    def _deny(self, path: Path, error: OSError | UnreadableError) -> None:
        """`run.json` is there and may not or cannot be read: an event of its source, and a note meanwhile."""
        if self._denied is None:
            self._run_source = self._run_source or Source(path, "run")
            note_event(self._run_source, "denied")
            self._run_source.trouble = "denied"
            reason = error.title if isinstance(error, UnreadableError) else error.strerror
            self._denied = f"{RUN_FILE} could not be read: {visible(str(reason), 300)}."
            self.run.notes = [*self.run.notes, self._denied]

    def _allow(self) -> None:
        if self._denied is not None:
            self.run.notes = [note for note in self.run.notes if note != self._denied]
            self._denied = None
            if self._run_source is not None:
                self._run_source.trouble = None

    # Passes.

    def _follow(self, found: Found, quick: bool) -> bool:
        """Follow files that are new; True when there were any."""
        new = False
        if found.log is not None and self._log is None:
            self._log, new = TrainingLog(found.log, LOG_TAIL_BYTES if quick else OPENED_BYTES), True
        if self._shown is None:
            self._tail_shown = quick and found.size() > READ_AT_ONCE
            self._shown = Assembly(self.run.info, tail=TAIL_BYTES if self._tail_shown else None)
        for assembly in (self._shown, self._next):
            if assembly is not None:
                new = assembly.follow(found) or new
        self.run.notes = [*found.notes, *(note for note in self.run.notes if note not in found.notes)]
        return new

    def _read(self, found: Found, now: datetime, pause: Pause | None) -> bool:
        """Read the rows that are new, and a slice of the pass that is under way."""
        assert self._shown is not None
        first = not self._shown.caught_up
        changed = self._poll(self._shown, now, None if self._tail_shown and first else pause)
        if self._tail_shown and first:  # the screen comes first
            self._next = self._pass(found, every_row=False)
        elif first:
            pass
        elif self._log is not None and self._log.unread:
            self._read_back(self._log, now, pause)
            changed = True
        elif self._next is not None:
            self._go_on(found, now, pause)
            changed = True
        self._show()
        return changed

    def _read_back(self, log: TrainingLog, now: datetime, pause: Pause | None) -> None:
        """The log before its tail: only it knows when many of the rows were written."""
        if not log.read_back(pause or _never):
            for assembly in (self._shown, self._next):
                if assembly is not None:
                    assembly.fill_again(now, log.clock)

    def _go_on(self, found: Found, now: datetime, pause: Pause | None) -> None:
        assert self._shown is not None and self._next is not None
        history = self._tail_shown
        if not history and pause is not None:
            pause = _either(pause, _RULES_SLICE)
        self._poll(self._next, now, pause)
        if not self._next.behind:
            self._shown.close()
            self._shown, self._tail_shown = self._next, False
            again = history and not self._shown.whole
            self._next = self._pass(found, every_row=True) if again else None

    def _pass(self, found: Found, every_row: bool) -> Assembly:
        assert self._shown is not None
        rows = max((source.rows for source in self._shown.sources), default=0)
        if self._tail_shown:  # as many to each of the tail's bytes
            rows = rows * found.size() // TAIL_BYTES
        assembly = Assembly(self.run.info, every_row=every_row, expected_rows=rows)
        assembly.follow(found)
        assembly.behind = True
        return assembly

    def _poll(self, assembly: Assembly, now: datetime, pause: Pause | None) -> bool:
        assembly.run.info = self.run.info
        return assembly.poll(now, self._log.clock if self._log is not None else StepClock(), pause)

    def _show(self) -> None:
        """What the passes know, in `run` and `rules_run`."""
        assert self._shown is not None
        run, shown = self.run, self._shown.run
        run.series, run.step, run.last_step_at = shown.series, shown.step, shown.last_step_at
        run.growing = run.growing or shown.growing
        around = (self._log.source if self._log is not None else None, self._run_source)
        run.sources = [*self._shown.sources, *(source for source in around if source is not None)]
        if self._tail_shown:
            run.history = self._next.share if self._next is not None else 0.0
        else:
            run.history = self._shown.share
        if self._next is None:
            self.rules_run = run if not self._tail_shown else None
        elif self._tail_shown:
            self.rules_run = None
        else:
            behind = self._next.run
            self.rules_run = msgspec.structs.replace(
                run, series=behind.series, step=behind.step, history=self._next.share
            )

    # Around the rows.

    def _look_around(self, now: datetime) -> bool:
        """Log, process, checkpoints and when bytes last came; True when one of them changed."""
        assert self._shown is not None
        run = self.run
        before = (run.process, run.checkpoints, run.last_row_at, run.traceback, run.markers)
        moments = self._shown.moments()
        if self._log is not None:
            run.log_tail, run.log_count = self._log.tail, self._log.count
            run.traceback = self._log.traceback
            if self._recorded is None and self._log.total and run.info.total_timesteps != self._log.total:
                run.info = msgspec.structs.replace(run.info, total_timesteps=self._log.total)
            if not run.series:
                run.step = self._log.step
            moments.append(self._shown.believed(self._log, self._log.modified, self._log.written))
        self._shown.settle()
        if self._next is not None:
            self._next.settle()
        run.last_row_at = _latest([*moments, _seconds(run.last_row_at)], now)
        run.process = _process(run.info)
        run.checkpoints = find_checkpoints(self._checkpoint_folders)
        self._markers.update(run)
        for source in run.sources:
            stamp_events(source, now)
        return before != (run.process, run.checkpoints, run.last_row_at, run.traceback, run.markers)


def _deadline(seconds: float) -> Pause:
    end = time.monotonic() + seconds
    return lambda: time.monotonic() >= end


def _never() -> bool:
    return False


def _either(pause: Pause, limit: int) -> Pause:
    """`pause`, or after `limit` bytes, in the follower's pieces."""
    pieces = limit >> 18
    count = 0

    def asked() -> bool:
        nonlocal count
        count += 1
        return count >= pieces or pause()

    return asked


def _latest(moments: list[float | None], now: datetime) -> datetime | None:
    known = [moment for moment in moments if moment is not None and math.isfinite(moment)]
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
