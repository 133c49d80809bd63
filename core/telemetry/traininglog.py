"""`training.log` as it grows: the newest lines, the steps with their times, a traceback at its end.

Trap avoided: a traceback long survived taken for a crash; a line that says the training goes on clears it.
"""

from __future__ import annotations

import os
import re
from collections import deque
from datetime import UTC, datetime
from pathlib import Path

from core.telemetry.follower import Break, Data, LineFollower, Pause, Skipped
from core.telemetry.model import Source
from core.telemetry.sourcelog import note_event, note_malformed
from core.telemetry.stepclock import StepClock
from core.text import visible

TAIL_LINES = 500
PENDING_LINES = 10_000
OPENED_BYTES = 8 << 20
"""Of a longer log the steps before are not read."""
TAIL_BYTES = 1 << 17
"""What the first look at a log reads, where it has to be quick."""

_PIECE = 1 << 20

_STAMP = re.compile(rb"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:[.,]\d+)?Z?\b[^\[]*\[([A-Za-z]+)\]")
_STEP_LINE = re.compile(
    rb"^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)[^\n\[]*\[[A-Za-z]+\][^\n]*?\bStep (\d{1,15})/\d{1,15}\b", re.M
)
_STEP = re.compile(rb"\bStep (\d{1,15})/(\d{1,15})\b")
_GOES_ON = (b"DEBUG", b"INFO", b"WARNING")


class TrainingLog:
    """Follows one log; `clock` maps its steps to times (UTC, to the second)."""

    def __init__(self, path: Path, tail: int = OPENED_BYTES) -> None:
        """Begins with the first whole line within the last `tail` bytes."""
        self.source = Source(path, "log")
        self.tail: list[str] = []
        self.count = 0
        self.traceback = False
        self.step: int | None = None
        self.total: int | None = None
        self.clock = StepClock()
        self.written: float | None = None
        """The newest line's own time, epoch seconds."""
        self._follower = LineFollower(path, tail=tail)
        self._short = tail < OPENED_BYTES
        self._unread: tuple[int, int] | None = None
        """The bytes before the tail whose steps are not read yet: from, to."""
        self._earlier = StepClock()
        self._pending: deque[str] = deque(maxlen=PENDING_LINES)

    @property
    def unread(self) -> bool:
        """There are steps before the tail that were not read yet."""
        return self._unread is not None

    @property
    def modified(self) -> float | None:
        return self._follower.modified

    def close(self) -> None:
        self._follower.close()

    def take(self) -> list[str]:
        """The lines since the last call, made visible; the newest 10,000 of them."""
        lines = list(self._pending)
        self._pending.clear()
        return lines

    def poll(self) -> bool:
        """Read what is new; True when there was anything."""
        changed = False
        fresh: list[str] = []
        for item in self._follower.poll():
            changed = True
            if isinstance(item, Data):
                if not self.count and item.offset and self._short:
                    self._unread = (max(0, item.offset - OPENED_BYTES), item.offset)
                for line in item.data.split(b"\n")[:-1]:
                    self._line(line.rstrip(b"\r"), fresh)
            elif isinstance(item, Skipped):
                note_malformed(self.source, item.offset)
            else:
                self._break(item)
        self.source.trouble = self._follower.trouble
        if fresh:
            self._pending.extend(fresh)
            self.tail = (self.tail + fresh)[-TAIL_LINES:]
        return changed

    def read_back(self, pause: Pause) -> bool:
        """Read the steps of the 8 MB before the tail, until `pause`; True when there are more."""
        while self._unread is not None:
            begin, end = self._unread
            block = _block(self.source.path, begin, min(end, begin + _PIECE))
            whole = block.rfind(b"\n") + 1
            for found in _STEP_LINE.finditer(block, 0, whole):
                moment = _moment(found[1], found[2])
                if moment is not None:
                    self._earlier.add(int(found[3]), moment)
            self._unread = (begin + whole, end) if whole and begin + whole < end else None
            if self._unread is not None and pause():
                return True
        if self._earlier:
            for step, time in self.clock.points():
                self._earlier.add(step, time)
            self.clock, self._earlier = self._earlier, StepClock()
        return False

    def _break(self, item: Break) -> None:
        note_event(self.source, item.event)
        if item.restarts:
            self._unread, self._earlier = None, StepClock()
        if item.event == "rewritten":
            self.tail, self.clock, self.traceback = [], StepClock(), False
            self.source.rows = 0

    def _line(self, line: bytes, fresh: list[str]) -> None:
        self.count += 1
        self.source.rows += 1
        fresh.append(visible(line.decode("utf-8", "replace")))
        if b"Traceback (most recent call last)" in line:
            self.traceback = True
            return
        stamp = _STAMP.match(line)
        if stamp is None:
            return
        if stamp[3].upper() in _GOES_ON:
            self.traceback = False
        moment = _moment(stamp[1], stamp[2])
        if moment is None:
            return
        self.written = moment
        step = _STEP.search(line, stamp.end())
        if step is not None:
            self.step, self.total = int(step[1]), int(step[2])
            self.clock.add(self.step, self.written)


def _moment(day: bytes, time: bytes) -> float | None:
    try:
        moment = datetime.fromisoformat(f"{day.decode()}T{time.decode()}")
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC).timestamp()


def _block(path: Path, begin: int, end: int) -> bytes:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return b""
    try:
        return os.pread(handle, end - begin, begin)
    except OSError:
        return b""
    finally:
        os.close(handle)
