"""Freed memory goes back to the system."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from core import heap


def resident() -> int:
    """Bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


@pytest.mark.skipif(sys.platform != "linux", reason="the system's own count of resident pages")
def test_what_was_freed_between_what_lives_goes_back() -> None:
    if not heap.release():
        pytest.skip("this C library has no malloc_trim")
    pieces = [bytes([number % 256]) * 4000 for number in range(10_000)]
    lives = pieces[::50]
    del pieces
    before = resident()
    assert heap.release()
    assert before - resident() > 20_000_000
    assert len(lives) == 200


def test_a_c_library_without_the_call_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heap.ctypes, "CDLL", lambda _name: object())
    assert not heap.release()
