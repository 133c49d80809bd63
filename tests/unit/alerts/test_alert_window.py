"""Sliding windows give what a fresh calculation over their rows gives; streams hand out each row once."""

from __future__ import annotations

import math
import time
from collections import deque
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.alerts.replay import replay
from core.alerts.rows import RowStream
from core.alerts.rule import default_rules
from core.alerts.window import FlatWindow, RiseWindow, SlopeWindow
from core.telemetry.model import Series
from core.telemetry.trend import slope_per_step

steps = st.lists(st.tuples(st.integers(1, 900), st.floats(-100, 100, width=32)), min_size=1, max_size=120)


@given(steps, st.sampled_from([0, 10**9]))
def test_slope_is_least_squares_over_the_shortest_window(rows: list[tuple[int, float]], offset: int) -> None:
    window, points, timestep = SlopeWindow(1000), [], offset
    for gap, value in rows:
        timestep += gap
        points.append((timestep, value))
        got = window.add(timestep, value)
        used = next(
            (
                points[start:]
                for start in range(len(points) - 4, -1, -1)
                if points[-1][0] - points[start][0] >= 1000
            ),
            None,
        )
        if used is None:
            assert got is None
            continue
        mean_x = sum(x for x, _ in used) / len(used)
        mean_y = sum(y for _, y in used) / len(used)
        expected = sum((x - mean_x) * (y - mean_y) for x, y in used) / sum((x - mean_x) ** 2 for x, _ in used)
        assert got == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_slope_agrees_with_the_trend_shown_elsewhere() -> None:
    """The rule and the dashboard's slope over the same window are one number."""
    series, window = Series("reward"), SlopeWindow(5000)
    for index in range(40):
        value = math.sin(index) - 0.01 * index
        series.append(index * 2048.0, value)
        assert window.add(index * 2048.0, value) == pytest.approx(slope_per_step(series, 5000))


def test_rise_counts_from_the_row_before_the_window() -> None:
    window = RiseWindow(100)
    assert [window.add(step, value) for step, value in [(0, 5.0), (60, 6.0), (100, 7.0), (170, 9.0)]] == [
        None,
        None,
        2.0,
        3.0,
    ]


def test_flat_starts_afresh_when_the_clock_goes_back() -> None:
    window = FlatWindow(10)
    assert [window.add(0, 1.0, second) for second in range(12)][-1] == 0.0
    assert window.add(0, 1.0, 3) is None


@pytest.mark.parametrize("level", [0.0, 1e6])
def test_flat_measures_in_standard_deviations(level: float) -> None:
    """A line that only rises moves 1.73 of its own, whatever its slope and level; noise alone far less."""
    rising, noisy = FlatWindow(1000), FlatWindow(1000)
    for second in range(0, 5000, 2):
        moved = rising.add(0, level + 0.25 * second, second)
        wobble = noisy.add(0, level + math.sin(second), second)
    assert moved == pytest.approx(math.sqrt(3), abs=0.01)
    assert wobble is not None and wobble < 0.05


def test_flat_forgets_an_outlier_that_has_left_the_window() -> None:
    window = FlatWindow(100)
    window.add(0, 1e9, 0)
    for second in range(1, 400):
        moved = window.add(0, 5.0 + (second % 2), second)
    assert moved is not None and moved < 0.1


def test_flat_equals_its_definition() -> None:
    """The running sums give what means and deviation of the window's rows give."""
    window, rows = FlatWindow(50), []
    for second in range(0, 400, 3):
        value = math.sin(second * 0.11) * 3 + second * 0.01
        rows.append((second, value))
        found = window.add(0, value, second)
        if found is None:
            continue
        inside = [row for row in rows if row[0] >= second - 50]
        old = [value for at, value in inside if at < second - 25]
        new = [value for at, value in inside if at >= second - 25]
        mean = sum(value for _, value in inside) / len(inside)
        deviation = math.sqrt(sum((value - mean) ** 2 for _, value in inside) / len(inside))
        expected = abs(sum(new) / len(new) - sum(old) / len(old)) / deviation
        assert found == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("kind", [SlopeWindow, RiseWindow])
def test_windows_over_time_need_times(kind: Any) -> None:
    window = kind(60, by_time=True)
    values = [window.add(step * 100, step * 1.0, step * 20.0) for step in range(6)]
    assert values[:3] == [None, None, None] and values[-1] == pytest.approx(
        0.01 if kind is SlopeWindow else 3.0
    )
    assert window.add(700, 9.0, None) is None and window.add(800, 9.0, math.nan) is None


def drain(stream: RowStream, run: Any) -> list[tuple[float, dict[str, float]]]:
    rows = []
    while stream.waiting(run):
        rows += [(row.timestep, row.values) for row in stream.take(run)]
    return rows


def test_rows_of_one_step_come_as_one(scene: Any) -> None:
    stream = RowStream(("approx_kl", "value_loss"))
    scene.row(approx_kl=0.1, value_loss=1.0, reward=5.0)
    scene.row(value_loss=2.0)
    scene.row(approx_kl=0.3)
    assert drain(stream, scene.run) == [
        (2048, {"approx_kl": 0.1, "value_loss": 1.0}),
        (4096, {"value_loss": 2.0}),
        (6144, {"approx_kl": 0.3}),
    ]
    assert drain(stream, scene.run) == []


def test_two_rows_of_one_step_are_two(scene: Any) -> None:
    """A spike logged at the same step as a calm value is not overwritten by it."""
    scene.row(timestep=2048, approx_kl=0.2)
    scene.row(timestep=2048, approx_kl=0.01)
    states = [each.state for each in replay({"kl_spike": default_rules()["kl_spike"]}, scene.run)]
    assert states == ["firing", "resolved"]


def test_series_that_arrives_late_is_judged_whole(scene: Any) -> None:
    stream = RowStream(("approx_kl", "value_loss"))
    scene.kl([0.1, 0.2])
    assert len(drain(stream, scene.run)) == 2
    late = scene.run.series["value_loss"] = Series("value_loss")
    for index in range(3):
        late.append(2048.0 * (index + 1), math.nan)
    assert len(drain(stream, scene.run)) == 3


@pytest.mark.parametrize("metrics", [("approx_kl",), ("approx_kl", "value_loss")])
def test_ten_thousand_rows_of_one_step(scene: Any, metrics: tuple[str, ...]) -> None:
    """A trainer that logs a constant step does not hang the reader of rows."""
    for name in metrics:
        series = scene.run.series[name] = Series(name)
        for _ in range(10_000):
            series.append(7.0, 0.01)
    assert len(drain(RowStream(metrics), scene.run)) == 10_000


def test_rewound_is_seen(scene: Any) -> None:
    stream = RowStream(("approx_kl",))
    scene.kl([0.1, math.nan])
    drain(stream, scene.run)
    assert not stream.rewound(scene.run)
    same = Series("approx_kl")
    old = scene.run.series["approx_kl"]
    for index in range(2):
        same.append(old.timestep[index], old.value[index])
    scene.run.series["approx_kl"] = same
    assert not stream.rewound(scene.run), "the same rows in a new object"
    shorter = scene.run.series["approx_kl"] = Series("approx_kl")
    shorter.append(2048.0, 0.1)
    assert stream.rewound(scene.run)
    del scene.run.series["approx_kl"]
    assert stream.rewound(scene.run)


def test_cost_follows_the_new_rows(scene: Any) -> None:
    """A long history takes seconds at most; a new row costs the same after them."""
    for name in ("approx_kl", "reward", "value_loss"):
        series = scene.run.series[name] = Series(name)
        for index in range(60_000):
            series.append(float(index), 0.001 * (index % 7), float(index))
    from core.alerts.engine import AlertEngine

    engine = AlertEngine(default_rules(), "run-1")
    begin = time.process_time()
    engine.update(scene.run, scene.health, scene.now)
    history = time.process_time() - begin
    scene.timestep = 60_000
    costs: deque[float] = deque()
    for _ in range(20):
        scene.row(approx_kl=0.001, reward=0.0, value_loss=1.0)
        begin = time.process_time()
        engine.update(scene.run, scene.health, scene.now)
        costs.append(time.process_time() - begin)
    assert history < 3.0
    assert sorted(costs)[10] < 0.01
