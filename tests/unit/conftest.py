"""What tests of several packages need."""

from __future__ import annotations

import ctypes
import itertools
import os
import random
import resource
import select
import signal
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

SMALL = 256 * 1024
"""Bytes that fit on a full disk."""


@pytest.fixture
def no_hang() -> Iterator[None]:
    """Opening a FIFO for reading waits for a writer: here it fails the test instead."""

    def give_up(*_: object) -> None:
        raise AssertionError("it waits for a FIFO's writer")

    earlier = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, 10)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, earlier)


@pytest.fixture
def kill_at_random() -> Callable[[Callable[[int], object]], int]:
    """`kill_at_random(write)` runs `write(0)`, `write(1)`, … in a process of its own and kills it -9 at a
    random instant after the first; returns how many calls were confirmed. One more may have come to its end.
    """

    def run(write: Callable[[int], object]) -> int:
        hears, says = os.pipe()
        victim = os.fork()
        if victim == 0:
            try:
                for number in itertools.count():
                    write(number)
                    os.write(says, b".")
            except Exception:
                os.write(2, traceback.format_exc().encode())
            finally:
                os._exit(1)
        os.close(says)
        try:
            assert select.select([hears], [], [], 30)[0], "it wrote nothing"
            confirmed = len(os.read(hears, 1))
            time.sleep(random.uniform(0, 0.02))
            os.kill(victim, signal.SIGKILL)
            assert os.WIFSIGNALED(os.waitpid(victim, 0)[1]), "it ended by itself"
            while more := os.read(hears, 65536):
                confirmed += len(more)
        finally:
            os.close(hears)
        return confirmed

    return run


@pytest.fixture
def on_a_full_disk() -> Callable[[str, Path, Callable[[], object]], str]:
    """`on_a_full_disk(how, folder, work)` calls `work` in a process of its own where soon nothing more fits;
    returns the words of the error it ended with, beginning with its class.

    `how` is `file size`, a limit on the length of every file, or `tmpfs`, a volume of 256 KiB over `folder`.
    """

    def run(how: str, folder: Path, work: Callable[[], object]) -> str:
        hears, says = os.pipe()
        child = os.fork()
        if child == 0:
            words = "nothing: it went well"
            try:
                words = _fill(how, folder, work)
            finally:
                os.write(says, words.encode())
                os._exit(0)
        os.close(says)
        with open(hears, "rb") as stream:
            words = stream.read().decode()
        os.waitpid(child, 0)
        if words.startswith("denied"):
            pytest.skip(f"this system gives no small volume: {words}")
        return words

    return run


def _fill(how: str, folder: Path, work: Callable[[], object]) -> str:
    if how == "file size":
        resource.setrlimit(resource.RLIMIT_FSIZE, (SMALL, SMALL))
    else:
        libc = ctypes.CDLL(None, use_errno=True)
        own_mounts, private = 0x20000, 0x44000
        if (
            libc.unshare(own_mounts)
            or libc.mount(b"none", b"/", None, private, None)
            or libc.mount(b"tmpfs", str(folder).encode(), b"tmpfs", 0, f"size={SMALL}".encode())
        ):
            return f"denied: {os.strerror(ctypes.get_errno())}"
    try:
        work()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "nothing: it went well"
