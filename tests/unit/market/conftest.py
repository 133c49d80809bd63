"""Candles to break, and the folder of real ones (tests that need it skip where it is absent)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from core.market.model import Candles

REAL = Path(__file__).resolve().parents[4] / "shared" / "data" / "ohlcv"
FOUR_HOURS = 14_400_000


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 2, 23, 12, tzinfo=UTC)


@pytest.fixture
def real() -> Path:
    if not REAL.is_dir():
        pytest.skip(f"the real candles are not there: {REAL}")
    return REAL


@pytest.fixture
def candles() -> Callable[..., Candles]:
    def make(
        count: int = 300, *, symbol: str = "ABC", step_ms: int = FOUR_HOURS, first: int = 1_700_006_400_000
    ) -> Candles:
        random = np.random.default_rng(7)
        close = 100 * np.cumprod(1 + random.normal(0, 0.01, count))
        opened = np.concatenate([[100.0], close])[:count]
        return Candles(
            symbol=symbol,
            time=first + step_ms * np.arange(count, dtype=np.int64),
            open=opened,
            high=np.maximum(opened, close) * 1.002,
            low=np.minimum(opened, close) * 0.998,
            close=close,
            volume=random.uniform(500, 1500, count),
        )

    return make
