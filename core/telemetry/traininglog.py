"""`training.log` as it grows: the newest lines, the steps with their times, a traceback at its end.

Trap avoided: a traceback long survived taken for a crash; a line that says the training goes on clears it.
"""

from __future__ import annotations

import re
from collections import deque
from datetime import UTC, datetime
from pathlib import Path

from core.telemetry.follower import Break, Data, LineFollower, Skipped
from core.telemetry.model import Source
from core.telemetry.sourcelog import note_event, note_malformed
from core.telemetry.stepclock import StepClock
from core.text import visible

TAIL_LINES = 500
PENDING_LINES = 10_000
OPENED_BYTES = 8 << 20
"""A longer log is opened this far from its end."""

_STAMP = re.compile(rb"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:[.,]\d+)?Z?\b[^\[]*\[([A-Za-z]+)\]")
_STEP = re.compile(rb"\bStep (\d{1,15})/(\d{1,15})\b")
_GOES_ON = (b"DEBUG", b"INFO", b"WARNING")


class TrainingLog:
    """Follows one log; `clock` maps its steps to times (UTC, to the second)."""

    def __init__(self, path: Path) -> None:
        self.source = Source(path, "log")
        self.tail: list[str] = []
        self.count = 0
        self.traceback = False
        self.step: int | None = None
        self.total: int | None = None
        self.clock = StepClock()
        self.written: float | None = None
        """The newest line's own time, epoch seconds."""
        self._follower = LineFollower(path, tail=OPENED_BYTES)
        self._pending: deque[str] = deque(maxlen=PENDING_LINES)

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
                for line in item.data.split(b"\n")[:-1]:
                    self._line(line.rstrip(b"\r"), fresh)
            elif isinstance(item, Skipped):
                note_malformed(self.source, item.offset)
            else:
                self._break(item)
        if fresh:
            self._pending.extend(fresh)
            self.tail = (self.tail + fresh)[-TAIL_LINES:]
        return changed

    def _break(self, item: Break) -> None:
        note_event(self.source, item.event)
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
        try:
            moment = datetime.fromisoformat(f"{stamp[1].decode()}T{stamp[2].decode()}")
        except ValueError:
            return
        self.written = moment.replace(tzinfo=UTC).timestamp()
        step = _STEP.search(line, stamp.end())
        if step is not None:
            self.step, self.total = int(step[1]), int(step[2])
            self.clock.add(self.step, self.written)
