"""The reward's trend: how much it needs to know, when it ends, what a resume and a gap do to it."""

from __future__ import annotations

import math
from typing import Any

import pytest

HOUR = 3600.0


def reward(scene: Any, slope: float, rows: int, begin: float = 0.0, after: int = 150_000) -> None:
    scene.timestep = max(scene.timestep, after)
    for index in range(rows):
        scene.row(reward=begin + slope * 2048 * index)


@pytest.mark.parametrize(
    ("slope", "fires"), [(-0.00101, True), (-0.00099, False), (0.0, False), (0.001, False), (-0.1, True)]
)
def test_negative_reward_trend(engine: Any, seen: Any, scene: Any, slope: float, fires: bool) -> None:
    alerts = engine("negative_reward_trend")
    reward(scene, slope, 10)
    states = seen(alerts.update(scene.run, scene.health, scene.now))
    assert states == ([("negative_reward_trend", "firing")] if fires else [])
    if fires:
        assert alerts.alerts()[0].value == pytest.approx(slope)


def test_trend_needs_four_rows_and_5000_steps_and_waits_for_them_without_an_alert(
    engine: Any, seen: Any, shown: Any, scene: Any
) -> None:
    """A window that is not full yet is nothing broken; a value that is none is."""
    alerts = engine("negative_reward_trend")
    reward(scene, -0.01, 3)
    assert alerts.update(scene.run, scene.health, scene.now) == [] and shown(alerts) == {}
    scene.row(reward=math.nan)
    assert alerts.update(scene.run, scene.health, scene.now) == []
    assert shown(alerts) == {"negative_reward_trend": "nodata"}
    reward(scene, -0.01, 3, after=300_000)
    assert alerts.update(scene.run, scene.health, scene.now) == [] and shown(alerts) == {}
    scene.row(reward=-100.0)
    assert seen(alerts.update(scene.run, scene.health, scene.now)) == [("negative_reward_trend", "firing")]
    dense = engine("negative_reward_trend")
    scene.run.series.clear()
    for index in range(0, 4999, 7):
        scene.row(timestep=200_000 + index, reward=-0.01 * index)
    assert dense.update(scene.run, scene.health, scene.now) == []


def test_trend_waits_for_the_warm_up(engine: Any, seen: Any, scene: Any) -> None:
    """In the first 100k steps or 12 h a falling reward is expected; past either it is not."""
    alerts = engine("negative_reward_trend")
    reward(scene, -0.01, 20, after=0)
    assert alerts.update(scene.run, scene.health, scene.now) == [] and alerts.alerts() == []
    scene.row(reward=-5000.0, seconds=12 * HOUR)
    assert seen(alerts.update(scene.run, scene.health, scene.now)) == [("negative_reward_trend", "firing")]


def test_trend_resolves_past_its_margin(engine: Any, seen: Any, scene: Any) -> None:
    alerts = engine("negative_reward_trend")
    reward(scene, -0.0020, 8)
    last = scene.run.series["reward"].value[-1]
    reward(scene, -0.0008, 8, begin=last)
    assert seen(alerts.update(scene.run, scene.health, scene.now)) == [("negative_reward_trend", "firing")]
    reward(scene, 0.0, 8, begin=scene.run.series["reward"].value[-1])
    assert seen(alerts.update(scene.run, scene.health, scene.now)) == [("negative_reward_trend", "resolved")]


def test_resumed_run_starts_a_fresh_window(engine: Any, scene: Any) -> None:
    """A step that goes back: no line is drawn from the old rows to the new ones."""
    alerts = engine("negative_reward_trend")
    reward(scene, 0.001, 10)
    assert alerts.update(scene.run, scene.health, scene.now) == []
    high = scene.run.series["reward"].value[-1]
    scene.timestep -= 4096
    for index in range(10):
        scene.row(reward=high - 1000 + 0.001 * 2048 * index)
        assert alerts.update(scene.run, scene.health, scene.now) == []


def test_resume_neither_ends_nor_repeats_an_alert(engine: Any, seen: Any, scene: Any) -> None:
    alerts = engine("kl_spike")
    scene.kl([0.01, 0.2])
    alerts.update(scene.run, scene.health, scene.now)
    scene.row(timestep=2048, approx_kl=0.3)
    assert alerts.update(scene.run, scene.health, scene.now) == []
    scene.kl([0.01])
    assert seen(alerts.update(scene.run, scene.health, scene.now)) == [("kl_spike", "resolved")]


def test_nan_reward_is_a_gap_in_the_trend(engine: Any, scene: Any) -> None:
    alerts = engine("negative_reward_trend")
    reward(scene, -0.01, 6)
    alerts.update(scene.run, scene.health, scene.now)
    for _ in range(3):
        scene.row(reward=math.nan)
    assert alerts.update(scene.run, scene.health, scene.now) == []
    assert alerts.alerts()[0].state == "firing" and alerts.alerts()[0].no_data
