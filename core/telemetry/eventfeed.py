"""The event files of one TensorBoard folder, in their order, on their way into the run's series.

Several files in one folder are one log written by several processes, the later ones resumes. Trap avoided:
a file that is corrupt in the middle ending the log silently; it is an event, and the rest is read.
"""

from __future__ import annotations

from array import array
from pathlib import Path

import msgspec

from core.clock import believable
from core.telemetry.followed import FollowedFile, FollowedFiles
from core.telemetry.follower import Break, ByteFollower, Data, Pause
from core.telemetry.ledger import Ledger, Rank
from core.telemetry.metrics import canonical
from core.telemetry.model import Source
from core.telemetry.sourcelog import note_event, note_malformed
from core.telemetry.stepclock import StepClock
from core.telemetry.tensorboard import Corrupt, EventReader, Scalar


class _File(FollowedFile[ByteFollower]):
    reader: EventReader = msgspec.field(default_factory=EventReader)


class _Points(msgspec.Struct):
    timesteps: array[float] = msgspec.field(default_factory=lambda: array("d"))
    values: array[float] = msgspec.field(default_factory=lambda: array("d"))
    times: array[float] = msgspec.field(default_factory=lambda: array("d"))


class EventFeed(FollowedFiles):
    """Follows the event files of one folder."""

    rank = Rank.TENSORBOARD

    def __init__(self, ledger: Ledger, *, tail: int | None = None) -> None:
        """With `tail`, longer files are read from the first whole record so many bytes before their end."""
        self.clock = StepClock()
        """The wall time of each timestep, as the writer recorded it."""
        self.last_step: float | None = None
        self._ledger = ledger
        self._tail = tail
        self._files: list[_File] = []
        self._names: dict[str, tuple[str, float] | None] = {}
        self._last_by_tag: dict[str, int] = {}

    def add(self, path: Path) -> None:
        """Follow one more file, after those already there."""
        self._files.append(_File(Source(path, "tensorboard"), ByteFollower(path, tail=self._tail)))

    def poll(self, pause: Pause | None = None) -> tuple[bool, bool]:
        """Read what is new: (something changed, scalars came). A later file waits for the end of the one
        before."""
        changed = came = False
        place = 0
        while place < len(self._files):
            file = self._files[place]
            place += 1
            scalars: list[Scalar] = []
            file.looked = True
            for item in file.follower.poll(pause):
                changed = True
                if not isinstance(item, Break):
                    self._decode(file, item, scalars)
                    came = self._take(file, scalars) or came
                    scalars.clear()
                    continue
                note_event(file.source, item.event)
                if item.restarts:
                    self._start_over()
                    place = 0
                    break
            file.source.trouble = file.follower.trouble
            if file.follower.behind:
                break
        return changed, came

    @staticmethod
    def _decode(file: _File, data: Data, scalars: list[Scalar]) -> None:
        if data.offset != file.reader.offset:
            file.reader.restart(data.offset)
        for found in file.reader.feed(data.data):
            if isinstance(found, Corrupt):
                note_event(file.source, "corrupt")
                note_malformed(file.source, found.offset)
            else:
                scalars.append(found)

    def _take(self, file: _File, scalars: list[Scalar]) -> bool:
        if not scalars:
            return False
        points: dict[str, _Points] = {}
        resumed = False
        for scalar in scalars:
            self.clock.add(scalar.step, scalar.wall_time)
            resumed = resumed or scalar.step < self._last_by_tag.get(scalar.tag, 0)
            self._last_by_tag[scalar.tag] = scalar.step
            named = self._name(scalar.tag)
            if named is None:
                continue
            name, factor = named
            column = points.setdefault(name, _Points())
            column.timesteps.append(scalar.step)
            column.values.append(scalar.value * factor)
            column.times.append(believable(scalar.wall_time))
        for name, column in points.items():
            series = self._ledger.series(self, name)
            if series is not None:
                series.extend(column.timesteps, column.values, column.times)
        if resumed:
            note_event(file.source, "resumed")
        file.source.rows += len(scalars)
        self.last_step = scalars[-1].step
        return True

    def _name(self, tag: str) -> tuple[str, float] | None:
        if tag not in self._names:
            if len(self._names) > 10_000:
                return None
            self._names[tag] = canonical(tag)
        return self._names[tag]

    def _start_over(self) -> None:
        """A file was truncated or rewritten: drop all points and read all files again, in order."""
        for name in self._ledger.ruled(self):
            self._ledger.start_over(self, name, 0)
        self._last_by_tag.clear()
        self.clock, self.last_step = StepClock(), None
        for file in self._files:
            file.reader.restart()
            file.source.rows = file.source.malformed = 0
            file.source.malformed_at = []
            file.looked = False
            file.follower.close()
            file.follower = ByteFollower(file.source.path, tail=self._tail)
