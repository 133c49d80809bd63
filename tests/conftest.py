"""What holds for every test: its name is the same in each process that collects it."""

from __future__ import annotations


def pytest_make_parametrize_id(val: object) -> str | None:
    """Bytes name no test: a zip made while collecting holds the time, so that two workers would disagree."""
    return "bytes" if isinstance(val, bytes) else None
