"""One CSV or JSON-lines file on its way into the run's series.

Owns what a break in the file means for the rows already read. A file that starts over with rows it had before
(rewritten in place, replaced by a longer copy, restarted with `w+`) replaces them; one that goes on behind
them (rotated, copy-truncated) adds to them. Trap avoided: rows lost or doubled by either.
"""

from __future__ import annotations

import math
import operator
from datetime import datetime
from pathlib import Path

import msgspec

from core.telemetry.follower import Break, Data, LineFollower, Pause, Skipped
from core.telemetry.ledger import Ledger, Rank
from core.telemetry.metrics import canonical, evaluation_column
from core.telemetry.model import Source, SourceKind
from core.telemetry.resumes import open_resumed
from core.telemetry.rows import Batch, CsvRows, JsonRows
from core.telemetry.sourcelog import note_event, note_malformed
from core.telemetry.stepclock import StepClock, fill_times
from core.telemetry.tail import newest_header

_MAX_ELAPSED = 65_536


class _Generation(msgspec.Struct):
    """What was there when the file (re)started."""

    first: float
    """Its first timestep."""
    lengths: dict[str, int]
    last: float
    """The last timestep before it, nan when there was none."""
    rows: int
    malformed: int


class RowFeed:
    """Follows one file of rows."""

    def __init__(self, path: Path, rank: Rank, ledger: Ledger, *, tail: int | None = None) -> None:
        """With `tail`, a longer file is read so many bytes before its end, by the newest header before."""
        self.rank = rank
        self.source = Source(path, _KINDS.get(rank, "csv"))
        self.last_step: float | None = None
        self._ledger = ledger
        self._follower = LineFollower(path, tail=tail)
        naming = evaluation_column if rank is Rank.EVALUATIONS else canonical
        self._rows = JsonRows(naming) if rank is Rank.PROGRESS_JSON else CsvRows(naming)
        self._generations: list[_Generation] = []
        self._pending = True
        self._malformed_before = 0
        self._clock = StepClock()
        self._elapsed: list[tuple[float, float]] = []
        self._filled: dict[str, int] = {}
        """By metric, the number of rows that were given their times."""
        self._seen = False
        if tail is not None and isinstance(self._rows, CsvRows):
            for _ in self._rows.feed(Data(0, newest_header(path, tail))):
                pass

    @property
    def sources(self) -> tuple[Source, ...]:
        return (self.source,)

    @property
    def modified(self) -> float | None:
        return self._follower.modified

    @property
    def behind(self) -> bool:
        return self._follower.behind

    @property
    def place(self) -> tuple[int, int]:
        """(bytes read, bytes there)"""
        return self._follower.offset, self._follower.size

    @property
    def training(self) -> bool:
        """Whether its timesteps are the training's."""
        return self.rank is not Rank.EVALUATIONS and bool(self.source.metrics)

    def close(self) -> None:
        self._follower.close()

    def poll(self, pause: Pause | None = None) -> tuple[bool, bool]:
        """Read what is new: (something changed, rows came)."""
        changed, before = False, self.source.rows
        came = False
        for item in self._follower.poll(pause):
            changed = True
            if isinstance(item, Break):
                note_event(self.source, item.event)
                if item.restarts:
                    self._pending, self._malformed_before = True, self.source.malformed
            elif isinstance(item, Skipped):
                note_malformed(self.source, item.offset)
            else:
                for batch in self._rows.feed(item):
                    came = self._take(batch) or came
        self.source.trouble = self._follower.trouble
        came = came or self.source.rows != before
        if not self.behind:
            self._elapsed_clock()
        return changed, came

    def fill(self, now: datetime, tensorboard: StepClock, log: StepClock, *, again: bool = False) -> None:
        """Give the new rows their times: TensorBoard's, else by elapsed seconds, else (the last row of rows
        that came while we looked) the file's modification time, else the log's. `again`: all rows, since
        more of the log is known."""
        live = self._seen and not again
        if again:
            self._filled.clear()
        self._seen = self._seen or (self.last_step is not None and not self.behind)
        for name in self._ledger.ruled(self):
            series = self._ledger.run.series[name]
            rows = min(self._filled.get(name, 0), series.rows)
            start = series.index_of(rows)
            fill_times(series, start, (tensorboard, self._clock))
            last = len(series) - 1
            newest = last >= start and series.timestep[last] == self.last_step
            if live and newest and math.isnan(series.time[last]) and self.modified is not None:
                series.time[last] = min(self.modified, now.timestamp())
            fill_times(series, start, (log,))
            open_resumed(series, start, self._ledger.run.info.resumes)
            self._filled[name] = series.rows

    def _take(self, batch: Batch) -> bool:
        if batch.malformed:
            note_malformed(self.source, *batch.malformed)
        steps = batch.timesteps
        if not steps:
            return False
        if self._pending:
            self._begin(steps[0])
        rising = batch.rising or all(map(operator.le, steps, steps[1:]))
        if not rising or (self.last_step is not None and steps[0] < self.last_step):
            note_event(self.source, "resumed")
        for name, column in batch.columns.items():
            index = column.index
            at = steps if index is None else [steps[place] for place in index]
            self._ledger.extend(self, name, at, column.values, rising=rising, finite=batch.finite)
        if any(map(math.isfinite, batch.elapsed[-1:])):
            self._elapsed += zip(steps, batch.elapsed, strict=True)
            if len(self._elapsed) > _MAX_ELAPSED:
                self._elapsed = self._elapsed[:-1:2] + self._elapsed[-1:]
        self.last_step = steps[-1]
        self.source.rows += len(steps)
        return True

    def _begin(self, first: float) -> None:
        """The file starts, or starts over, with a row of timestep `first`."""
        self._pending = False
        superseded = next((g for g in self._generations if first <= g.first), None)
        if superseded is not None:
            del self._generations[self._generations.index(superseded) :]
            for name in self._ledger.ruled(self):
                self._ledger.start_over(self, name, superseded.lengths.get(name, 0))
                self._filled[name] = min(self._filled.get(name, 0), superseded.lengths.get(name, 0))
            self.source.rows = superseded.rows
            self.source.malformed += superseded.malformed - self._malformed_before
            self.source.malformed_at = self.source.malformed_at[: self.source.malformed]
            self._malformed_before = superseded.malformed
            self.last_step = None if math.isnan(superseded.last) else superseded.last
        last = math.nan if self.last_step is None else self.last_step
        self._generations.append(
            _Generation(first, self._ledger.lengths(self), last, self.source.rows, self._malformed_before)
        )

    def _elapsed_clock(self) -> None:
        """Anchor elapsed seconds at the file's modification time, which is that of its last row."""
        rows, self._elapsed = self._elapsed, []
        if not rows or self.modified is None:
            return
        newest = rows[-1][1]
        later = math.inf
        points: list[tuple[float, float]] = []
        for step, elapsed in reversed(rows):
            if not elapsed <= later:
                break
            later = elapsed
            points.append((step, self.modified - (newest - elapsed)))
        for step, time in reversed(points):
            self._clock.add(step, time)


_KINDS: dict[Rank, SourceKind] = {Rank.PROGRESS: "progress", Rank.PROGRESS_JSON: "progress"}
