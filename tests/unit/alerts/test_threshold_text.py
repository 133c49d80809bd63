"""A threshold is edited in its rule's own unit."""

from __future__ import annotations

import msgspec
import pytest

from core.alerts.rule import default_rules
from core.alerts.threshold_text import editable, parse_threshold, threshold_text
from core.errors import UsageError

RULES = default_rules()


@pytest.mark.parametrize("name", [name for name, rule in RULES.items() if editable(rule)])
def test_every_default_threshold_reads_back_as_it_is_written(name: str) -> None:
    rule = RULES[name]
    assert parse_threshold(rule, threshold_text(rule)) == pytest.approx(rule.threshold)


@pytest.mark.parametrize(("name", "value"), [("kl_spike", 0.123456789), ("disk_low", 10_737_418_240.0)])
def test_no_digit_of_a_threshold_is_lost_on_the_way_through_the_editor(name: str, value: float) -> None:
    rule = msgspec.structs.replace(RULES[name], threshold=value)
    assert parse_threshold(rule, threshold_text(rule)) == value


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("kl_spike", " 0.15 ", 0.15),
        ("negative_reward_trend", "−0.002", -0.002),
        ("checkpoint_age", "12h", 43_200.0),
        ("disk_low", "20", 20e9),
        ("disk_low", "500 MB", 5e8),
        ("memory_low", "15 %", 15.0),
    ],
)
def test_it_is_read_in_the_unit_of_the_rule(name: str, text: str, value: float) -> None:
    assert parse_threshold(RULES[name], text) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("checkpoint_age", "12"),
        ("kl_spike", "nan"),
        ("kl_spike", "1h"),
        ("kl_spike", "10 %"),
        ("disk_low", "much"),
    ],
)
def test_what_is_no_threshold_is_refused_with_what_is_expected(name: str, text: str) -> None:
    with pytest.raises(UsageError, match="expected a"):
        parse_threshold(RULES[name], text)


def test_a_crash_has_no_threshold() -> None:
    assert not editable(RULES["crash"]) and not editable(RULES["gradient_explosion"])
