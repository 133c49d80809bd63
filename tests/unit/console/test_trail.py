"""The way back leads along the jumps, and the alert in hand stays in hand that long."""

from __future__ import annotations

from console.trail import ChartPlace, Trail


def test_back_leads_along_the_jumps_and_ends() -> None:
    trail = Trail()
    trail.leave(2)
    trail.alert = "run/kl_spike/1"
    trail.leave(1)
    assert trail.back() == 1 and trail.alert
    assert trail.back() == 2 and not trail.alert
    assert trail.back() is None and trail.empty


def test_a_place_is_taken_once_and_forgotten_with_the_way() -> None:
    trail = Trail()
    trail.chart = ChartPlace("reward", 2048)
    assert trail.take_chart() == ("reward", 2048) and trail.take_chart() is None
    trail.chart, trail.alert = ChartPlace("reward", 1), "x"
    trail.leave(2)
    trail.clear()
    assert trail.take_chart() is None and not trail.alert and trail.empty


def test_a_long_way_is_not_kept_for_ever() -> None:
    trail = Trail()
    for _ in range(1000):
        trail.leave(1)
    steps = 0
    while trail.back() is not None:
        steps += 1
    assert steps < 30
