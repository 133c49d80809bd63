"""KL, launch and explosion: at, below and above the threshold, with margin, nan and the worse rule's word."""

from __future__ import annotations

import math
from typing import Any

import pytest

from core.alerts.check import check_rules
from core.alerts.rule import default_rules
from core.alerts.view import value_text

HOUR = 3600.0


def test_default_rules_can_work() -> None:
    assert check_rules(default_rules()) == []


@pytest.mark.parametrize(
    ("name", "threshold"), [("kl_high", 0.05), ("kl_spike", 0.1), ("kl_explosion", 0.5), ("kl_launch", 0.01)]
)
def test_kl_fires_above_its_threshold_only(engine: Any, scene: Any, name: str, threshold: float) -> None:
    alerts = engine(name)
    scene.row(approx_kl=math.nextafter(threshold, 0))
    scene.row(approx_kl=threshold)
    assert alerts.update(scene.run, scene.health, scene.now) == []
    scene.row(approx_kl=math.nextafter(threshold, 1))
    (fired,) = alerts.update(scene.run, scene.health, scene.now)
    assert (fired.rule, fired.state, fired.timestep) == (name, "firing", 3 * 2048)
    assert fired.threshold == threshold and fired.value is not None and fired.value > threshold
    assert fired.at == scene.now and fired.key == f"run-1/{name}/1"
    (view,) = alerts.alerts()
    assert view.since_timestep == 3 * 2048 and view.since == scene.now and view.metric == "approx_kl"
    assert view.action == default_rules()[name].action and view.runbook and f"> {threshold:g}" in view.message


def test_a_value_just_past_its_threshold_does_not_read_like_it(engine: Any, scene: Any) -> None:
    alerts = engine("kl_high")
    scene.row(approx_kl=0.050004)
    alerts.update(scene.run, scene.health, scene.now)
    (view,) = alerts.alerts()
    assert view.message.startswith("approx_kl 0.050004 > 0.05 at step")
    assert value_text(default_rules()["kl_high"], view.value) == "0.050004"


@pytest.mark.parametrize(("name", "low"), [("kl_high", 0.045), ("kl_spike", 0.09), ("kl_explosion", 0.45)])
def test_kl_resolves_only_past_its_margin(engine: Any, seen: Any, scene: Any, name: str, low: float) -> None:
    """A value on the line does not flap: above, in the margin, above is one alert."""
    threshold = default_rules()[name].threshold
    alerts = engine(name)
    scene.kl([threshold + 0.01, (threshold + low) / 2, threshold + 0.02, low, threshold])
    assert seen(alerts.update(scene.run, scene.health, scene.now)) == [(name, "firing")]
    assert alerts.alerts()[0].value == threshold + 0.02, "the newest value at which it held"
    scene.kl([math.nextafter(low, 0)])
    assert seen(alerts.update(scene.run, scene.health, scene.now)) == [(name, "resolved")]


def test_spike_between_two_looks_is_seen(engine: Any, shown: Any, scene: Any) -> None:
    """One row of many since the last poll: it fires and resolves, and the record keeps its step."""
    alerts = engine("kl_spike")
    scene.kl([0.01] * 50)
    assert alerts.update(scene.run, scene.health, scene.now) == []
    scene.kl([0.01] * 20 + [0.3] + [0.01] * 20)
    transitions = alerts.update(scene.run, scene.health, scene.now)
    assert [(each.state, each.timestep) for each in transitions] == [
        ("firing", 71 * 2048),
        ("resolved", 72 * 2048),
    ]
    assert shown(alerts) == {"kl_spike": "resolved"}


def test_nan_never_resolves_kl_and_is_an_alert_of_its_own(engine: Any, seen: Any, scene: Any) -> None:
    alerts = engine("kl_spike", "gradient_explosion")
    scene.kl([0.2, math.nan, math.nan])
    transitions = alerts.update(scene.run, scene.health, scene.now)
    assert seen(transitions) == [("kl_spike", "firing"), ("gradient_explosion", "firing")]
    views = {view.rule: view for view in alerts.alerts()}
    assert views["kl_spike"].no_data and views["kl_spike"].value == 0.2
    assert (
        views["gradient_explosion"].value is None
        and "approx_kl is nan" in views["gradient_explosion"].message
    )
    scene.kl([0.02])
    assert seen(alerts.update(scene.run, scene.health, scene.now)) == [
        ("kl_spike", "resolved"),
        ("gradient_explosion", "resolved"),
    ]


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
@pytest.mark.parametrize("metric", ["approx_kl", "value_loss", "policy_loss", "entropy", "loss"])
def test_gradient_explosion_on_any_loss(engine: Any, scene: Any, metric: str, value: float) -> None:
    alerts = engine("gradient_explosion", "kl_explosion")
    scene.row(value_loss=1.0, approx_kl=0.01)
    scene.row(**{"value_loss": 1.0, metric: value})
    (fired,) = alerts.update(scene.run, scene.health, scene.now)
    assert fired.rule == "gradient_explosion" and fired.severity == "critical" and fired.value is None
    assert metric in fired.message


@pytest.mark.parametrize("metric", ["reward", "explained_variance", "clip_fraction"])
def test_nan_elsewhere_is_no_explosion(engine: Any, scene: Any, metric: str) -> None:
    """stable-baselines3 writes nan rewards before the first episode ends and nan explained variance."""
    alerts = engine("gradient_explosion")
    scene.row(**{metric: math.nan, "value_loss": 1.0})
    assert alerts.update(scene.run, scene.health, scene.now) == []


def test_explosion_lasts_until_every_loss_is_finite(engine: Any, seen: Any, scene: Any) -> None:
    alerts = engine("gradient_explosion")
    scene.row(value_loss=math.nan, policy_loss=math.nan)
    scene.row(value_loss=1.0, policy_loss=math.inf)
    assert seen(alerts.update(scene.run, scene.health, scene.now)) == [("gradient_explosion", "firing")]
    scene.row(value_loss=1.0, policy_loss=1.0)
    assert seen(alerts.update(scene.run, scene.health, scene.now)) == [("gradient_explosion", "resolved")]


def test_worse_kl_rule_hides_the_milder(engine: Any, seen: Any, shown: Any, scene: Any) -> None:
    """One jump is one alert; as the KL falls the milder ones take over, each recorded when it begins."""
    alerts = engine("kl_launch", "kl_high", "kl_spike", "kl_explosion")
    scene.kl([0.9])
    assert seen(alerts.update(scene.run, scene.health, scene.now)) == [("kl_explosion", "firing")]
    assert shown(alerts) == {"kl_explosion": "firing"}
    scene.kl([0.2])
    assert seen(alerts.update(scene.run, scene.health, scene.now)) == [
        ("kl_explosion", "resolved"),
        ("kl_spike", "firing"),
    ]
    scene.kl([0.07])
    alerts.update(scene.run, scene.health, scene.now)
    assert shown(alerts) == {"kl_high": "firing", "kl_spike": "resolved", "kl_explosion": "resolved"}


def test_milder_alert_comes_back_when_the_worse_ends(engine: Any, seen: Any, shown: Any, scene: Any) -> None:
    """Hidden is not resolved: same generation before and after, so its acknowledgement stays."""
    alerts = engine("kl_high", "kl_spike")
    scene.kl([0.07])
    alerts.update(scene.run, scene.health, scene.now)
    scene.kl([0.3])
    alerts.update(scene.run, scene.health, scene.now)
    assert shown(alerts) == {"kl_spike": "firing"}
    scene.kl([0.06])
    transitions = alerts.update(scene.run, scene.health, scene.now)
    assert seen(transitions) == [("kl_spike", "resolved")]
    high = next(view for view in alerts.alerts() if view.rule == "kl_high")
    assert (high.state, high.generation) == ("firing", 1)


def test_launch_rule_watches_four_hours(engine: Any, seen: Any, scene: Any) -> None:
    alerts = engine("kl_launch")
    scene.row(approx_kl=0.02, seconds=4 * HOUR)
    assert seen(alerts.update(scene.run, scene.health, scene.now)) == [("kl_launch", "firing")]
    scene.row(approx_kl=0.02)
    assert seen(alerts.update(scene.run, scene.health, scene.now)) == [("kl_launch", "resolved")]
    scene.row(approx_kl=0.03)
    assert alerts.update(scene.run, scene.health, scene.now) == []


def test_launch_alert_ends_with_its_hours_without_a_row(engine: Any, seen: Any, scene: Any) -> None:
    alerts = engine("kl_launch")
    scene.kl([0.02])
    alerts.update(scene.run, scene.health, scene.now)
    scene.later(5 * HOUR)
    assert seen(alerts.update(scene.run, scene.health, scene.now)) == [("kl_launch", "resolved")]


def test_launch_of_a_foreign_run_counts_from_its_first_row(engine: Any, seen: Any, scene: Any) -> None:
    scene.known(started_at=None)
    alerts = engine("kl_launch")
    scene.row(approx_kl=0.001, seconds=9 * HOUR)
    scene.row(approx_kl=0.02, seconds=HOUR)
    assert seen(alerts.update(scene.run, scene.health, scene.now)) == [("kl_launch", "firing")]
    scene.later(4 * HOUR)
    assert seen(alerts.update(scene.run, scene.health, scene.now)) == [("kl_launch", "resolved")]


def test_launch_rule_needs_to_know_the_time(engine: Any, scene: Any) -> None:
    """A foreign run without start and row times: nobody can say whether it is launch day."""
    scene.known(started_at=None)
    alerts = engine("kl_launch")
    scene.kl([0.02])
    scene.run.series["approx_kl"].time[0] = math.nan
    assert alerts.update(scene.run, scene.health, scene.now) == [] and alerts.alerts() == []


def test_flurry_of_launch_kl_is_one_alert(engine: Any, seen: Any, scene: Any) -> None:
    """A healthy run exceeds 0.01 in 8 % of its rollouts; alerts.log stays mostly empty."""
    alerts = engine("kl_launch")
    scene.kl([0.012, 0.005, 0.005, 0.011, 0.0085, 0.012] + [0.005] * 10)
    assert seen(alerts.update(scene.run, scene.health, scene.now)) == [("kl_launch", "firing")]
    scene.kl([0.005])
    assert seen(alerts.update(scene.run, scene.health, scene.now)) == [("kl_launch", "resolved")]
