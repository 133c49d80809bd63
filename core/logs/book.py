"""The log files of a run: found, opened, watched for growth, rotation, truncation and deletion.

A file that is renamed away (rotation) stays readable behind its descriptor and before the file that took its
place. Trap avoided: a descriptor that keeps a deleted gigabyte on the disk; a large deleted file is let go.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from core import units
from core.logs.file import LogFile
from core.logs.groups import has_stamps

NAMES = ("training.log", "alerts.log", "daily_summary.log")
"""The documents' logs, in the order in which they are shown."""
MORE = ("trainer.out",)
"""Shown where they hold anything."""
MOST_FILES = 12
MOST_PARTS = 8
KEPT_DELETED = 64 << 20
"""A deleted file of at most so many bytes stays readable; a larger one gives its space back."""
_ROTATED = re.compile(r"\.(\d{1,3})$")
_LIVE = 500


@dataclass
class LogSource:
    """One name and the files behind it, oldest first: rotated parts, then the live one."""

    name: str
    path: Path
    number: int
    parts: list[LogFile] = field(default_factory=list)
    live: LogFile | None = None
    note: str = ""
    """What befell it last, in words: `truncated 14:02:11Z`."""
    denied: bool = False
    opened: int = 0

    @property
    def stamped(self) -> bool:
        """It can be merged by time: lines carry stamps, or there is none yet."""
        return all(part.stamped for part in self.parts)

    @property
    def bytes(self) -> int:
        return sum(part.visible_end for part in self.parts)


class LogBook:
    """The files of `folder`. `refresh` never raises for a file's sake."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sources: list[LogSource] = []
        self._opened_all = False

    def close(self) -> None:
        for source in self.sources:
            for part in source.parts:
                part.close()
            source.parts.clear()

    def refresh(self, monotonic: float, now: datetime) -> bool:
        """Look at everything again; True when something reads differently."""
        changed = self._discover()
        for source in self.sources:
            changed |= self._look(source, monotonic, now)
        self._opened_all = True
        return changed

    def files(self, name: str | None) -> list[LogFile]:
        """The parts of one source; of None all that can be merged by time."""
        chosen = [
            source for source in self.sources if (source.stamped if name is None else source.name == name)
        ]
        return [part for source in chosen for part in source.parts]

    def _discover(self) -> bool:
        names = list(NAMES)
        try:
            with os.scandir(self.folder) as entries:
                others = sorted(
                    entry.name
                    for entry in entries
                    if (entry.name in MORE or entry.name.endswith(".log")) and entry.name not in NAMES
                )
        except OSError:
            others = []
        for name in others:
            path = self.folder / name
            try:
                if path.is_file() and path.stat().st_size:
                    names.append(name)
            except OSError:
                continue
        known = {source.name for source in self.sources}
        fresh = [name for name in names if name not in known][: MOST_FILES - len(known)]
        for name in fresh:
            source = LogSource(name, self.folder / name, len(self.sources))
            self._open_rotated(source)
            self.sources.append(source)
        return bool(fresh)

    def _open_rotated(self, source: LogSource) -> None:
        found: list[tuple[int, Path]] = []
        for path in self.folder.glob(f"{source.name}.*"):
            suffix = _ROTATED.search(path.name)
            if suffix and path.name == source.name + suffix[0]:
                found.append((int(suffix[1]), path))
        for number, path in sorted(found)[:MOST_PARTS]:
            try:
                part = LogFile(path, source.name, source.number * 1000 + _LIVE - 1 - min(number, _LIVE - 1))
            except OSError:
                continue
            part.event = f"{path.name}, an earlier part of {source.name}"
            source.parts.insert(0, part)

    def _look(self, source: LogSource, monotonic: float, now: datetime) -> bool:
        changed = self._look_at_path(source, now)
        for part in list(source.parts):
            try:
                change = part.refresh(monotonic)
            except OSError:
                change = "deleted"
            if change in ("grown", "truncated", "rewritten"):
                part.stamped = not part.end or has_stamps(part)
                changed = True
            if change in ("truncated", "rewritten"):
                source.note = f"{change} {units.clock(now)}"
                part.event = f"{source.name} was {change} at {units.clock(now)}: read again from its start"
            if change == "deleted" and part is not source.live and part.size > KEPT_DELETED:
                self._drop(source, part)
                changed = True
        return changed

    def _look_at_path(self, source: LogSource, now: datetime) -> bool:
        try:
            found = source.path.stat()
        except FileNotFoundError:
            if source.live is None:
                return False
            source.note = f"deleted {units.clock(now)}"
            source.live = None
            return True
        except OSError:
            return self._deny(source, now)
        live = source.live
        if live is not None and live.identity == (found.st_dev, found.st_ino):
            return False
        try:
            part = LogFile(source.path, source.name, source.number * 1000 + _LIVE + source.opened)
        except OSError:
            return self._deny(source, now)
        if self._opened_all and (live is not None or source.note.startswith("deleted")):
            source.note = f"replaced {units.clock(now)}"
            part.event = f"a new {source.name} took the place of the one before at {units.clock(now)}"
        source.opened += 1
        source.denied = False
        source.live = part
        source.parts.append(part)
        for old in source.parts[:-MOST_PARTS]:
            self._drop(source, old)
        return True

    def _deny(self, source: LogSource, now: datetime) -> bool:
        if source.denied:
            return False
        source.denied = True
        source.note = f"cannot be read {units.clock(now)}"
        return True

    @staticmethod
    def _drop(source: LogSource, part: LogFile) -> None:
        part.close()
        source.parts.remove(part)
