"""What tests of several packages need."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest


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
