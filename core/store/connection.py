"""Opening the database and one write transaction, with errors a person can act on.

Owns the two connections of a store (one reads, one writes, each behind a lock, so that a writer waiting for
another console never holds up a reader). Traps avoided: a plain BEGIN that loses to a busy database after
reading, and a database that was deleted or replaced under an open console and swallows ticks.
"""

from __future__ import annotations

import contextlib
import functools
import re
import sqlite3
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ParamSpec, TypeVar

from core.errors import ConsoleError, UnreadableError, UsageError
from core.text import visible

BUSY_SECONDS = 30.0
_CHECKED_BYTES = 16_000_000
_P = ParamSpec("_P")
_T = TypeVar("_T")
_LACKS = re.compile(r"no such (table|column)|table \w+ has no column")
_RESTORE = "Move it aside and start again for an empty one, or put a backup in its place."


class Connections:
    """A reader and a writer on one database file; safe to use from any thread."""

    def __init__(self, path: Path, prepare: Callable[[sqlite3.Connection], None]) -> None:
        """Opens or creates the file; `prepare` runs inside a first write transaction."""
        self.path = path
        self._write_lock = threading.Lock()
        self._read_lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(
                f"{path.parent} cannot hold the store: {error.strerror}",
                hint="Make the folder writable, or set paths.store in config.toml.",
            ) from error
        if path.is_dir():
            raise UsageError(
                f"{path} is a folder; expected the store's database file",
                hint="Set paths.store in config.toml to a file.",
            )
        with sqlite_errors(path):
            self._writer = connect(path)
            try:
                self._file = _identity(path)
                self._writer.execute("PRAGMA journal_mode = DELETE")
                self._writer.execute("PRAGMA synchronous = FULL")
                with self.transaction() as connection:
                    prepare(connection)
                if path.stat().st_size <= _CHECKED_BYTES:
                    _check(self._writer, path)
                self._reader = connect(path)
            except BaseException:
                self._writer.close()
                raise

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A write transaction: BEGIN IMMEDIATE, then commit; rolled back when the body raises.

        On return the change is on disk. Raises ConsoleError.
        """
        with self._write_lock, sqlite_errors(self.path):
            self._same_file()
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                with _cursors_freed():
                    yield self._writer
                self._writer.execute("COMMIT")
            except BaseException:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The reading connection. Raises ConsoleError."""
        with self._read_lock, sqlite_errors(self.path), _cursors_freed():
            yield self._reader

    def close(self) -> None:
        with self._write_lock, self._read_lock:
            self._writer.close()
            self._reader.close()

    def _same_file(self) -> None:
        if _identity(self.path) != self._file:
            raise UnreadableError(
                f"{self.path} was moved, deleted or replaced while the console had it open",
                hint="Nothing was recorded. Put it back or restart the console.",
            )


@contextlib.contextmanager
def _cursors_freed() -> Iterator[None]:
    """A cursor that an error stopped half way would hold its lock for as long as anyone keeps the error."""
    try:
        yield
    except BaseException as error:
        behind: BaseException | None = error
        while behind is not None:
            traceback.clear_frames(behind.__traceback__)
            behind = behind.__context__
        raise


def connect(path: Path, *, create: bool = True) -> sqlite3.Connection:
    """A connection in autocommit mode with the busy timeout. Raises sqlite3.Error."""
    mode = "rwc" if create else "rw"
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )


@contextlib.contextmanager
def sqlite_errors(path: Path) -> Iterator[None]:
    """Turn sqlite3's errors about the file, and values in it that nobody wrote, into the error tree; a bug in
    a statement stays what it is."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise UnreadableError(f"{path} is damaged: it holds text that is no UTF-8", hint=_RESTORE) from error
    except sqlite3.DatabaseError as error:
        translated = _translate(path, error)
        if translated is None:
            raise
        raise translated from error
    except OverflowError as error:
        raise _strange(path, error) from error


class StrangeValue(sqlite3.DataError):
    """A row holds what no console wrote there."""


def reads_rows(read: Callable[_P, _T]) -> Callable[_P, _T]:
    """`read` makes values of rows; raises StrangeValue where they are none."""

    @functools.wraps(read)
    def reader(*given: _P.args, **named: _P.kwargs) -> _T:
        try:
            return read(*given, **named)
        except (ValueError, OverflowError) as error:
            raise StrangeValue(str(error)) from error

    return reader


def _strange(path: Path, error: Exception) -> UnreadableError:
    return UnreadableError(
        f"{path} holds a value that was not written there: {visible(str(error), 200)}",
        hint=f"`ppo-console audit verify` says what was changed. {_RESTORE}",
    )


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_dev, stat.st_ino


def _check(connection: sqlite3.Connection, path: Path) -> None:
    found = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    if found != "ok":
        raise UnreadableError(f"{path} is damaged: {visible(found, 200)}", hint=_RESTORE)


def _translate(path: Path, error: sqlite3.DatabaseError) -> ConsoleError | None:
    if isinstance(error, StrangeValue):
        return _strange(path, error)
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        if "decode" in str(error):
            return UnreadableError(f"{path} is damaged: it holds text that is no UTF-8", hint=_RESTORE)
        return None
    if _LACKS.match(str(error)):
        return UnreadableError(f"{path} is damaged: {visible(str(error), 200)}", hint=_RESTORE)
    match code & 0xFF:
        case sqlite3.SQLITE_NOTADB:
            return UnreadableError(f"{path} is not a database; expected a ppo-console store", hint=_RESTORE)
        case sqlite3.SQLITE_CORRUPT:
            return UnreadableError(f"{path} is damaged: {visible(str(error), 200)}", hint=_RESTORE)
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return UnreadableError(
                f"{path} is locked by another process for more than {BUSY_SECONDS:.0f} s",
                hint="Nothing was recorded. Close the other program that holds it, then try again.",
            )
        case sqlite3.SQLITE_FULL:
            return UnreadableError(
                f"{path} could not be written: the disk is full",
                hint="Nothing was recorded. Free some space, then try again.",
            )
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM | sqlite3.SQLITE_AUTH:
            return UsageError(
                f"{path} cannot be written: {visible(str(error), 200)}",
                hint="Make the file and its folder writable, or set paths.store in config.toml.",
            )
        case sqlite3.SQLITE_IOERR:
            return UnreadableError(
                f"{path} could not be read or written: {visible(str(error), 200)}",
                hint="Nothing was recorded. Check the disk and the limit on the size of files (ulimit -f).",
            )
    return None
