"""The console looking at an earlier moment of its run: charts, values and logs together.

Owns which moment that is. Traps avoided: a resumed run's later rows shown at a step that they repeat (a
moment names its pass over the steps); a picture of the past that says more than was known (health, host and
alerts of now are left out of it).
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left, bisect_right
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import msgspec

from core import units
from core.clock import from_epoch
from core.telemetry.as_of import points_until, run_at_step

if TYPE_CHECKING:
    from console.session import ConsoleSession
    from console.snapshot import Snapshot
    from core.telemetry.model import Run, Series

_SHARE = 40
"""One step in time is this part of the rows in view."""
_NUMBER = r"@?([0-9][0-9,_ ]*(?:\.[0-9]+)?)\s*([kKmM%]?)"
_CLOCK = r"(?:(\d{4}-\d\d-\d\d)[ T])?(\d{1,2}):(\d\d)(?::(\d\d))?\s*Z?"


class Moment(msgspec.Struct, frozen=True):
    """A row of the run: where its history is looked at."""

    step: int
    back: int = 0
    """How many passes over the steps are newer: a resume that went back began one."""
    time: datetime | None = None
    """When that row was written, where the run knows."""

    @property
    def words(self) -> str:
        """`step 106,496 (14:02:11Z)`."""
        at = f" ({units.clock(self.time)})" if self.time is not None else ""
        return f"step {units.number(self.step)}{at}"


class Replay:
    """`moment` is None while the console is live."""

    def __init__(self) -> None:
        self.moment: Moment | None = None

    def snapshot(self, live: Snapshot) -> Snapshot:
        """The picture at the moment; `live` itself without one."""
        return live if self.moment is None else snapshot_at(live, self.moment)


_REPLAYS: WeakKeyDictionary[ConsoleSession, Replay] = WeakKeyDictionary()


def replay_of(session: ConsoleSession) -> Replay:
    """The one replay of a session, shared by its screens."""
    if session not in _REPLAYS:
        _REPLAYS[session] = Replay()
    return _REPLAYS[session]


def master(run: Run) -> Series | None:
    """The series whose rows are the steps in time: the one with the most rows."""
    return max(run.series.values(), key=lambda series: series.rows, default=None)


def moment_of(series: Series, index: int) -> Moment:
    """The moment of the row at `index`."""
    time = series.time[index]
    pass_number = bisect_right(series.segments, index) - 1
    return Moment(
        int(series.timestep[index]),
        max(0, len(series.segments) - 1 - pass_number),
        from_epoch(time) if math.isfinite(time) else None,
    )


def step_by(run: Run, moment: Moment | None, by: int, span: float | None = None) -> Moment | None:
    """The moment `by` steps in time away from this one; None past the newest row: live again.

    One step is a fortieth of the rows, or of those within `span` steps where a part is in view.
    """
    series = master(run)
    if series is None or not len(series):
        return None
    newest = len(series) - 1
    at = newest if moment is None else max(0, points_until(series, moment.step, moment.back) - 1)
    rows = len(series)
    if span is not None:
        rows = at + 1 - bisect_left(series.timestep, series.timestep[at] - span, _begin_of(series, at), at)
    index = at + by * max(1, rows // _SHARE)
    if moment is None and by > 0:
        return None
    return None if index >= newest else moment_of(series, max(0, index))


def _begin_of(series: Series, index: int) -> int:
    return series.segments[bisect_right(series.segments, index) - 1] if series.segments else 0


def find_moment(run: Run, text: str) -> Moment | str:
    """The moment that a person means by `106496`, `106k`, `50 %`, `14:02`, `2026-02-24 14:02:11`; else words
    that say why there is none. The row is the last one at or before it."""
    series = master(run)
    if series is None or not len(series):
        return "the run has no rows yet"
    text = text.strip()
    if found := re.fullmatch(_CLOCK, text, re.IGNORECASE):
        return _at_time(series, found)
    found = re.fullmatch(_NUMBER, text)
    if found is None:
        return f'"{text[:40]}" is no step or time: give 106496, 106k, 50 %, 14:02 or 2026-02-24 14:02'
    number = float(re.sub(r"[,_ ]", "", found[1]))
    unit = found[2].lower()
    if unit == "%":
        total = run.info.total_timesteps or series.last_timestep or 0
        number *= total / 100
    step = number * {"k": 1e3, "m": 1e6}.get(unit, 1.0)
    start = series.segments[-1] if series.segments else 0
    if step < series.timestep[start]:
        for back, begin in enumerate(reversed(series.segments[:-1]), 1):
            if step >= series.timestep[begin]:
                end = points_until(series, step, back)
                return moment_of(series, end - 1)
        return f"the run's rows begin at step {units.number(series.timestep[0])}"
    return moment_of(series, bisect_right(series.timestep, step, start, len(series)) - 1)


def _at_time(series: Series, found: re.Match[str]) -> Moment | str:
    known = [index for index in range(len(series)) if math.isfinite(series.time[index])]
    if not known:
        return "the run's rows have no times: give a step"
    newest = from_epoch(series.time[known[-1]])
    day, hour, minute, second = found.groups()
    try:
        date = datetime.fromisoformat(day).date() if day else newest.date()
        wanted = datetime(
            date.year, date.month, date.day, int(hour), int(minute), int(second or 0), tzinfo=UTC
        )
    except ValueError:
        return "that is no time of the day"
    if not day and wanted > newest:
        wanted -= timedelta(days=1)
    before = [index for index in known if series.time[index] <= wanted.timestamp() + 0.999]
    if not before:
        return f"the run's rows begin at {from_epoch(series.time[known[0]]).strftime('%Y-%m-%d %H:%M:%SZ')}"
    return moment_of(series, before[-1])


def snapshot_at(live: Snapshot, moment: Moment) -> Snapshot:
    """The picture of the run at the moment. Alerts: those that had begun to fire by then."""
    return msgspec.structs.replace(
        live,
        run=run_at_step(live.run, moment.step, moment.back).run,
        alerts=tuple(
            alert
            for alert in live.alerts
            if alert.since_timestep is not None and alert.since_timestep <= moment.step and alert.firing
        ),
        host=None,
        taken_at=moment.time or live.taken_at,
        timed=moment.time is not None,
    )
