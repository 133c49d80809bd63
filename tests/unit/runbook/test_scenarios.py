"""The documents' ten scenarios are there, whole, and found by rule and name."""

from __future__ import annotations

import pytest

from core.alerts.rule import default_rules
from core.errors import UsageError
from core.runbook.documented import DOCUMENTED
from core.runbook.escalation import PATHS
from core.runbook.scenario import scenario, scenarios


def test_the_documents_ten_scenarios_are_there() -> None:
    assert len(DOCUMENTED) == 10
    assert sum("checklist" in each.source for each in DOCUMENTED) == 5
    assert sum("manual" in each.source for each in DOCUMENTED) == 5


@pytest.mark.parametrize("name", scenarios())
def test_a_scenario_is_whole(name: str) -> None:
    found = scenario(name)
    assert found.title and found.symptoms and found.causes and found.steps and found.source
    ids = [step.id for step in found.steps]
    assert len(ids) == len(set(ids))
    assert found.escalation in ("", *PATHS)
    assert any(step.sense is not None for step in found.steps), "the console can check something"
    for step in found.steps:
        assert step.line and step.kind in ("ISSUE", "CHECK", "PERFORMANCE")
    for rule in found.rules:
        assert default_rules()[rule].runbook == name


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("flat_reward", "[ISSUE] Flat reward, investigating its components"),
        ("kl_explosion", "[ISSUE] KL spike, lowering the learning rate"),
        ("training_hung", "[ISSUE] Training hung, restarted"),
        ("metrics_not_logged", "[ISSUE] Metrics not logged, checking the writer"),
        ("not_converging", "[CHECK] Training in its initial phase, monitoring"),
    ],
)
def test_the_manuals_journal_lines_are_there(name: str, words: str) -> None:
    assert words in {f"[{step.kind}] {step.line}" for step in scenario(name).steps}


def test_a_scenario_is_found_by_its_rule_and_a_near_miss_is_named() -> None:
    assert scenario("kl_high").id == "kl_spike"
    with pytest.raises(UsageError) as caught:
        scenario("kl_spyke")
    assert "kl_spike" in caught.value.hint
    with pytest.raises(UsageError, match="has no step 99"):
        scenario("kl_spike").step("99")
    assert scenario("kl_spike").step("1").id == "kl"
