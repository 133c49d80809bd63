"""Which cause is likely, and the sentence that says why."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from core.runbook.causes import rank_causes
from core.runbook.context import Sensed
from core.runbook.scenario import scenario
from core.runbook.sense import sense, sense_scenario
from core.telemetry.health import Health


def ranked(desk: Any, name: str = "kl_spike") -> list[str]:
    return [each.cause.id for each in rank_causes(scenario(name), desk.context)]


def test_much_clipping_speaks_for_the_learning_rate(desk: Any) -> None:
    desk.metric("approx_kl", *[0.15] * 5)
    desk.metric("clip_fraction", *[0.45] * 5)
    desk.metric("explained_variance", *[0.8] * 5)
    first = rank_causes(scenario("kl_spike"), desk.context)[0]
    assert first.cause.id == "learning_rate" and first.score == 3.0
    assert any("clip_fraction 0.45" in why for why in first.evidence)


def test_little_clipping_and_a_blind_value_function_speak_for_an_outlier(desk: Any) -> None:
    desk.metric("approx_kl", *[0.01] * 5, 0.3)
    desk.metric("clip_fraction", *[0.05] * 6)
    desk.metric("explained_variance", *[-0.4] * 6)
    assert ranked(desk)[0] == "outlier" and ranked(desk)[-1] == "learning_rate"


def test_without_the_metrics_the_documents_order_stands(desk: Any) -> None:
    assert ranked(desk) == [each.id for each in scenario("kl_spike").causes]
    assert all(not each.evidence for each in rank_causes(scenario("kl_spike"), desk.context))


def test_entropy_tells_a_saturated_policy_from_a_blind_reward(desk: Any) -> None:
    desk.metric("entropy", *[0.05] * 5)
    desk.metric("approx_kl", *[0.0005] * 5)
    assert ranked(desk, "flat_reward")[0] == "saturated"
    desk.metric("entropy", *[1.3] * 5)
    desk.metric("approx_kl", *[0.01] * 5)
    assert ranked(desk, "flat_reward")[0] == "reward_components"


def test_what_was_sensed_counts(desk: Any) -> None:
    hung = scenario("training_hung")
    desk.run.process = "gone"
    sensed = sense_scenario(hung, desk.context)
    assert rank_causes(hung, desk.context, sensed)[0].cause.id == "silent_crash"


def test_a_process_that_is_alive_and_writes_is_not_said_to_be_deadlocked(desk: Any) -> None:
    hung = scenario("training_hung")
    alive = Sensed("ok", "Process 7 is alive, last step 0 s ago")

    def evidence(log_age: Sensed) -> tuple[str, tuple[str, ...]]:
        found = rank_causes(hung, desk.context, {"process": alive, "log_age": log_age})
        return found[0].cause.id, next(each.evidence for each in found if each.cause.id == "deadlock")

    first, words = evidence(Sensed("bad", "last written 2h00m ago"))
    assert first == "deadlock" and words[0].endswith("alive without progress")
    first, words = evidence(Sensed("ok", "last written 0 s ago"))
    assert first != "deadlock" and words == ("alive, and last written 0 s ago",)


@pytest.mark.parametrize(
    ("process", "reason"),
    [
        ("alive", "Process 7 is alive, last step 0 s ago."),
        ("unseen", "Rows arrive, the last 2 s ago; the process cannot be seen from here."),
    ],
)
def test_the_process_is_told_once(desk: Any, process: Any, reason: str) -> None:
    desk.run.process, desk.run.info = process, msgspec.structs.replace(desk.run.info, pid=7)
    desk.health = Health("RUNNING", reason)
    assert sense("process", desk.context).text == reason.rstrip(".")
