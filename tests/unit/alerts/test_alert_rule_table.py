"""Every default rule below, at and past its threshold, in its margin, without data, and over a resume.

A default rule without a case here fails the first test.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from core.alerts.engine import AlertEngine
from core.alerts.evaluate import ROW_CONDITIONS
from core.alerts.look import DataFacts, HostView
from core.alerts.rule import Rule, default_rules
from core.alerts.view import phrase
from core.runbook.scenario import scenarios
from core.telemetry.model import Checkpoint, Source

RULES = default_rules()
HOUR = 3600.0
FALLING = ("below", "slope_below", "rise_below", "disk_free", "memory_free", "pace_below", "flat")


@dataclass
class Moment:
    """What one look is given, beside the scene."""

    host: HostView | None = None
    data: DataFacts | None = None


def rows(**shape: float) -> Callable[[Any, Moment, float], None]:
    """One row of the rule's metric with the value itself."""

    def give(scene: Any, moment: Moment, value: float) -> None:
        scene.row(approx_kl=value)

    return give


def newest_reward(scene: Any) -> float:
    series = scene.run.series.get("reward")
    return (series.last_finite or 0.0) if series is not None else 0.0


def slope(scene: Any, moment: Moment, value: float) -> None:
    scene.timestep = max(scene.timestep, 150_000)
    begin = newest_reward(scene)
    for index in range(1, 7):
        scene.row(reward=begin + value * 2048 * index)


def rise(scene: Any, moment: Moment, value: float) -> None:
    """A ramp that rises by `value` in 50,000 steps."""
    scene.timestep = max(scene.timestep, 150_000)
    begin = newest_reward(scene)
    for index in range(1, 27):
        scene.row(timestep=scene.timestep + 2_000, reward=begin + value * index / 25)


def flat(scene: Any, moment: Moment, value: float) -> None:
    """Two hours in which the mean moves by `value` standard deviations: two levels and a wobble."""
    scene.timestep = max(scene.timestep, 150_000)
    gap = value / math.sqrt(1 - value * value / 4)
    for index in range(121):
        level = 0.0 if index < 60 else gap
        scene.row(reward=level + (1.0 if index % 2 else -1.0), seconds=60)


def checkpoint(scene: Any, moment: Moment, value: float) -> None:
    from datetime import timedelta
    from pathlib import Path

    scene.run.checkpoints = [Checkpoint(Path("c.zip"), 1, scene.now - timedelta(seconds=value))]


def steps(scene: Any, moment: Moment, value: float) -> None:
    scene.health.step_age_seconds = value


def pace(scene: Any, moment: Moment, value: float) -> None:
    scene.health.steps_per_second = value


def events(scene: Any, moment: Moment, value: float) -> None:
    from datetime import timedelta

    scene.run.sources = [Source(scene.run.info.directory / "tensorboard", "tensorboard")]
    scene.known(started_at=scene.now - timedelta(seconds=value))


def disk(scene: Any, moment: Moment, value: float) -> None:
    moment.host = HostView(value, 50.0)


def memory(scene: Any, moment: Moment, value: float) -> None:
    moment.host = HostView(1e12, value)


def faults(scene: Any, moment: Moment, value: float) -> None:
    moment.data = DataFacts(folder="d", checked_at="", gaps=round(value))


CASES: dict[str, Callable[[Any, Moment, float], None]] = {
    "negative_reward_trend": slope,
    "no_improvement": rise,
    "flat_reward": flat,
    "kl_launch": rows(),
    "kl_high": rows(),
    "kl_spike": rows(),
    "kl_explosion": rows(),
    "checkpoint_old": checkpoint,
    "checkpoint_age": checkpoint,
    "training_hung": steps,
    "slow": pace,
    "tensorboard_empty": events,
    "disk_low": disk,
    "disk_critical": disk,
    "memory_low": memory,
    "memory_critical": memory,
    "data_integrity": faults,
}
WITHOUT_VALUE = {"gradient_explosion", "gpu_oom", "crash"}
"""They have no threshold; tested by themselves."""


def enabled(name: str) -> Rule:
    import msgspec

    return msgspec.structs.replace(RULES[name], enabled=True)


def drive(engine: AlertEngine, scene: Any, name: str, value: float, times: int = 2) -> list[str]:
    """Give the value, wait what the rule waits, look again; the states it went through."""
    found, moment = [], Moment()
    for _ in range(1 if RULES[name].condition == "flat" else times):
        CASES[name](scene, moment, value)
        looked = engine.update(scene.run, scene.health, scene.now, moment.host, moment.data)
        found += [each.state for each in looked]
        if RULES[name].condition not in ROW_CONDITIONS:
            scene.later(max(RULES[name].for_seconds, RULES[name].keep_firing_seconds) + 1)
    return found


def beyond(rule: Rule) -> float:
    """Just past the threshold, on the side that fires."""
    if rule.condition in ("data_faults",):
        return rule.threshold + 1
    step = abs(rule.threshold) * (0.1 if rule.condition == "flat" else 1e-6)
    return rule.threshold - step if rule.condition in FALLING else rule.threshold + step


def before(rule: Rule) -> float:
    if rule.condition == "data_faults":
        return 0.0
    step = abs(rule.threshold) * (0.1 if rule.condition == "flat" else 1e-6)
    return rule.threshold + step if rule.condition in FALLING else rule.threshold - step


def test_every_default_rule_is_covered_and_leads_to_its_runbook() -> None:
    assert set(CASES) | WITHOUT_VALUE == set(RULES)
    for name, rule in RULES.items():
        assert name in scenarios()[rule.runbook].rules, name
        assert rule.action, name


@pytest.mark.parametrize("name", CASES)
def test_below_its_threshold_nothing_fires(scene: Any, name: str) -> None:
    engine = AlertEngine({name: enabled(name)}, "run-1")
    assert "firing" not in drive(engine, scene, name, before(RULES[name]))


@pytest.mark.parametrize(
    "name", [name for name in CASES if RULES[name].condition not in ("flat", "slope_below", "rise_below")]
)
def test_at_its_threshold_nothing_fires(scene: Any, name: str) -> None:
    engine = AlertEngine({name: enabled(name)}, "run-1")
    assert "firing" not in drive(engine, scene, name, RULES[name].threshold)


@pytest.mark.parametrize("name", CASES)
def test_past_its_threshold_it_fires_once(scene: Any, name: str) -> None:
    engine = AlertEngine({name: enabled(name)}, "run-1")
    found = drive(engine, scene, name, beyond(RULES[name]))
    assert found.count("firing") == 1, found
    (view,) = engine.alerts()
    assert (view.rule, view.severity) == (name, RULES[name].severity)
    assert view.message and view.action == RULES[name].action


@pytest.mark.parametrize(
    "name", [name for name in CASES if RULES[name].resolve_at is not None and name != "flat_reward"]
)
def test_in_its_margin_it_does_not_flap(scene: Any, name: str) -> None:
    """Past the threshold, in the margin, past it again: one firing; past the margin it ends."""
    rule = RULES[name]
    assert rule.resolve_at is not None
    engine = AlertEngine({name: enabled(name)}, "run-1")
    found = drive(engine, scene, name, beyond(rule))
    middle = (rule.threshold + rule.resolve_at) / 2
    found += drive(engine, scene, name, middle) + drive(engine, scene, name, beyond(rule))
    assert [each for each in found if each != "pending"] == ["firing"]
    away = rule.resolve_at + (rule.resolve_at - rule.threshold)
    found = drive(engine, scene, name, away, times=12)
    assert found == ["resolved"]


def test_flat_reward_ends_when_the_mean_moves(scene: Any) -> None:
    engine = AlertEngine({"flat_reward": RULES["flat_reward"]}, "run-1")
    found = drive(engine, scene, "flat_reward", 0.01, times=1)
    assert found == ["firing"]
    for index in range(240):
        scene.row(reward=index * 0.5, seconds=60)
    moved = engine.update(scene.run, scene.health, scene.now)
    assert [each.state for each in moved] == ["resolved"]


@pytest.mark.parametrize("name", ["negative_reward_trend", "no_improvement", "flat_reward"])
def test_trend_rules_wait_for_the_warm_up(scene: Any, name: str) -> None:
    """In the first 100,000 steps and 12 h a wandering reward is expected."""
    engine = AlertEngine({name: RULES[name]}, "run-1")
    for index in range(40):
        scene.row(timestep=2_000 + index * 2_400, reward=-0.01 * index, seconds=600)
    assert engine.update(scene.run, scene.health, scene.now) == []


@pytest.mark.parametrize("name", [name for name in CASES if RULES[name].condition in ROW_CONDITIONS])
def test_nan_and_gaps_neither_fire_nor_resolve(scene: Any, name: str) -> None:
    engine = AlertEngine({name: enabled(name)}, "run-1")
    metric = RULES[name].metric
    scene.row(timestep=200_000, **{metric: math.nan})
    assert engine.update(scene.run, scene.health, scene.now) == []
    drive(engine, scene, name, beyond(RULES[name]))
    assert engine.alerts()[0].firing
    for _ in range(3):
        scene.row(seconds=5, **{metric: math.nan})
        assert engine.update(scene.run, scene.health, scene.now) == []
    assert engine.alerts()[0].firing and engine.alerts()[0].no_data


@pytest.mark.parametrize("name", [name for name in CASES if RULES[name].condition in ROW_CONDITIONS])
def test_resume_neither_ends_nor_repeats(scene: Any, name: str) -> None:
    """A step that goes back is a new segment: the alert goes on, its window starts afresh."""
    engine = AlertEngine({name: enabled(name)}, "run-1")
    drive(engine, scene, name, beyond(RULES[name]))
    (view,) = engine.alerts()
    metric = RULES[name].metric
    again = scene.run.series[metric].last_finite
    scene.row(timestep=scene.timestep - 8192, **{metric: again})
    found = [each.state for each in engine.update(scene.run, scene.health, scene.now)]
    assert "firing" not in found
    if RULES[name].condition != "above":
        assert found == [] and engine.alerts()[0].generation == view.generation


OUTLAST_THE_RUN = {"kl_high", "kl_spike", "kl_explosion", "disk_low", "disk_critical", "data_integrity"}
"""What was measured of the policy, the data and the disk is no better because the training ended."""


@pytest.mark.parametrize("name", CASES)
def test_rules_about_a_running_training_end_with_it_and_say_that_nothing_cleared_them(
    scene: Any, name: str
) -> None:
    engine, moment = AlertEngine({name: enabled(name)}, "run-1"), Moment()
    drive(engine, scene, name, beyond(RULES[name]))
    scene.health.status = "FINISHED"
    if RULES[name].condition not in ROW_CONDITIONS:
        CASES[name](scene, moment, beyond(RULES[name]))
    ended = engine.update(scene.run, scene.health, scene.now, moment.host, moment.data)
    (view,) = engine.alerts()
    if name in OUTLAST_THE_RUN:
        assert ended == [] and view.firing
        return
    assert [each.state for each in ended] == ["resolved"] and view.state == "resolved"
    assert view.message.startswith("not cleared, but the run is FINISHED") and view.uncleared


def test_an_alert_that_ended_with_its_run_ended_when_the_run_did(scene: Any) -> None:
    """Whoever opens it days later is told of no end of now."""
    from datetime import timedelta

    drive(AlertEngine({}, "run-1"), scene, "no_improvement", beyond(RULES["no_improvement"]))
    over = scene.now + timedelta(minutes=1)
    scene.known(ended_at=over)
    scene.health.status = "FINISHED"
    scene.later(3 * 86_400)
    engine = AlertEngine({"no_improvement": enabled("no_improvement")}, "run-1")
    fired, ended = engine.update(scene.run, scene.health, scene.now)
    assert (fired.state, ended.state, ended.at) == ("firing", "resolved", over)


@pytest.mark.parametrize("name", [name for name in CASES if RULES[name].condition not in ROW_CONDITIONS])
def test_what_nobody_could_see_is_no_data(scene: Any, name: str) -> None:
    """It fires on, and says that its data stopped."""
    engine = AlertEngine({name: enabled(name)}, "run-1")
    drive(engine, scene, name, beyond(RULES[name]))
    assert engine.alerts()[0].firing
    if name == "tensorboard_empty":
        return
    scene.run.checkpoints = []
    scene.known(started_at=None)
    scene.health.step_age_seconds = scene.health.steps_per_second = None
    assert engine.update(scene.run, scene.health, scene.now) == []
    assert engine.alerts()[0].firing and engine.alerts()[0].no_data


def test_events_that_arrive_end_the_empty_tensorboard(scene: Any) -> None:
    engine = AlertEngine({"tensorboard_empty": RULES["tensorboard_empty"]}, "run-1")
    assert drive(engine, scene, "tensorboard_empty", 601, times=1) == ["firing"]
    scene.run.sources[0].rows = 5
    assert [each.state for each in engine.update(scene.run, scene.health, scene.now)] == ["resolved"]


def test_a_foreign_run_without_a_start_is_not_accused_of_an_empty_tensorboard(scene: Any) -> None:
    engine = AlertEngine({"tensorboard_empty": RULES["tensorboard_empty"]}, "run-1")
    scene.known(started_at=None)
    scene.row(approx_kl=0.01)
    assert engine.update(scene.run, scene.health, scene.now) == [] and engine.alerts() == []


@pytest.mark.parametrize(
    "line",
    [
        "RuntimeError: CUDA out of memory. Tried to allocate 2 GiB",
        "torch.OutOfMemoryError: CUDA error",
    ],
)
def test_gpu_out_of_memory(scene: Any, line: str) -> None:
    """It fires while the line is among the newest, and ends with the next start of the trainer."""
    engine = AlertEngine({"gpu_oom": RULES["gpu_oom"]}, "run-1")
    scene.row(approx_kl=0.01)
    scene.run.log_tail = ["2026-02-23 14:00:00 [INFO] Step 2048/500000"]
    assert engine.update(scene.run, scene.health, scene.now) == []
    scene.run.log_tail = [*scene.run.log_tail, line]
    scene.health.status = "CRASHED"
    (fired,) = engine.update(scene.run, scene.health, scene.now)
    assert fired.state == "firing" and line in fired.message
    scene.run.log_tail = [*scene.run.log_tail, "2026-02-23 15:00:00 [INFO] Starting PPO training..."]
    scene.health.status = "RUNNING"
    assert [each.state for each in engine.update(scene.run, scene.health, scene.now)] == ["resolved"]


def test_worse_disk_rule_hides_the_milder(scene: Any) -> None:
    rules = {name: RULES[name] for name in ("disk_low", "disk_critical")}
    engine = AlertEngine(rules, "run-1")
    scene.row(approx_kl=0.01)
    engine.update(scene.run, scene.health, scene.now, HostView(1e9, 50.0))
    assert [(view.rule, view.state) for view in engine.alerts()] == [("disk_critical", "firing")]


def test_memory_that_is_low_for_a_moment_raises_nothing(scene: Any) -> None:
    engine = AlertEngine({"memory_low": RULES["memory_low"]}, "run-1")
    scene.row(approx_kl=0.01)
    states = []
    for free in (5.0, 50.0, 5.0):
        states += [
            each.state for each in engine.update(scene.run, scene.health, scene.now, HostView(1e12, free))
        ]
        scene.later(30)
    assert states == ["pending", "inactive", "pending"]


def test_data_that_cannot_be_judged_are_no_proof(scene: Any) -> None:
    engine = AlertEngine({"data_integrity": RULES["data_integrity"]}, "run-1")
    unread = DataFacts(folder="d", checked_at="", gaps=5, problem="denied")
    assert engine.update(scene.run, scene.health, scene.now, None, unread) == []


@pytest.mark.parametrize(
    ("changes", "value", "fires"),
    [
        ({"condition": "below", "metric": "entropy", "threshold": 0.5}, {"entropy": 0.4}, True),
        ({"condition": "below", "metric": "entropy", "threshold": 0.5}, {"entropy": 0.5}, False),
        ({"condition": "absent", "metric": "entropy", "threshold": 5.0}, {"entropy": 1.0}, False),
        ({"condition": "absent", "metric": "clip_fraction", "threshold": 60.0}, {"entropy": 1.0}, False),
        ({"condition": "absent", "metric": "clip_fraction", "threshold": 0.5}, {"entropy": 1.0}, True),
    ],
)
def test_conditions_a_workspace_may_add(
    scene: Any, changes: dict[str, Any], value: dict[str, float], fires: bool
) -> None:
    engine = AlertEngine({"mine": Rule(severity="warning", **changes)}, "run-1")
    scene.row(**value)
    found = [each.state for each in engine.update(scene.run, scene.health, scene.now)]
    assert found == (["firing"] if fires else [])


def test_rising_and_climbing_conditions(scene: Any) -> None:
    shared: dict[str, Any] = {"severity": "info", "metric": "value_loss", "window_seconds": 10.0}
    rules = {
        "climbs": Rule(condition="slope_above", threshold=0.001, **shared),
        "rises": Rule(condition="rise_above", threshold=5.0, **shared),
    }
    engine = AlertEngine(rules, "run-1")
    for index in range(5):
        scene.row(value_loss=2.048 * 2 * index, seconds=2)
    assert engine.update(scene.run, scene.health, scene.now) == []
    for index in range(5, 9):
        scene.row(value_loss=2.048 * 2 * index, seconds=2)
    assert {each.rule for each in engine.update(scene.run, scene.health, scene.now)} == {"climbs", "rises"}


def test_an_alert_ends_only_after_the_seconds_it_must_stay_quiet(scene: Any) -> None:
    rule = Rule(condition="above", metric="approx_kl", threshold=0.1, severity="info", keep_firing_seconds=30)
    engine = AlertEngine({"mine": rule}, "run-1")
    scene.kl([0.2])
    states = [each.state for each in engine.update(scene.run, scene.health, scene.now)]
    for seconds in (1, 15, 20):
        scene.row(approx_kl=0.01, seconds=seconds)
        states += [each.state for each in engine.update(scene.run, scene.health, scene.now)]
    assert states == ["firing", "resolved"]


@pytest.mark.parametrize(
    ("detail", "said"),
    [
        ("crashed", "crashed at step 1,000"),
        ("crashed at step 1,000.", "crashed at step 1,000."),
        ("crashed at step 1,000,000.", "crashed at step 1,000,000 at step 1,000"),
    ],
)
def test_the_step_stands_in_the_words_once(detail: str, said: str) -> None:
    assert phrase(RULES["crash"], "resolved", detail, 1000) == said
