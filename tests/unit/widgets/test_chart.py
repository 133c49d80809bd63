"""The chart as it stands on a screen: title, axes, thresholds, gaps, and what an update repaints."""

from __future__ import annotations

import math
from typing import Any

import pytest
from textual.geometry import Region

from core.telemetry.model import Series
from widgets.chart import Chart, Look, Threshold


def series(*values: float, gap: int = 2048) -> Series:
    made = Series("reward")
    for index, value in enumerate(values, 1):
        made.append(gap * index, value)
    return made


def rising(rows: int) -> Series:
    return series(*(float(index) for index in range(rows)))


async def test_title_value_trend_and_axis_labels(holding: Any) -> None:
    """`┌ reward ──── 12.40 ▲ ┐` and steps 0, 100k, 250k below; every row as wide as the widget."""
    chart = Chart("reward")
    async with holding(chart).run_test(size=(60, 14)) as pilot:
        chart.show(rising(104), latest="12.40", trend="INCREASING", total=500_000)
        await pilot.pause()
        lines = chart.text_lines()
        assert lines[0].startswith("┌ reward ─") and lines[0].endswith("─ 12.40 ▲ ┐")
        assert lines[-1].startswith("└") and lines[-1].endswith(" 250k ┘")
        assert " 0 " in lines[-1] and " 100k " in lines[-1]
        assert {len(line) for line in lines} == {60}


async def test_a_spike_of_one_row_among_thousands_is_visible(holding: Any) -> None:
    chart = Chart("approx_kl", zero=True)
    spiky = Series("approx_kl")
    for index in range(20_000):
        spiky.append(index, 0.5 if index == 12_345 else 0.008)
    async with holding(chart).run_test(size=(60, 14)) as pilot:
        chart.show(spiky)
        await pilot.pause()
        tops = [line for line in chart.text_lines()[1:4] if any("⠀" < char <= "⣿" for char in line)]
        assert tops


async def test_one_more_point_repaints_a_few_cells(holding: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The axes hold still: a row within the window and range costs some cells, not the chart."""
    chart = Chart("reward")
    async with holding(chart).run_test(size=(60, 20)) as pilot:
        data = series(*(math.sin(index / 9) for index in range(60)))
        chart.show(data, latest="0.10", total=500_000)
        await pilot.pause()
        seen: list[Region] = []
        monkeypatch.setattr(chart, "refresh", lambda *regions, **_: seen.extend(regions))
        data.append(2048 * 61, math.sin(61 / 9))
        chart.show(data, latest="0.11", total=500_000)
        assert seen
        assert sum(region.area for region in seen) < 30
        seen.clear()
        chart.show(data, latest="0.11", total=500_000)
        assert seen == []


async def test_growing_and_drawing_anew_give_one_picture(holding: Any) -> None:
    grown = Chart("reward")
    values = [math.sin(index / 5) * index if index % 17 else math.nan for index in range(120)]
    async with holding(grown).run_test(size=(70, 16)) as pilot:
        data = Series("reward")
        for index, value in enumerate(values):
            data.append((index + 1) * 2048, value)
            grown.show(data, total=500_000)
            if index % 10 == 0:
                await pilot.pause()
        await pilot.pause()
        lines = grown.text_lines()
        grown._picture = None
        grown._drawn_for = None
        assert grown.text_lines() == lines


async def test_a_resume_is_not_joined(holding: Any) -> None:
    """Two segments at one level with a hole between them: no line crosses the hole."""
    chart = Chart("reward")
    data = Series("reward")
    for step in (0, 1000, 8000, 9000):
        data.append(step, 5.0)
    resumed = Series("reward")
    for step in (8000, 9000, 0, 1000):
        resumed.append(step, 5.0)
    assert len(resumed.segments) == 2
    async with holding(chart).run_test(size=(60, 10)) as pilot:
        chart.show(data)
        await pilot.pause()
        joined = sum(char > "⠀" for line in chart.text_lines() for char in line if char <= "⣿")
        chart.show(resumed)
        await pilot.pause()
        apart = sum("⠀" < char <= "⣿" for line in chart.text_lines() for char in line)
        assert 0 < apart < joined


async def test_thresholds_are_dashed_and_named_and_widen_the_axis(holding: Any) -> None:
    chart = Chart("approx_kl", zero=True)
    lines_wanted = (
        Threshold(0.05, "warning kl_high"),
        Threshold(0.1, "critical kl_spike", "critical"),
        Threshold(0.5, "critical kl_explosion", "critical", in_range=False),
    )
    async with holding(chart).run_test(size=(60, 20)) as pilot:
        chart.show(series(0.008, 0.007, 0.009), thresholds=lines_wanted)
        await pilot.pause()
        text = "\n".join(chart.text_lines())
        assert "0.050 ╌" in text and "warning kl_high" in text
        assert "0.100 ╌" in text and "critical kl_spike" in text
        assert "explosion" not in text
        chart.show(series(0.008, 0.007, 0.6), thresholds=lines_wanted)
        await pilot.pause()
        assert "critical kl_explosion" in "\n".join(chart.text_lines())


async def test_nan_last_and_nan_only(holding: Any) -> None:
    """A series without one finite value has axes and no line; nothing crashes."""
    chart = Chart("value_loss", zero=True)
    async with holding(chart).run_test(size=(50, 10)) as pilot:
        chart.show(series(math.nan, math.inf, -math.inf), latest="nan", latest_tone="critical-bold")
        await pilot.pause()
        assert " nan " in chart.text_lines()[0]


async def test_an_empty_chart_says_what_will_stand_there(holding: Any) -> None:
    chart = Chart("reward", empty="No reward yet: it stands here after the first episodes.")
    async with holding(chart).run_test(size=(40, 8)) as pilot:
        chart.show(None)
        await pilot.pause()
        assert "No reward yet" in "\n".join(chart.text_lines())
        chart.show(Series("reward"))
        await pilot.pause()
        assert "No reward yet" in "\n".join(chart.text_lines())


async def test_a_part_says_that_it_is_one(holding: Any) -> None:
    chart = Chart("reward")
    async with holding(chart).run_test(size=(60, 10)) as pilot:
        chart.show(rising(100))
        chart.look(Look((50_000, 100_000)))
        await pilot.pause()
        assert "part 50k–100k of 204.8k" in chart.text_lines()[0]
        chart.look(Look())
        await pilot.pause()
        assert "part" not in chart.text_lines()[0]


async def test_no_size_refuses_to_draw(holding: Any) -> None:
    chart = Chart("reward", empty="nothing yet")
    async with holding(chart).run_test(size=(60, 14)) as pilot:
        chart.show(rising(50), latest="12.40", thresholds=(Threshold(20, "limit"),))
        for size in ((1, 1), (5, 2), (16, 4), (17, 5), (30, 3), (250, 70)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            assert {len(line) for line in chart.text_lines()} <= set(range(size[0] + 1))
        chart.show(None)
        await pilot.pause()


@pytest.mark.usefixtures("ascii_terminal")
async def test_ascii_only_where_the_terminal_is_not_utf8(holding: Any) -> None:
    chart = Chart("reward")
    async with holding(chart).run_test(size=(60, 14)) as pilot:
        chart.show(rising(40), latest="12.40", trend="INCREASING", thresholds=(Threshold(20, "limit"),))
        await pilot.pause()
        text = "\n".join(chart.text_lines())
        assert text.isascii()
        assert "limit" in text and "12.40 ^" in text


async def test_a_series_that_grows_while_it_is_drawn(holding: Any) -> None:
    """The follower's thread has begun a row: its step is there, its value not yet."""
    chart = Chart("reward")
    data = rising(5)
    data.segments.append(5)
    data.timestep.append(2048)
    async with holding(chart).run_test(size=(50, 10)) as pilot:
        chart.show(data)
        await pilot.pause()
        assert any("⠀" < char <= "⣿" for line in chart.text_lines() for char in line)
