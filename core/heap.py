"""Freed memory goes back to the system.

The C library keeps what each thread freed, in pieces between what still lives: seven megabytes within minutes
of rows, charts and screens. Trap avoided: resident memory that grows for days though nothing is held.
"""

from __future__ import annotations

import ctypes


def release() -> bool:
    """Give back all whole pages that are free (a millisecond). False where the C library has no such call."""
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError):  # musl, macOS
        return False
    trim(0)
    return True
