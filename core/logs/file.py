"""One log file, read in pieces by byte offset: whole lines forward and backward from any line's start.

Traps avoided: `mmap` (truncation kills the process with SIGBUS) and reading a file to find its end; lines of
many megabytes (their text is cut, their extent remembered); half a line at the end shown while it is being
written (it waits until the file has rested).
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from core.logs.lines import TEXT_BYTES, RawLine

Change = Literal["grown", "truncated", "rewritten", "deleted"]

_CHUNK = 1 << 16
_PIECE = 1 << 20
_MARK = 64
_HEAD = 256
RESTS_AFTER = 2.0
"""Seconds without a new byte after which half a line at the end is shown."""


class Moved(Exception):
    """The file is shorter than a moment ago."""


class LogFile:
    """`visible_end` bounds what is read: the end of the last whole line, or of a half line that rests."""

    def __init__(self, path: Path, source: str, order: int) -> None:
        """Raises OSError where it cannot be opened or is no regular file."""
        self.path = path
        self.source = source
        """`training.log`, also for its rotated parts."""
        self.order = order
        """Which file's line comes first of two with the same time; unique."""
        self.stamped = True
        """Its lines carry times; where none does each line is a group of its own."""
        self.event = ""
        """What happened to the file before its first byte, in words."""
        self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        found = os.fstat(self._fd)
        if not stat.S_ISREG(found.st_mode):
            os.close(self._fd)
            raise OSError(f"{path} is no regular file")
        self.identity = (found.st_dev, found.st_ino)
        self.size = 0
        self.end = 0
        """After the last whole line."""
        self.visible_end = 0
        self.generation = 0
        """Rises when the content was replaced: offsets of before mean nothing then."""
        self._head = b""
        self._mark = b""
        self._modified = -1
        self._rested_since = 0.0
        self._long: list[tuple[int, int]] = []

    def close(self) -> None:
        os.close(self._fd)

    # What changed.

    def refresh(self, now: float) -> Change | None:
        """Look again; `now` is a monotonic clock, seconds. What is new, if anything. Raises OSError."""
        found = os.fstat(self._fd)
        if found.st_nlink == 0:
            return "deleted"
        change: Change | None = None
        if found.st_mtime_ns != self._modified or found.st_size != self.size:
            if not self._same(found.st_size):
                change = "truncated" if found.st_size < self.size else "rewritten"
                self.generation += 1
                self.size = self.end = self.visible_end = 0
                self._head = self._mark = b""
                self._long.clear()
            if found.st_size > self.size:
                self._grow(found.st_size)
                self._rested_since = now
            self._modified = found.st_mtime_ns
        before = self.visible_end
        rests = now - self._rested_since >= RESTS_AFTER
        self.visible_end = self.size if rests else max(self.end, min(self.visible_end, self.size))
        if self.visible_end < self.size and self.end > before:
            self.visible_end = self.end
        return change or ("grown" if self.visible_end != before else None)

    def _same(self, size: int) -> bool:
        if size < self.size:
            return False
        at = self.size - len(self._mark)
        return (
            os.pread(self._fd, len(self._head), 0) == self._head
            and os.pread(self._fd, len(self._mark), at) == self._mark
        )

    def _grow(self, size: int) -> None:
        before, self.size = self.size, size
        if len(self._head) < _HEAD:
            self._head = os.pread(self._fd, min(_HEAD, size), 0)
        at = max(0, size - _MARK)
        self._mark = os.pread(self._fd, size - at, at)
        end = size
        while end > before:
            begin = max(before, end - _CHUNK)
            place = os.pread(self._fd, end - begin, begin).rfind(b"\n")
            if place >= 0:
                self.end = begin + place + 1
                return
            end = begin

    # Reading. Offsets are starts of lines.

    def read(self, begin: int, end: int) -> bytes:
        """Exactly these bytes. Raises Moved where they are no longer there, OSError."""
        data = os.pread(self._fd, end - begin, begin)
        while len(data) < end - begin:
            more = os.pread(self._fd, end - begin - len(data), begin + len(data))
            if not more:
                raise Moved
            data += more
        return data

    def forward(self, offset: int) -> Iterator[RawLine]:
        """The lines from `offset` on, oldest first."""
        stop, base = self.visible_end, offset
        while base < stop:
            block = self.read(base, min(stop, base + _CHUNK))
            start = 0
            while (place := block.find(b"\n", start)) >= 0:
                yield _line(base + start, base + place + 1, block[start : place + 1])
                start = place + 1
            if start == 0:
                end = self._line_end(base, stop)
                yield _line(base, end, self.read(base, min(end, base + TEXT_BYTES)))
                base = end
            elif base + len(block) == stop and start < len(block):
                yield _line(base + start, stop, block[start:])
                return
            else:
                base += start

    def backward(self, offset: int) -> Iterator[RawLine]:
        """The lines before `offset`, newest first."""
        end = offset
        while end > 0:
            begin = max(0, end - _CHUNK)
            block = self.read(begin, end)
            stop = len(block)
            while (place := block.rfind(b"\n", 0, stop - 1)) >= 0:
                yield _line(begin + place + 1, begin + stop, block[place + 1 : stop])
                stop = place + 1
            if begin == 0:
                if stop:
                    yield _line(0, stop, block[:stop])
                return
            if stop == len(block):
                start = self.line_start(end - 1)
                yield _line(start, end, self.read(start, min(end, start + TEXT_BYTES)))
                end = start
            else:
                end = begin + stop

    def line_start(self, place: int) -> int:
        """The start of the line that holds the byte at `place`."""
        for first, last in self._long:
            if first <= place < last:
                return first
        end = place
        while end > 0:
            begin = max(0, end - (_CHUNK if end > place - _CHUNK else _PIECE))
            found = self.read(begin, end).rfind(b"\n")
            if found >= 0:
                end = begin + found + 1
                break
            end = begin
        if place - end > _PIECE:
            self._line_end(end, self.visible_end)
        return end

    def _line_end(self, start: int, stop: int) -> int:
        """The end of the line at `start`; long ones are remembered."""
        for first, last in self._long:
            if first == start:
                return last
        at = start
        while at < stop:
            block = self.read(at, min(stop, at + _PIECE))
            found = block.find(b"\n")
            if found >= 0:
                self._long.append((start, at + found + 1))
                return at + found + 1
            at += len(block)
        return stop


def _line(start: int, end: int, data: bytes) -> RawLine:
    return RawLine(start, end, data[:TEXT_BYTES].rstrip(b"\r\n"))
