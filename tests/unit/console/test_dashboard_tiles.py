"""The Dashboard's alert lines: a value against its limit, in as many digits as it needs."""

from __future__ import annotations

from typing import Any

import pytest

from console.screens.dashboard_tiles import alert_lines
from core.alerts.rule import default_rules
from core.alerts.view import AlertView


def line(**changes: Any) -> str:
    fields: dict[str, Any] = {
        "rule": "kl_spike",
        "state": "firing",
        "severity": "critical",
        "value": 0.1234,
        "threshold": 0.1,
        "since_timestep": 198_656,
        "since": None,
        "metric": "approx_kl",
        "message": "",
        "action": "",
        "runbook": "",
        "key": "run/kl_spike/1",
        "generation": 1,
    }
    (spans,) = alert_lines([AlertView(**{**fields, **changes})], default_rules())
    return "".join(text for text, _ in spans)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "0.123 > 0.1"),
        ({"rule": "slow", "value": 4321.0, "threshold": 5000.0}, "4,321 < 5,000"),
        ({"rule": "slow", "value": 999.6, "threshold": 12_345.5}, "1,000 < 12,345.5"),
        ({"rule": "checkpoint_age", "value": 46_920.0, "threshold": 43_200.0}, "13h02m > 12h00m"),
        ({"rule": "disk_low", "value": 9.8e9, "threshold": 1e10}, "9.8 GB < 10"),
    ],
)
def test_a_value_and_its_limit_are_told_in_the_rules_unit(changes: Any, words: str) -> None:
    assert words in line(**changes)
