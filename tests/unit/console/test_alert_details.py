"""What is told of an alert beside its value: that it fires on after the value is back, and until when."""

from __future__ import annotations

import pytest

from console.screens.alert_facts import resolves, rule_details
from core.alerts.rule import Rule, default_rules

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
