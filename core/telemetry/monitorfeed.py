"""stable-baselines3's `monitor.csv` files, several environments merged by time.

Owns what an episode means for the run: `reward` and `episode_length` are means of the last 100 episodes (as
`ep_rew_mean` and `ep_len_mean` are), the timestep is the sum of all lengths so far. Trap avoided: one
environment's episodes taken for the whole run's.
"""

from __future__ import annotations

import json
import math
from array import array
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

from core.telemetry.follower import Break, Data, LineFollower, Skipped
from core.telemetry.ledger import Ledger, Rank
from core.telemetry.model import Source
from core.telemetry.rows import NotANumberError, number
from core.telemetry.sourcelog import note_event, note_malformed

WINDOW = 100
"""Episodes in a mean: stable-baselines3's `stats_window_size`."""

_MAX_LENGTH = 1e12


@dataclass(frozen=True, slots=True)
class _Episode:
    reward: float
    length: float
    time: float
    """When it ended, epoch seconds; nan where the file does not say."""


@dataclass(slots=True)
class _File:
    source: Source
    follower: LineFollower
    started: float = math.nan
    """`t_start` of the comment line."""
    header: list[bytes] = field(default_factory=list)
    header_line: bytes = b""


class MonitorFeed:
    """Follows the monitor files of one run."""

    rank = Rank.MONITOR

    def __init__(self, ledger: Ledger) -> None:
        self.last_step: float | None = None
        self._ledger = ledger
        self._files: list[_File] = []
        self._rewards: deque[float] = deque(maxlen=WINDOW)
        self._lengths: deque[float] = deque(maxlen=WINDOW)

    @property
    def sources(self) -> tuple[Source, ...]:
        return tuple(file.source for file in self._files)

    @property
    def modified(self) -> float | None:
        return max((m for file in self._files if (m := file.follower.modified) is not None), default=None)

    @property
    def training(self) -> bool:
        return any(file.source.metrics for file in self._files)

    def add(self, path: Path) -> None:
        """Follow one more environment's file."""
        self._files.append(_File(Source(path, "monitor"), LineFollower(path)))

    def close(self) -> None:
        for file in self._files:
            file.follower.close()

    def poll(self) -> tuple[bool, bool]:
        """Read what is new: (something changed, episodes came)."""
        changed = False
        episodes: list[_Episode] = []
        place = 0
        while place < len(self._files):
            file = self._files[place]
            place += 1
            for item in file.follower.poll():
                changed = True
                if isinstance(item, Break):
                    note_event(file.source, item.event)
                    if item.restarts:
                        self._start_over()
                        episodes.clear()
                        place = 0
                        break
                elif isinstance(item, Skipped):
                    note_malformed(file.source, item.offset)
                else:
                    self._lines(file, item, episodes)
        if not episodes:
            return changed, False
        episodes.sort(key=lambda episode: (math.isnan(episode.time), episode.time))
        self._take(episodes)
        return changed, True

    def _lines(self, file: _File, data: Data, episodes: list[_Episode]) -> None:
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
                    episodes.append(episode)
                    file.source.rows += 1
            offset += len(line) + 1

    def _take(self, episodes: list[_Episode]) -> None:
        steps, times = array("d"), array("d")
        rewards, lengths = array("d"), array("d")
        at = self.last_step or 0.0
        for episode in episodes:
            self._rewards.append(episode.reward)
            self._lengths.append(episode.length)
            at += episode.length
            steps.append(at)
            times.append(episode.time)
            rewards.append(sum(self._rewards) / len(self._rewards))
            lengths.append(sum(self._lengths) / len(self._lengths))
        self.last_step = at
        for name, values in (("reward", rewards), ("episode_length", lengths)):
            series = self._ledger.series(self, name)
            if series is not None:
                series.extend(steps, values, times)

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
    return _Episode(reward, length, math.nan if elapsed is None else file.started + elapsed)
