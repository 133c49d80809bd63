"""The row files of one run, followed together into one set of series.

Owns which files are followed and when the newest row of each was written. Trap avoided: a copied file's
modification time taken for the moment of its last row; rows that were there at the first look count by their
own time, where they have one.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from core.clock import from_epoch
from core.telemetry.discovery import Found
from core.telemetry.follower import Pause
from core.telemetry.ledger import Ledger
from core.telemetry.metrics import METRICS
from core.telemetry.model import Run, RunInfo, Source
from core.telemetry.rowfeed import RowFeed
from core.telemetry.series import BUCKETS
from core.telemetry.stepclock import StepClock

if TYPE_CHECKING:
    from core.telemetry.eventfeed import EventFeed
    from core.telemetry.monitorfeed import MonitorFeed

    _Feed = EventFeed | MonitorFeed | RowFeed


_CLOCK_AHEAD = 60.0
"""Seconds by which a writer's clock may lead the file's; a later time is not believed."""
_NOTHING = StepClock()
_SURE = 0.9
"""Share of the expected rows that will come, however rough the estimate."""
_NEAR_PAST = 4 << 20
"""Bytes before the end of the files whose rows are read whole, for the exact newest rows."""


class Assembly:
    """Follows the row files of a run. `run` holds their series; nobody else sees it."""

    def __init__(
        self,
        info: RunInfo,
        *,
        tail: int | None = None,
        every_row: bool = True,
        only: frozenset[str] | None = None,
        expected_rows: float = 0.0,
    ) -> None:
        """`tail`: of each file only so many bytes before its end, and what comes. `every_row`: all rows of a
        poll stay whole until the next one; else long series are reduced while they are read. `only`: these
        metrics. `expected_rows`: about how many rows will come."""
        self.run = Run(info)
        self._tail = tail
        self._every_row = every_row
        self._ledger = Ledger(self.run, only, _stride(expected_rows))
        self._rows: list[RowFeed] = []
        self._events: EventFeed | None = None
        self._monitors: MonitorFeed | None = None
        self._paths: set[Path] = set()
        self._found_at: dict[object, tuple[float | None, float | None]] = {}
        """By feed: its modification time when first read, and the moment taken for it."""
        self._there = 0
        """Bytes of the files when they were found."""
        self.caught_up = False
        """The end of every file was reached once: what comes now came while it was looked at."""
        self.behind = False
        """The last poll was paused before the end of the files."""

    @property
    def sources(self) -> list[Source]:
        sources = [feed.source for feed in self._rows]
        for feed in (self._monitors, self._events):
            sources += feed.sources if feed is not None else ()
        return sources

    @property
    def share(self) -> float:
        """Bytes read of the bytes there, 0 to 1; below 1 only while a poll was paused."""
        if not self.behind:
            return 1.0
        read, there = self._place()
        return min(0.999, read / there) if there else 0.0

    @property
    def whole(self) -> bool:
        """Every row has a point of its own."""
        return all(series.rows == len(series) for series in self.run.series.values())

    def close(self) -> None:
        """Close every file."""
        for feed in self._feeds():
            feed.close()

    def is_another_run(self, found: Found) -> bool:
        """The event files that were followed are all gone and others are there."""
        known = {source.path for source in self._events.sources} if self._events is not None else set()
        return bool(known and found.events) and not known & set(found.events)

    def follow(self, found: Found) -> bool:
        """Follow what is not followed yet; True when there was anything."""
        new = False
        for path, rank in found.rows:
            if self._is_new(path):
                self._rows.append(RowFeed(path, rank, self._ledger, tail=self._tail))
                self._rows.sort(key=lambda feed: (feed.rank, feed.source.path))
                new = True
        for path in self._monitors_of(found):
            if self._is_new(path):
                self._add_monitor(path)
                new = True
        if self._tail is not None and self._events is None:  # older files have no part in the tail
            self._paths.update(found.events[:-1])
        for path in found.events:
            if self._is_new(path):
                self._add_events(path)
                new = True
        self._there = max(self._there, found.size()) if new else self._there
        return new

    def _add_monitor(self, path: Path) -> None:
        if self._monitors is None:
            from core.telemetry.monitorfeed import MonitorFeed

            self._monitors = MonitorFeed(self._ledger)
        self._monitors.add(path)

    def _add_events(self, path: Path) -> None:
        if self._events is None:
            from core.telemetry.eventfeed import EventFeed

            self._events = EventFeed(self._ledger, tail=self._tail)
        self._events.add(path)

    def poll(self, now: datetime, log: StepClock, pause: Pause | None = None) -> bool:
        """Read what is new, TensorBoard before the CSVs: its wall times are theirs. True when anything
        changed."""
        self._ledger.begin()
        changed = False
        delivered: list[_Feed] = []
        try:
            for feed in self._feeds():
                any_change, came = feed.poll(self._between(pause))
                changed = changed or any_change
                if came:
                    delivered.append(feed)
                if pause is not None and feed.behind:
                    break
        finally:
            self._ledger.close_past()
        self.behind = any(feed.behind for feed in self._feeds())
        if delivered or (self.run.history < 1.0 and not self.behind):
            for each in self._feeds():
                for source in each.sources:
                    source.metrics = tuple(sorted(self._ledger.ruled(each), key=_place_in_table))
            if self._every_row or not self.behind:
                self._fill(now, log)
        if any(feed.training for feed in delivered):
            self.run.growing = self.run.growing or self.caught_up
        if changed:
            self._note_step(delivered if self.caught_up else self._feeds(), now)
        self.run.history = self.share
        return changed

    def _note_step(self, feeds: Sequence[_Feed], now: datetime) -> None:
        training = [feed for feed in feeds if feed.training and feed.last_step is not None]
        if not training:
            return
        self.run.step = int(max(feed.last_step or 0.0 for feed in training))
        moments = [moment for feed in training if (moment := self._moment(feed)) is not None]
        self.run.last_step_at = min(from_epoch(max(moments)), now) if moments else None

    def fill_again(self, now: datetime, log: StepClock) -> None:
        """More of the log was read: its times are for earlier rows too."""
        self._fill(now, log, again=True)

    def _fill(self, now: datetime, log: StepClock, again: bool = False) -> None:
        for rows in self._rows:
            rows.fill(now, self._events.clock if self._events is not None else _NOTHING, log, again=again)

    def moments(self) -> list[float | None]:
        """When bytes last came, file by file, epoch seconds."""
        return [self._moment(feed) for feed in self._feeds()]

    def believed(self, feed: object, modified: float | None, own: float | None) -> float | None:
        """`own` at the first look, unless it leads `modified`; the same until the file is modified again."""
        if not self.caught_up:
            early = own is not None and modified is not None and own <= modified + _CLOCK_AHEAD
            self._found_at[feed] = (modified, own if early else modified)
        before, moment = self._found_at.get(feed, (None, None))
        return moment if before == modified else modified

    def settle(self) -> None:
        """The poll is over: remember whether its end was reached."""
        self.caught_up = self.caught_up or not self.behind

    def _moment(self, feed: _Feed) -> float | None:
        """When the newest row of `feed` was written: one that came while we looked at its file's
        modification time; one that was there before at its own time, where it has one."""
        own = None
        if not self.caught_up:
            rows = [series for name in self._ledger.ruled(feed) if len(series := self.run.series[name])]
            times = [series.time[-1] for series in rows if math.isfinite(series.time[-1])]
            own = max(times, default=None)
        return self.believed(feed, feed.modified, own)

    def _between(self, pause: Pause | None) -> Pause | None:
        """`pause`; where not every row is needed long series are reduced at each question."""
        if self._every_row or pause is None:
            return pause

        def reduce_and_ask() -> bool:
            self._ledger.begin()
            read, there = self._place()
            self._ledger.condensing = not self.caught_up and there - read > _NEAR_PAST
            return pause()

        return reduce_and_ask

    def _place(self) -> tuple[int, int]:
        """(bytes read, bytes there)"""
        places = [feed.place for feed in self._feeds()]
        return sum(read for read, _ in places), max(self._there, sum(size for _, size in places))

    def _feeds(self) -> tuple[_Feed, ...]:
        several = [feed for feed in (self._events, self._monitors) if feed is not None]
        return (*several, *self._rows)

    def _is_new(self, path: Path) -> bool:
        if path in self._paths:
            return False
        self._paths.add(path)
        return True

    def _monitors_of(self, found: Found) -> list[Path]:
        """None where a tail is read and a file is longer: an episode's timestep is the sum of all lengths
        before it, which the end of a file does not tell."""
        if self._tail is not None:
            for path in found.monitors:
                with contextlib.suppress(OSError):
                    if path.stat().st_size > self._tail:
                        return []
        return found.monitors


_PLACES = {name: place for place, name in enumerate(METRICS)}


def _place_in_table(metric: str) -> tuple[int, str]:
    """The table's order, whichever value came first; then by name."""
    return _PLACES.get(metric, len(_PLACES)), metric


def _stride(expected_rows: float) -> int:
    """How wide the buckets of a reduced past will have to be in the end."""
    stride = 1
    while expected_rows * _SURE > stride * BUCKETS:
        stride *= 2
    return stride
