"""The manual's three paths, and a message of what is known alone."""

from __future__ import annotations

from typing import Any

import pytest

from core.errors import UsageError
from core.runbook.escalation import PATHS, escalation_path, guide
from core.runbook.record import take_step
from core.telemetry.health import Health


def test_the_manuals_three_paths() -> None:
    assert PATHS["crash"].people == ("ML Engineer", "ML Lead", "SWE Lead")
    assert PATHS["performance"].people == ("ML Engineer", "ML Lead")
    assert PATHS["data"].people == ("ML Engineer", "SWE Lead")
    assert [step.deed for step in PATHS["crash"].steps[:2]] == ["stop", "backup_logs"]
    assert [step.deed for step in PATHS["data"].steps if step.deed] == ["stop", "backup_checkpoint"]
    assert any("[PERFORMANCE]" in f"[{step.kind}]" for step in PATHS["performance"].steps)
    with pytest.raises(UsageError) as caught:
        escalation_path("crush")
    assert "crash" in caught.value.hint


def test_a_guide_is_filled_from_the_run_and_remembers_what_was_done(desk: Any) -> None:
    desk.metric("reward", 10.0, 12.34)
    desk.metric("approx_kl", 0.01, 0.2)
    desk.run.log_tail = ["Traceback (most recent call last)", "ValueError: boom"]
    desk.health = Health("CRASHED", "A traceback ends it.")
    path = PATHS["crash"]
    first = guide("crash", desk.context, desk.store.steps_taken("run-1"))
    assert first.next_step is path.steps[0]
    for words in (
        "Critical crash in RL training loop: F12",
        "CRASHED",
        "12.34",
        "0.2000",
        "ValueError: boom",
    ):
        assert words in first.message
    assert "Do not restart" in first.message
    take_step(desk.store, desk.run, "crash", path.step("log"), desk.now, journal=None, note="CUDA driver")
    take_step(desk.store, desk.run, "data", PATHS["data"].step("stop"), desk.now, journal=None)
    after = guide("crash", desk.context, desk.store.steps_taken("run-1"), look=False)
    done = [each.step.id for each in after.steps if each.taken is not None]
    assert done == ["log"] and "log (ada) CUDA driver" in after.message


def test_the_message_says_only_what_is_known(desk: Any) -> None:
    found = guide("data", desk.context, [], look=False).message
    assert "Data integrity issue detected: F12" in found and "Reward:     –" in found and "nan" not in found
