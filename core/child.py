"""A child process of this program's own: what it inherits, how it runs beside its parent, how it ends.

Traps avoided: a child that finds other code than its parent runs, such as a `core` folder where a person
stands; one that leaves alive what it started itself; one that outlives a parent that was killed.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

from core.errors import UnreadableError
from core.text import visible

ROOT = Path(__file__).resolve().parents[1]
"""Where this program's code lies."""
ORPHANED = 75
"""The exit code of a child whose parent is gone."""
_NICENESS = 10
_TAIL = 4000
"""Bytes that hold the last line of what a child said."""
_MOST_SAID = 1 << 20
"""Bytes of it that are kept while it speaks."""


def python(module: str, *arguments: str) -> list[str]:
    """The command for a module of this program; the current folder stays off `sys.path`."""
    return [sys.executable, "-P", "-m", module, *arguments]


def environment(threads: int | None = None) -> dict[str, str]:
    """The parent's own, with this program's code found first; `threads`: how many numpy and torch may use."""
    found = dict(os.environ)
    found["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH", ""))))
    if threads is not None:
        found["OMP_NUM_THREADS"] = found["MKL_NUM_THREADS"] = str(threads)
    return found


@contextlib.contextmanager
def talking(
    command: Sequence[str], errors: IO[bytes], env: Mapping[str, str], cwd: Path | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A child in a session of its own, with pipes to it; killed on the way out with what it started.

    Raises UnreadableError where the system refuses to start it.
    """
    try:
        child = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
            env=env,
            cwd=cwd,
        )
    except OSError as error:
        raise UnreadableError(
            f"a process of this program could not be started: {command[0]}: {error.strerror}",
            hint="Check that it may be run here, and the limits on memory and processes (ulimit -a).",
        ) from error
    try:
        yield child
    finally:
        assert child.stdin is not None and child.stdout is not None
        kill(child)
        child.stdout.close()
        with contextlib.suppress(BrokenPipeError):
            child.stdin.close()
        child.wait()


def last_words() -> IO[bytes]:
    """A file in memory for what a child writes to stderr, so that it needs no disk; see `trim`."""
    return os.fdopen(os.memfd_create("stderr"), "w+b")


def trim(errors: IO[bytes]) -> None:
    """To be called while the child runs: one that writes without end fills no memory, the end stays."""
    file = errors.fileno()
    size = os.fstat(file).st_size
    if size > _MOST_SAID:
        said = os.pread(file, _TAIL, size - _TAIL)
        os.ftruncate(file, 0)
        os.lseek(file, 0, os.SEEK_SET)  # the child's place too: both have the same open file
        os.write(file, said)


def kill(child: subprocess.Popen[bytes]) -> None:
    """End a child that was given a session of its own, and what it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)


def read_last_words(errors: IO[bytes]) -> str:
    """The last line in `last_words`; nothing before it is read."""
    end = errors.seek(0, os.SEEK_END)
    errors.seek(max(0, end - _TAIL))
    return last_line(errors.read(_TAIL))


def last_line(said: bytes, limit: int = 300) -> str:
    """The last line of what a child wrote to stderr, printable; empty where it wrote none."""
    lines = said[-_TAIL:].decode(errors="replace").strip().splitlines()
    return visible(lines[-1], limit) if lines else ""


def be_nice() -> None:
    """In the child: the training's cores are the training's."""
    with contextlib.suppress(OSError):
        os.nice(_NICENESS)


def end_with_parent() -> None:
    """In a thread of the child: the parent holds the other end of stdin, so its end is the parent's end."""
    while sys.stdin.buffer.read(4096):
        pass
    if os.getpgrp() == os.getpid():  # the parent gave us a session of our own
        os.killpg(0, signal.SIGKILL)
    os._exit(ORPHANED)
