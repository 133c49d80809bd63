"""The grid of charts: pages, selection, few charts for many metrics; the list of runs; facts of a metric."""

from __future__ import annotations

from typing import Any

import pytest

from widgets.chart_marks import Mark, StepsAxis, legend
from widgets.fact_lines import FactLines
from widgets.metric_grid import MetricGrid, MetricSlot
from widgets.runs_list import RunRow, RunsList


def slots(count: int) -> list[MetricSlot]:
    return [MetricSlot(f"m{index}") for index in range(count)]


@pytest.mark.parametrize(
    ("size", "shape"), [((46, 20), 1), ((82, 36), 4), ((152, 56), 9), ((20, 6), 1), ((170, 100), 12)]
)
async def test_as_many_charts_as_there_is_room_for(holding: Any, size: tuple[int, int], shape: int) -> None:
    grid = MetricGrid()
    async with holding(grid).run_test(size=size) as pilot:
        grid.put(slots(30))
        await pilot.pause()
        assert len(grid.charts) == shape
        assert [chart.title for chart in grid.charts] == [f"m{index}" for index in range(shape)]
        assert grid.pages == (1, -(-30 // shape))


async def test_the_selection_walks_through_all_and_around(holding: Any) -> None:
    grid = MetricGrid()
    async with holding(grid).run_test(size=(82, 36)) as pilot:
        grid.put(slots(6))
        await pilot.pause()
        seen = []
        for _ in range(6):
            seen.append(grid.selected)
            grid.move(1)
        assert seen == [f"m{index}" for index in range(6)] and grid.selected == "m0"
        grid.move(-1)
        assert grid.selected == "m5" and [chart.title for chart in grid.charts] == ["m4", "m5"]
        assert [chart.display for chart in grid._pool] == [True, True, False, False]


async def test_a_metric_stays_selected_when_others_come_and_go(holding: Any) -> None:
    grid = MetricGrid()
    async with holding(grid).run_test(size=(82, 36)) as pilot:
        grid.put(slots(6))
        grid.select("m5")
        await pilot.pause()
        grid.put([MetricSlot("a"), *slots(6)])
        assert grid.selected == "m5"
        grid.put(slots(2))
        assert grid.selected == "m0"
        grid.put([])
        assert grid.selected == "" and grid.charts == [] and grid.pages == (1, 1)
        grid.move(1)
        grid.page(1)


async def test_the_list_of_runs_keeps_its_cursor_on_its_run(holding: Any) -> None:
    runs = RunsList()
    rows = [RunRow(f"r{index}", f"run {index}", outcome="finished") for index in range(4)]
    async with holding(runs).run_test(size=(40, 14)) as pilot:
        runs.put(rows, empty="none")
        runs.to(2)
        runs.put([rows[2], rows[0], rows[1], rows[3]], empty="none")
        await pilot.pause()
        assert runs.chosen is not None and runs.chosen.key == "r2" and runs.cursor == 0
        runs.put([], empty="none yet, and how one comes")
        await pilot.pause()
        assert runs.chosen is None and "none yet" in "\n".join(runs.text_lines())


@pytest.mark.usefixtures("ascii_terminal")
async def test_the_list_of_runs_in_ascii(holding: Any) -> None:
    runs = RunsList()
    async with holding(runs).run_test(size=(40, 8)) as pilot:
        runs.put([RunRow("a", "one", outcome="crashed", letter="A", pinned=True)], empty="")
        await pilot.pause()
        text = "\n".join(runs.text_lines())
        assert text.isascii() and "A* one" in text and "# crashed" in text


def test_marks_stand_below_their_step_and_never_on_a_label() -> None:
    axis = StepsAxis((0, 100_000), 60, 5, lambda step: f"{step / 1000:.0f}k")
    spans = axis.spans([Mark("checkpoint", 33_000), Mark("alert", 33_000), Mark("resume", 200_000)])
    text = "".join(char for char, _ in spans)
    assert len(text) == 60 and text.count("!") == 1 and "▪" not in text and "»" not in text
    assert text.index("!") == axis.column(33_000)
    plain = "".join(char for char, _ in axis.spans())
    for step in range(0, 100_001, 500):
        marked = "".join(char for char, _ in axis.spans([Mark("alert", step)]))
        assert all(
            mine == his or (mine == "!" and his == "─") for mine, his in zip(marked, plain, strict=True)
        )


def test_the_legend_names_each_kind_once() -> None:
    text = "".join(
        part for part, _ in legend([Mark("checkpoint", 1), Mark("alert", 2), Mark("checkpoint", 3)])
    )
    assert text.split() == ["!", "alert", "▪", "checkpoint"]


async def test_facts_wrap_between_parts_and_stay_as_high_as_they_were(holding: Any) -> None:
    facts = FactLines(most=4)
    async with holding(facts).run_test(size=(30, 10)) as pilot:
        facts.put([[[("one one one one", "dim")], [("two two two two", "dim")]], [[("three", "dim")]]], "a")
        await pilot.pause()
        assert [line.strip() for line in facts.text_lines()] == [
            "one one one one",
            "two two two two",
            "three",
        ]
        facts.put([[[("one", "dim")]]], "a")
        await pilot.pause()
        assert facts.size.height == 3
        facts.put([[[("one", "dim")]]], "b")
        await pilot.pause()
        assert facts.size.height == 1
        facts.put([[[("word " * 60, "dim")]]], "b")
        await pilot.pause()
        assert facts.size.height == 4


async def test_facts_that_do_not_fit_are_paged_to(holding: Any) -> None:
    facts = FactLines(most=2)
    async with holding(facts).run_test(size=(30, 10)) as pilot:
        facts.put([[[(f"fact{index}", "dim")]] for index in range(5)])
        await pilot.pause()
        assert facts.text_lines()[-1].endswith("1–2 of 5")
        seen = "\n".join(facts.text_lines())
        for _ in range(2):
            facts.page()
            seen += "\n".join(facts.text_lines())
        assert all(f"fact{index}" in seen for index in range(5))
        facts.page()
        assert facts.text_lines()[0].strip() == "fact0"
