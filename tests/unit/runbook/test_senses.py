"""What the console senses for a step: an answer in any case, and of this run alone."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec

from core.runbook.context import Sensed
from core.runbook.scenario import scenarios
from core.runbook.sense import sense
from core.telemetry.health import Health
from core.telemetry.model import Checkpoint, Source


def test_every_sensor_answers_on_an_empty_workspace(desk: Any) -> None:
    for each in scenarios().values():
        for step in each.steps:
            if step.sense is not None:
                found = sense(step.sense, desk.context)
                assert found.text and found.state in ("ok", "bad", "unknown")


def test_a_kl_that_is_no_number_now_is_not_judged_by_the_one_before(desk: Any) -> None:
    desk.metric("approx_kl", 0.008, 0.009)
    assert sense("kl", desk.context).state == "ok"
    desk.metric("approx_kl", 0.008, math.nan)
    found = sense("kl", desk.context)
    assert found.state == "bad" and "its last number was 0.008" in found.text


def test_log_tail_and_process(desk: Any) -> None:
    desk.run.log_tail = ["2026 [INFO] Step 1/2", "Traceback (most recent call last)", "ValueError: nan"]
    desk.run.process = "gone"
    found = sense("log", desk.context)
    assert found.state == "bad" and found.lines[-1] == "ValueError: nan"
    assert sense("process", desk.context).state == "bad"
    desk.run.process = "alive"
    assert sense("process", desk.context).state == "ok"


def test_nothing_fires_is_not_said_before_the_rules_were_asked(desk: Any) -> None:
    assert sense("daily", desk.context).state == "ok"
    found = sense("daily", replace(desk.context, judged=False))
    assert found.state == "unknown" and "have not been asked" in found.text


def test_a_run_that_ended_is_not_late(desk: Any) -> None:
    desk.run.checkpoints = [Checkpoint(Path("ppo_1.zip"), 1, desk.now - timedelta(hours=13))]
    desk.run.last_row_at = desk.now - timedelta(hours=13)
    over = replace(desk.context, health=Health("FINISHED", "All done."))
    for sensor in ("checkpoints", "log_age"):
        assert sense(sensor, desk.context).state == "bad"
        found = sense(sensor, over)
        assert found.state == "ok" and "13 h ago; the run is FINISHED" in found.text


def test_checkpoints_and_tensorboard(desk: Any) -> None:
    desk.run.checkpoints = [Checkpoint(Path("ppo_1.zip"), 1, desk.now - timedelta(hours=13))]
    assert sense("checkpoints", desk.context).state == "bad"
    desk.run.checkpoints = [Checkpoint(Path("ppo_1.zip"), 1, desk.now - timedelta(hours=1))]
    assert sense("checkpoints", desk.context).state == "ok"
    assert sense("tensorboard", desk.context).state == "bad"
    (desk.workspace.logs / "tensorboard").mkdir()
    desk.run.sources = [Source(desk.workspace.logs / "tensorboard", "tensorboard", rows=5)]
    assert sense("tensorboard", desk.context).state == "ok"


def test_hyperparameters_of_the_run_not_of_the_file(desk: Any) -> None:
    silent = sense("hyperparameters", desk.context)
    assert silent.state == "unknown" and silent.text == "the run recorded no hyperparameters"
    assert silent.lines == ("config.toml's hyperparameters are the approved ones",)

    def used(**values: float) -> Sensed:
        desk.run.info = msgspec.structs.replace(desk.run.info, hyperparameters=values)
        return sense("hyperparameters", desk.context)

    assert used(learning_rate=3e-4).state == "ok"
    one = used(learning_rate=1e-3, gamma=0.99)
    assert (one.state, one.text) == (
        "bad",
        "not as approved: the run's learning_rate = 0.001, approved 0.0003",
    )
    two = used(learning_rate=1e-3, gamma=0.9)
    assert two.text == "not as approved: the run's learning_rate, gamma" and len(two.lines) == 2


def test_of_a_foreign_run_the_configuration_says_nothing(desk: Any) -> None:
    foreign = replace(desk.context, workspace=None)
    for sensor in ("hyperparameters", "reward_weights", "reward_import"):
        found = sense(sensor, foreign)
        assert found.state == "unknown" and not found.lines, sensor
    own = sense("reward_weights", desk.context)
    assert own.state == "unknown" and own.lines[0].startswith("config.toml: r_pnl × 1")
    desk.run.info = msgspec.structs.replace(desk.run.info, hyperparameters={"gamma": 0.99})
    assert sense("reward_weights", desk.context).text.startswith("config.toml: r_pnl × 1")


def test_losses_and_trend(desk: Any) -> None:
    desk.metric("value_loss", 1.0, math.nan)
    desk.metric("reward", *[float(index) for index in range(40)])
    assert "value_loss" in sense("losses", desk.context).text
    assert "INCREASING" in sense("reward_trend", desk.context).text


def test_gates_without_a_revalidation_are_unknown(desk: Any) -> None:
    assert sense("gates", desk.context).state == "unknown"
    (desk.workspace.reports / "revalidation_result.json").write_text("{")
    assert sense("gates", desk.context).state == "unknown"
