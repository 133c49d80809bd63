"""A store, and two operators."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.store.database import Store
from core.store.operator import OperatorIdentity

ADA = OperatorIdentity(name="ada", role="ML Engineer", host="trainer-1", client="10.0.0.7")
BOB = OperatorIdentity(name="bob", role="SWE", host="trainer-1", client="")


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 2, 23, 14, 0, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "console.sqlite3"


@pytest.fixture
def ada() -> OperatorIdentity:
    return ADA


@pytest.fixture
def bob() -> OperatorIdentity:
    return BOB


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with Store(path, ADA) as opened:
        yield opened
