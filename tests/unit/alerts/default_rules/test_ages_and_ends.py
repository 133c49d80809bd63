"""Age of checkpoint and row, hang, crash, absence, and a metric that never came."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from core.alerts.engine import AlertEngine
from core.alerts.rule import default_rules
from core.clock import iso
from core.telemetry.model import Checkpoint

HOUR = 3600.0


def checkpoint(scene: Any) -> None:
    scene.run.checkpoints.append(Checkpoint(Path("ppo_50000_steps.zip"), 50_000, scene.now))


def test_checkpoint_age(engine: Any, seen: Any, shown: Any, scene: Any) -> None:
    alerts = engine("checkpoint_old", "checkpoint_age")
    scene.row(approx_kl=0.01)
    checkpoint(scene)
    scene.later(12 * HOUR)
    assert alerts.update(scene.run, scene.health, scene.now) == [], "at 12 h it is not over 12 h"
    scene.later(1)
    assert seen(alerts.update(scene.run, scene.health, scene.now)) == [("checkpoint_old", "firing")]
    scene.later(12 * HOUR)
    assert seen(alerts.update(scene.run, scene.health, scene.now)) == [("checkpoint_age", "firing")]
    assert shown(alerts) == {"checkpoint_age": "firing"}, "the worse hides the milder"
    checkpoint(scene)
    assert sorted(seen(alerts.update(scene.run, scene.health, scene.now))) == [
        ("checkpoint_age", "resolved"),
        ("checkpoint_old", "resolved"),
    ]


def test_checkpoint_age_before_the_first_one_counts_from_the_start(
    engine: Any, shown: Any, scene: Any
) -> None:
    alerts = engine("checkpoint_age")
    scene.row(approx_kl=0.01)
    scene.later(24 * HOUR)
    (fired,) = alerts.update(scene.run, scene.health, scene.now)
    assert fired.rule == "checkpoint_age" and "no checkpoint" in fired.message
    scene.known(started_at=None)
    unknown = engine("checkpoint_age")
    assert unknown.update(scene.run, scene.health, scene.now) == []
    assert shown(unknown) == {"checkpoint_age": "nodata"}


@pytest.mark.parametrize("status", ["FINISHED", "STOPPED", "CRASHED", "ABSENT"])
def test_rules_of_age_stop_with_the_run(engine: Any, scene: Any, status: str) -> None:
    alerts = engine("checkpoint_age", "training_hung")
    scene.row(approx_kl=0.01)
    scene.later(25 * HOUR)
    scene.health.step_age_seconds = 25 * HOUR
    assert len(alerts.update(scene.run, scene.health, scene.now)) == 2
    scene.health.status = status
    assert [each.state for each in alerts.update(scene.run, scene.health, scene.now)] == ["resolved"] * 2


def test_training_hung(engine: Any, seen: Any, scene: Any) -> None:
    alerts = engine("training_hung")
    scene.row(approx_kl=0.01)
    scene.health.step_age_seconds = 7200.0
    assert alerts.update(scene.run, scene.health, scene.now) == []
    scene.health.step_age_seconds, scene.health.status = 7200.1, "STALLED"
    (fired,) = alerts.update(scene.run, scene.health, scene.now)
    assert (fired.state, fired.severity, fired.timestep) == ("firing", "critical", 2048)
    scene.health.step_age_seconds = None
    assert alerts.update(scene.run, scene.health, scene.now) == []
    assert alerts.alerts()[0].no_data
    scene.health.step_age_seconds = 2.0
    assert seen(alerts.update(scene.run, scene.health, scene.now)) == [("training_hung", "resolved")]


def test_crash(engine: Any, seen: Any, scene: Any) -> None:
    alerts = engine("crash")
    scene.row(approx_kl=0.01)
    assert alerts.update(scene.run, scene.health, scene.now) == [] and alerts.alerts() == []
    scene.health.status, scene.health.reason = "CRASHED", "A traceback ends training.log."
    (fired,) = alerts.update(scene.run, scene.health, scene.now)
    assert fired.state == "firing" and fired.value is None and "traceback" in fired.message
    scene.later(60)
    assert alerts.update(scene.run, scene.health, scene.now) == []
    scene.health.status = "RUNNING"
    assert seen(alerts.update(scene.run, scene.health, scene.now)) == [("crash", "resolved")]


def test_a_crash_is_as_old_as_its_record_says_not_as_the_console_that_saw_it(engine: Any, scene: Any) -> None:
    scene.row(approx_kl=0.01)
    last, died = scene.now, scene.now + timedelta(minutes=3)
    scene.later(18_000)
    scene.health.status, scene.health.reason = "CRASHED", "Process 7 is gone."

    def told(**known: Any) -> Any:
        scene.run.info = msgspec.structs.replace(scene.run.info, **known)
        (fired,) = (alerts := engine("crash")).update(scene.run, scene.health, scene.now)
        assert alerts.alerts()[0].since == fired.at
        return fired

    assert told().at == scene.now, "nothing tells when"
    scene.run.last_row_at = last
    fired = told()
    assert fired.at == last and f"last row is of {iso(last)}" in fired.message
    assert told(process_started=died.timestamp()).at == died, "it was resumed, and made no row"
    fired = told(outcome="crashed", ended_at=died + timedelta(seconds=9))
    assert fired.at == died + timedelta(seconds=9) and "last row" not in fired.message


def test_absent_run_has_no_alerts(scene: Any) -> None:
    scene.health.status = "ABSENT"
    alerts = AlertEngine(default_rules(), "run-1")
    assert alerts.update(scene.run, scene.health, scene.now) == [] and alerts.alerts() == []


def test_metric_that_never_came_is_no_data(engine: Any, shown: Any, scene: Any) -> None:
    """A foreign run without KL: the KL rules say that they have no data, not that all is well."""
    alerts = engine("kl_spike", "gradient_explosion")
    scene.row(reward=1.0)
    alerts.update(scene.run, scene.health, scene.now)
    assert shown(alerts) == {"kl_spike": "nodata", "gradient_explosion": "nodata"}
    scene.row(reward=1.0, approx_kl=0.01)
    alerts.update(scene.run, scene.health, scene.now)
    assert shown(alerts) == {}
