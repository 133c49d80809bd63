"""Following a file that another process writes: new bytes once and in order, every break a visible event.

Owns the descriptor, the offset and the proof that the offset still means the same place. Traps avoided: a
reader that only keeps an offset parses garbage after an in-place rewrite (stable-baselines3's CSV logger does
one on its second row); `mmap` dies with SIGBUS on truncation; a rotated file's last lines lost because its
descriptor was closed too soon.

Each read fetches the bytes before the offset together with the new ones and compares them, so a file that was
truncated and refilled between two looks is seen. The old descriptor is kept until the file that replaced it
has content, so a writer that has not reopened yet loses nothing.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Literal

import msgspec

BreakEvent = Literal["truncated", "rewritten", "replaced", "missing", "denied"]
Pause = Callable[[], bool]
"""Asked after each piece of a file: True stops the poll there, the next one goes on."""

_HEAD = 256
_MARK = 64
_CHUNK = 1 << 18
MAX_LINE = 1 << 20
"""Longest line that is delivered; a longer one is skipped and counted."""
_SETTLE_POLLS = 5


class Data(msgspec.Struct, frozen=True):
    """Consecutive bytes of the file, `offset` being the place of the first."""

    offset: int
    data: bytes


class Break(msgspec.Struct, frozen=True):
    """The file is not what it was. After truncated, rewritten and replaced it is read from its start."""

    event: BreakEvent

    @property
    def restarts(self) -> bool:
        return self.event in ("truncated", "rewritten", "replaced")


class Skipped(msgspec.Struct, frozen=True):
    """Bytes that no line could be made of: an overlong line, a half line in a file that was replaced."""

    offset: int
    length: int


class ByteFollower:
    """New bytes of one path. `poll` never raises for the file's sake; nothing is read twice or skipped."""

    def __init__(self, path: Path, *, tail: int | None = None) -> None:
        """With `tail`, the first read of a longer file begins so many bytes before its end."""
        self.path = path
        self.offset = 0
        self.modified: float | None = None
        """The file's modification time at the last read, epoch seconds."""
        self.size = 0
        """Bytes of the file at the last read."""
        self.behind = False
        """The last poll was paused before the end of the file."""
        self._tail = tail
        self._handle: int | None = None
        self._identity: tuple[int, int] | None = None
        self._mark = b""
        self._head = b""
        self._state: BreakEvent | None = None
        self._unsettled: tuple[int, int] | None = None
        self._waited = 0

    @property
    def trouble(self) -> BreakEvent | None:
        """`missing` or `denied` while the path cannot be read."""
        return self._state

    def close(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def poll(self, pause: Pause | None = None) -> Iterator[Data | Break]:
        """What happened since the last call, in order; exhaust it before the next call. A file that was
        replaced is left only when all of it is read, however often `pause` stopped that."""
        self.behind = False
        try:
            at_path: os.stat_result | None = self.path.stat()
            failure: OSError | None = None
        except OSError as error:
            at_path, failure = None, error
        if self._handle is not None:
            if not (yield from self._read(self._handle, pause)) or self.behind:
                return
            here = os.fstat(self._handle)
            if at_path is not None:
                if (at_path.st_dev, at_path.st_ino) == (here.st_dev, here.st_ino):
                    self._state = None
                    return
                if at_path.st_size == 0:  # the writer may still hold the old file
                    yield from self._enter("missing")
                    return
                self.close()
        if at_path is not None:
            yield from self._open(pause)
        elif failure is not None and (self._identity is not None or isinstance(failure, PermissionError)):
            yield from self._enter(_word(failure))  # a path that never was is not missing

    def _enter(self, event: BreakEvent) -> Iterator[Break]:
        if self._state != event:
            self._state = event
            yield Break(event)

    def _open(self, pause: Pause | None) -> Iterator[Data | Break]:
        try:
            handle = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except FileNotFoundError:
            return
        except OSError as error:
            yield from self._enter(_word(error))
            return
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            os.close(handle)
            yield from self._enter("denied")
            return
        self._handle = handle
        identity = (found.st_dev, found.st_ino)
        if self._identity is not None and identity != self._identity:
            yield self._restart("replaced")
        elif self._identity is None and self._tail is not None and found.st_size > self._tail:
            self.offset = found.st_size - self._tail
            self._mark = os.pread(handle, _MARK, max(0, self.offset - _MARK))[: min(_MARK, self.offset)]
            self._head = os.pread(handle, min(_HEAD, self.offset), 0)
        self._identity = identity
        if (yield from self._read(handle, pause)):
            self._state = None

    def _read(self, handle: int, pause: Pause | None) -> Generator[Data | Break, None, bool]:
        """What is new behind the descriptor; False when reading failed: then it is closed and `denied`."""
        try:
            if self._unsettled is not None and not self._settled(handle):
                return True
            if os.pread(handle, len(self._head), 0) != self._head:
                shorter = os.fstat(handle).st_size < self.offset
                yield self._restart("truncated" if shorter else "rewritten")
                if not shorter and not self._settled(handle):
                    return True
            while True:
                start = self.offset - len(self._mark)
                block = os.pread(handle, len(self._mark) + _CHUNK, start)
                if not block.startswith(self._mark):
                    shorter = len(block) < len(self._mark)
                    yield self._restart("truncated" if shorter else "rewritten")
                    if not shorter and not self._settled(handle):
                        return True
                    continue
                fresh = block[len(self._mark) :]
                if not fresh:
                    break
                offset = self.offset
                self.offset += len(fresh)
                self._mark = block[-_MARK:]
                yield Data(offset, fresh)
                if pause is not None and pause():
                    self.behind = os.fstat(handle).st_size > self.offset
                    break
            if len(self._head) < _HEAD and self.offset > len(self._head):
                self._head = os.pread(handle, min(_HEAD, self.offset), 0)
            found = os.fstat(handle)
            self.modified, self.size = found.st_mtime, found.st_size
        except OSError as error:
            self.close()
            yield from self._enter(_word(error))
            return False
        return True

    def _settled(self, handle: int) -> bool:
        """Whether a file that is being rewritten in place held still for one poll (waits at most five).

        Before that it holds new bytes in front of old ones, and the line where they meet is no line.
        """
        found = os.fstat(handle)
        signature = (found.st_size, found.st_mtime_ns)
        self._waited += 1
        if signature != self._unsettled and self._waited <= _SETTLE_POLLS:
            self._unsettled = signature
            return False
        self._unsettled, self._waited = None, 0
        return True

    def _restart(self, event: BreakEvent) -> Break:
        self.offset, self._mark, self._head = 0, b"", b""
        self._unsettled, self._waited = None, 0
        return Break(event)


class LineFollower:
    """Whole lines of one path: each `Data` ends in a newline; half a line waits for its end."""

    def __init__(self, path: Path, *, tail: int | None = None) -> None:
        """With `tail`, begin with the first whole line within the last `tail` bytes."""
        self._bytes = ByteFollower(path, tail=tail)
        self._partial = b""
        self._partial_at = 0
        self._skipping: int | None = None
        self._skipped_at = 0
        self._first = True

    @property
    def path(self) -> Path:
        return self._bytes.path

    @property
    def modified(self) -> float | None:
        return self._bytes.modified

    @property
    def offset(self) -> int:
        """Bytes read, a waiting half line included."""
        return self._bytes.offset

    @property
    def size(self) -> int:
        return self._bytes.size

    @property
    def behind(self) -> bool:
        return self._bytes.behind

    @property
    def trouble(self) -> BreakEvent | None:
        return self._bytes.trouble

    def close(self) -> None:
        self._bytes.close()

    def poll(self, pause: Pause | None = None) -> Iterator[Data | Break | Skipped]:
        """As `ByteFollower.poll`, in whole lines."""
        for item in self._bytes.poll(pause):
            if isinstance(item, Data):
                yield from self._lines(item)
            else:
                if item.restarts:
                    yield from self._drop_partial(item)
                yield item

    def _lines(self, item: Data) -> Iterator[Data | Skipped]:
        offset, data = item.offset, item.data
        if self._first:
            self._first = False
            if offset > 0:  # a tail: its first, cut line is neither delivered nor counted
                self._skipping, self._skipped_at = 0, -1
        if self._skipping is not None:
            end = data.find(b"\n")
            if end < 0:
                self._skipping += len(data)
                return
            if self._skipped_at >= 0:
                yield Skipped(self._skipped_at, self._skipping + end + 1)
            self._skipping = None
            offset, data = offset + end + 1, data[end + 1 :]
        end = data.rfind(b"\n") + 1
        if end:
            whole = self._partial + data[:end] if self._partial else data[:end]
            yield Data(offset - len(self._partial), whole)
            self._partial, self._partial_at = data[end:], offset + end
        else:
            if not self._partial:
                self._partial_at = offset
            self._partial += data
        if len(self._partial) > MAX_LINE:
            self._skipped_at, self._skipping = self._partial_at, len(self._partial)
            self._partial = b""

    def _drop_partial(self, item: Break) -> Iterator[Skipped]:
        """A half line in a file that was replaced will never end; bytes that were overwritten are no loss."""
        if self._partial and item.event == "replaced":
            yield Skipped(self._partial_at, len(self._partial))
        self._partial, self._skipping = b"", None


def _word(error: OSError) -> BreakEvent:
    return "missing" if isinstance(error, FileNotFoundError | NotADirectoryError) else "denied"
