"""stable-baselines3's `monitor.csv` files, several environments merged by time.

Owns what an episode means for the run: `reward` and `episode_length` are means of the last 100 episodes (as
`ep_rew_mean` and `ep_len_mean` are), the timestep is the sum of all lengths so far. Trap avoided: one
environment's episodes taken for the whole run's; an order that depends on how much was read at a time: an
episode is taken once every file that is not read to its end has a later one.
"""

from __future__ import annotations

import heapq
import json
import math
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import accumulate, repeat
from pathlib import Path

import msgspec

from core.clock import believable
from core.telemetry.followed import FollowedFile, FollowedFiles
from core.telemetry.follower import Break, Data, LineFollower, Pause, Skipped
from core.telemetry.ledger import Ledger, Rank
from core.telemetry.model import Source
from core.telemetry.rows import NotANumberError, number
from core.telemetry.sourcelog import note_event, note_malformed

WINDOW = 100
"""Episodes in a mean: stable-baselines3's `stats_window_size`."""

_MAX_LENGTH = 1e12


_Episode = tuple[float, float, float]
"""When it ended (epoch seconds, inf where the file does not say), its return, its length."""

_NUMERIC = b"0123456789+-.eE"
_NUMBERS = msgspec.json.Decoder(list[float])


class _File(FollowedFile[LineFollower]):
    started: float = math.nan
    """`t_start` of the comment line."""
    header: list[bytes] = msgspec.field(default_factory=list)
    header_line: bytes = b""
    waiting: deque[_Episode] = msgspec.field(default_factory=deque)
    """Read, and not taken yet."""


class MonitorFeed(FollowedFiles):
    """Follows the monitor files of one run."""

    rank = Rank.MONITOR

    def __init__(self, ledger: Ledger) -> None:
        self.last_step: float | None = None
        self._ledger = ledger
        self._files: list[_File] = []
        self._rewards: deque[float] = deque(maxlen=WINDOW)
        self._lengths: deque[float] = deque(maxlen=WINDOW)

    def add(self, path: Path) -> None:
        """Follow one more environment's file."""
        self._files.append(_File(Source(path, "monitor"), LineFollower(path)))

    def poll(self, pause: Pause | None = None) -> tuple[bool, bool]:
        """Read what is new: (something changed, episodes came)."""
        changed = came = False
        open_files = list(self._files)
        while open_files:
            file = min(open_files, key=lambda one: (not one.unread, len(one.waiting)))
            any_change = self._read(file, self._between(pause))
            if any_change is None:  # all files are read again
                open_files, changed = list(self._files), True
                continue
            changed = changed or any_change
            if not file.follower.behind:
                open_files.remove(file)
            came = self._take() or came
            if pause is not None and pause():
                break
        return changed, came

    def _between(self, pause: Pause | None) -> Pause:
        """With several files, look at another one after each piece; else only where `pause` says so."""
        if len(self._files) > 1:
            return lambda: True
        return pause or (lambda: False)

    def _read(self, file: _File, pause: Pause) -> bool | None:
        """A piece of one file into its queue: whether there was anything; None when it began afresh."""
        changed = False
        file.looked = True
        for item in file.follower.poll(pause):
            changed = True
            if isinstance(item, Break):
                note_event(file.source, item.event)
                if item.restarts:
                    self._start_over()
                    return None
            elif isinstance(item, Skipped):
                note_malformed(file.source, item.offset)
            else:
                self._lines(file, item)
                if len(self._files) == 1:
                    self._take()
        file.source.trouble = file.follower.trouble
        return changed

    def _lines(self, file: _File, data: Data) -> None:
        episodes = self._plain(file, data.data)
        if episodes is not None:
            file.waiting.extend(episodes)
            file.source.rows += len(episodes)
            return
        offset = data.offset
        for line in data.data.split(b"\n")[:-1]:
            text = line.strip()
            if text.startswith(b"#"):
                file.started = _started(text[1:])
            elif not file.header or text == file.header_line:
                file.header_line = text
                file.header = [name.strip() for name in text.split(b",")]
            elif text:
                episode = _episode(file, text)
                if episode is None:
                    note_malformed(file.source, offset)
                else:
                    file.waiting.append(episode)
                    file.source.rows += 1
            offset += len(line) + 1

    @staticmethod
    def _plain(file: _File, piece: bytes) -> list[_Episode] | None:
        """Episodes of whole lines of plain numbers, or None."""
        header = file.header
        if b"r" not in header or b"l" not in header:
            return None
        piece = piece.replace(b"\r\n", b"\n")
        width, rows = len(header), piece.count(b"\n")
        if piece.translate(None, _NUMERIC) != (b"," * (width - 1) + b"\n") * rows:
            return None
        try:
            cells = _NUMBERS.decode(b"[%b]" % piece[:-1].replace(b"\n", b","))
        except msgspec.DecodeError:
            return None
        lengths = cells[header.index(b"l") :: width]
        if not (min(lengths) > 0 and max(lengths) < _MAX_LENGTH):
            return None
        times: Iterable[float] = repeat(math.inf, rows)
        if b"t" in header and not math.isnan(file.started):
            times = [file.started + elapsed for elapsed in cells[header.index(b"t") :: width]]
        return list(zip(times, cells[header.index(b"r") :: width], lengths, strict=True))

    def _take(self) -> bool:
        """The episodes that no unread one can precede, in the order of their times."""
        episodes = list(self._ready())
        if not episodes:
            return False
        times = [believable(time) for time, _, _ in episodes]
        rewards = [reward for _, reward, _ in episodes]
        lengths = [length for _, _, length in episodes]
        steps = list(accumulate(lengths, initial=self.last_step or 0.0))[1:]
        self.last_step = steps[-1]
        for name, values, before in (
            ("reward", rewards, self._rewards),
            ("episode_length", lengths, self._lengths),
        ):
            means = _means(before, values)
            series = self._ledger.series(self, name)
            if series is not None:
                series.extend(steps, means, times, rising=True)
        return True

    def _ready(self) -> Iterator[_Episode]:
        unread = [file for file in self._files if file.unread]
        if len(self._files) == 1:
            (file,) = self._files
            ready, file.waiting = file.waiting, deque()
            yield from ready
            return
        heads = [(file.waiting[0][0], place) for place, file in enumerate(self._files) if file.waiting]
        heapq.heapify(heads)
        while heads:
            if any(not file.waiting for file in unread):
                return
            _, place = heapq.heappop(heads)
            waiting = self._files[place].waiting
            yield waiting.popleft()
            if waiting:
                heapq.heappush(heads, (waiting[0][0], place))

    def _start_over(self) -> None:
        """A file was truncated or rewritten: drop all episodes and read all files again."""
        for name in self._ledger.ruled(self):
            self._ledger.start_over(self, name, 0)
        self._rewards.clear()
        self._lengths.clear()
        self.last_step = None
        for file in self._files:
            file.started, file.header, file.header_line = math.nan, [], b""
            file.source.rows = file.source.malformed = 0
            file.source.malformed_at = []
            file.waiting.clear()
            file.looked = False
            file.follower.close()
            file.follower = LineFollower(file.source.path)


def _started(comment: bytes) -> float:
    try:
        header = json.loads(comment)
        started = header.get("t_start") if isinstance(header, dict) else None
    except (ValueError, RecursionError):
        return math.nan
    return float(started) if isinstance(started, int | float) and math.isfinite(started) else math.nan


def _episode(file: _File, line: bytes) -> _Episode | None:
    cells = line.split(b",")
    header = file.header
    if len(cells) != len(header) or b"r" not in header or b"l" not in header:
        return None
    try:
        reward, length = number(cells[header.index(b"r")]), number(cells[header.index(b"l")])
        elapsed = number(cells[header.index(b"t")]) if b"t" in header else None
    except NotANumberError:
        return None
    if reward is None or length is None or not 0 < length < _MAX_LENGTH:
        return None
    time = math.inf if elapsed is None or math.isnan(file.started) else file.started + elapsed
    return time, reward, length


def _means(window: deque[float], values: list[float]) -> list[float]:
    """Of each value, the mean of it and the 99 before; `window` holds the values before and is moved on."""
    known = len(window)
    extended = [*window, *values]
    window.extend(values)
    return [
        sum(extended[max(0, end - WINDOW) : end]) / min(WINDOW, end)
        for end in range(known + 1, len(extended) + 1)
    ]
