"""Alerts of a run."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from core.alerts.view import AlertView

SINCE = datetime(2026, 2, 23, 14, 0, tzinfo=UTC)


@pytest.fixture
def make_alert() -> Callable[..., AlertView]:
    def make(rule: str, severity: Any = "critical", state: Any = "firing", message: str = "") -> AlertView:
        return AlertView(
            rule=rule,
            state=state,
            severity=severity,
            value=0.12,
            threshold=0.1,
            since_timestep=1,
            since=SINCE,
            metric="approx_kl",
            message=message or "approx_kl 0.12 > 0.1",
            action="",
            runbook="",
            key=f"run-1/{rule}/1",
            generation=1,
        )

    return make
