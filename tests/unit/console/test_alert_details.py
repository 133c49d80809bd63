"""What is told of an alert beside its value: that it fires on after the value is back, and until when."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from console.screens.alert_facts import details, resolves, rule_details
from core.alerts.rule import Rule, default_rules
from core.alerts.view import AlertView
from core.telemetry.series import Series
from widgets.alert_table import AlertTable

NOW = datetime(2026, 2, 24, 10, 0, tzinfo=UTC)
RULES = default_rules()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("kl_launch", "below 0.0090 for 20,480 steps"),
        ("negative_reward_trend", "above −0.0005"),
        ("flat_reward", "above 0.50"),
        ("no_improvement", "above 0.001 for 20,480 steps"),
    ],
)
def test_a_firing_rule_names_what_it_waits_for(name: str, words: str) -> None:
    assert resolves(RULES[name]) == words


def test_a_rule_that_ends_with_its_condition_has_nothing_to_add() -> None:
    rule = Rule(condition="above", metric="approx_kl", threshold=0.1, severity="warning")
    assert resolves(rule) == ""


@pytest.mark.parametrize(
    ("name", "state", "words"),
    [
        ("kl_high", "inactive", "at rest"),
        ("kl_high", "nodata", "no data"),
        ("flat_reward", "inactive", "waiting for its window to fill"),
    ],
)
def test_a_rules_state_reads_as_in_its_row(name: str, state: str, words: str) -> None:
    facts = {label: text for label, text, _ in rule_details(name, RULES[name], state, None)}
    assert facts["state"] == words


@pytest.mark.parametrize(
    ("newest", "row", "words"),
    [
        (0.02, "0.0123", "0.0123, limit 0.0100  (approx_kl)"),
        (0.0068, "0.0068", "0.0068 now, limit 0.0100; last past it 0.0123  (approx_kl)"),
    ],
)
def test_an_alert_that_fires_on_does_not_pass_its_last_value_past_the_limit_off_as_todays(
    newest: float, row: str, words: str
) -> None:
    fields: dict[str, Any] = {
        "rule": "kl_launch",
        "state": "firing",
        "severity": "warning",
        "value": 0.0123,
        "threshold": 0.01,
        "since_timestep": 4096,
        "since": None,
        "metric": "approx_kl",
        "message": "",
        "action": "",
        "runbook": "",
        "key": "run/kl_launch/1",
        "generation": 1,
    }
    alert, series = AlertView(**fields), Series("approx_kl")
    series.append(45_056, newest)
    shown = details(alert, NOW, RULES["kl_launch"], series={"approx_kl": series})
    assert {label: text for label, text, _ in shown}["value"] == words
    table = AlertTable()
    table.alerts, table.rules, table.series = [alert], RULES, {"approx_kl": series}
    assert row in "".join(text for text, _ in table.item_row(0, 80))
