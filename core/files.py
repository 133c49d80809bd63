"""Writing so that a kill, a second console or a full disk loses nothing.

Owns the atomic replacement (temporary file, fsync, rename, fsync of the folder), the locked append, and
hashing. Trap avoided: a half-written report that opens as a whole one.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from core.errors import UnreadableError

TEMPORARY = ".ppo-tmp-"
"""How the name of a file or folder begins that is not whole yet."""


def atomic_write(path: Path, data: bytes | str) -> None:
    """Replace `path` by `data`, whole or not at all. Raises UnreadableError and keeps the old file."""
    payload = data.encode() if isinstance(data, str) else data
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as temporary, temporary.open("wb") as stream:
            stream.write(payload)
    except OSError as error:
        raise UnreadableError(
            f"{path} could not be written: {error.strerror}",
            hint="What stood there before is unchanged; check the path, free space and permissions.",
        ) from error


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on success it is synced and renamed over it, else removed.

    For writers that need a file name (a model's zip). Raises OSError.
    """
    handle, name = tempfile.mkstemp(prefix=TEMPORARY, suffix=path.suffix, dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o644)
        with temporary.open("rb+") as stream:
            os.fsync(stream.fileno())
        temporary.replace(path)
        sync_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def scratch_folder(prefix: str) -> Iterator[Path]:
    """A temporary folder of the system, gone at the end. Raises UnreadableError where there can be none."""
    try:
        made = tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True)
    except OSError as error:
        raise UnreadableError(
            f"no temporary folder could be made: {error.strerror}",
            hint="Check the space and the permissions of /tmp, or name another folder in TMPDIR.",
        ) from error
    with made as name:
        yield Path(name)


def nearest(path: Path) -> Path:
    """`path`, or the nearest above it that exists and may be looked at."""
    for each in (path, *path.parents):
        with contextlib.suppress(OSError):
            if each.exists():
                return each
    return Path("/")


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sweep_leftovers(folder: Path, older_than: float = 3600.0, *, now: float) -> int:
    """Remove temporary files of killed writers, older than `older_than` seconds; returns how many."""
    swept = 0
    if folder.is_dir():
        for leftover in folder.glob(f"{TEMPORARY}*"):
            with contextlib.suppress(OSError):
                if now - leftover.stat().st_mtime > older_than:
                    leftover.unlink()
                    swept += 1
    return swept


def append_line(path: Path, line: str) -> None:
    """Append one line, as `append_lines` does."""
    append_lines(path, (line,))


def append_lines(path: Path, lines: Iterable[str], heading: str = "") -> None:
    """Append whole lines, all or none, under an exclusive lock, so that two writers never interleave.

    `heading` goes before them into a file that is empty or not there. Raises OSError; what a full disk cut
    off is taken back.
    """
    each = list(lines)
    if any("\n" in line for line in each):
        raise ValueError("each line is a single one")
    data = b"".join(line.encode() + b"\n" for line in each)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab", buffering=0) as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        end = stream.seek(0, os.SEEK_END)
        left = memoryview(data if end or not heading else heading.encode() + b"\n" + data)
        try:
            while left:
                left = left[stream.write(left) :]
        except OSError:
            with contextlib.suppress(OSError):
                stream.truncate(end)
            raise


def sha256_file(path: Path) -> str:
    """The file's SHA-256 as hex. Raises OSError."""
    import hashlib

    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_regular(path: Path, limit: int) -> bytes:
    """The bytes of a regular file of at most `limit` bytes.

    A FIFO does not block it and a device does not fill memory. Raises OSError as `open` does, and
    UnreadableError for what is no regular file or is longer.
    """
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise UnreadableError(f"{path} is no regular file")
        with open(handle, "rb", closefd=False) as stream:
            data = stream.read(limit + 1)
    finally:
        os.close(handle)
    if len(data) > limit:
        raise UnreadableError(f"{path} is larger than {limit:,} bytes")
    return data
