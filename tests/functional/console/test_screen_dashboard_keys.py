"""The Dashboard's charts by keys: pages, finding, a metric full screen, cursor, zoom, scales, marks."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from core.store.alert_states import Firing
from core.telemetry.model import Marker, Series
from widgets.chart import Chart
from widgets.metric_grid import MetricGrid


def first_line(text: str) -> str:
    return text.splitlines()[2].strip()


def many(make: Any, metrics: int = 14) -> Any:
    run = make.run(rows=100)
    for index in range(metrics):
        series = Series(f"extra_{index:02d}")
        for row in range(100):
            series.append((row + 1) * 2048, float(row * index))
        run.series[series.name] = series
    return run


@pytest.mark.parametrize("size", [(60, 15), (80, 24), (120, 40), (200, 60)])
async def test_pages_lead_through_every_metric(given: Any, make: Any, size: tuple[int, int]) -> None:
    run = many(make)
    async with given.app.run_test(size=size) as pilot:
        text = await given.opened(pilot, make.snapshot(run))
        grid = given.app.screen.query_one(MetricGrid)
        seen: set[str] = set()
        _, pages = grid.pages
        for _ in range(pages):
            seen |= {chart.title for chart in grid.charts}
            assert all(f" {chart.title} " in text for chart in grid.charts)
            text = await given.pressed(pilot, "pagedown")
        assert seen == set(run.series)
        assert grid.pages[0] == 1
        await given.pressed(pilot, "pageup")
        assert grid.pages[0] == pages


async def test_a_page_of_a_large_terminal_shows_nine_charts(given: Any, make: Any) -> None:
    async with given.app.run_test(size=(200, 60)) as pilot:
        text = await given.opened(pilot, make.snapshot(many(make)))
        assert text.count("┌ extra_") == 3 and "┌ clip_fraction" in text


async def test_tab_selects_and_enter_opens_the_metric_with_what_the_documents_expect(
    given: Any, make: Any
) -> None:
    async with given.app.run_test(size=(120, 40)) as pilot:
        await given.opened(pilot, make.snapshot(make.run(rows=100)))
        text = await given.pressed(pilot, "tab", "enter")
        assert first_line(text).startswith("KL divergence 0.0")
        assert "expected: below 0.05" in first_line(text)
        assert "┌ reward" not in text and "┌ now" not in text
        assert "newest: step 204,800" in text and "expected: below 0.05" in text
        assert "Averages the last epoch of an update only" in text
        assert "warning kl_high" in text
        text = await given.pressed(pilot, "j")
        assert "┌ value_loss" in text
        text = await given.pressed(pilot, "z")
        assert "┌ reward" in text and "┌ now" in text
        text = await given.pressed(pilot, "enter", "escape")
        assert "┌ reward" in text and "┌ now" in text


async def test_find_goes_from_one_found_metric_to_the_next(given: Any, make: Any) -> None:
    async with given.app.run_test(size=(80, 24)) as pilot:
        await given.opened(pilot, make.snapshot(many(make)))
        text = await given.pressed(pilot, "slash", *"loss", "enter")
        assert "┌ value_loss" in text
        text = await given.pressed(pilot, "n")
        assert "┌ policy_loss" in text
        text = await given.pressed(pilot, "N")
        assert "┌ value_loss" in text
        text = await given.pressed(pilot, "slash", *"nothing like it", "enter")
        assert "no metric with" in text and "┌ value_loss" in text


async def test_the_filter_narrows_while_it_is_typed_and_esc_shows_all(given: Any, make: Any) -> None:
    async with given.app.run_test(size=(120, 40)) as pilot:
        await given.opened(pilot, make.snapshot(many(make)))
        text = await given.pressed(pilot, "ampersand", *"loss")
        assert "┌ value_loss" in text and "┌ policy_loss" in text and "┌ reward" not in text
        await given.pressed(pilot, "enter")
        assert given.app.screen.query_one(MetricGrid).count == 2
        text = await given.pressed(pilot, "escape")
        assert "┌ reward" in text


async def test_the_cursor_shows_the_exact_value_in_every_chart(given: Any, make: Any) -> None:
    """`h` begins at the newest row and goes to the row before; the file's own digits stand there."""
    run = make.run(rows=10)
    run.series["reward"].append(11 * 2048, 1.23456789)
    run.series["reward"].append(12 * 2048, 2.0)
    async with given.app.run_test(size=(120, 40)) as pilot:
        await given.opened(pilot, make.snapshot(run))
        text = await given.pressed(pilot, "h", "h")
        assert "1.23 @22.5k" in text and "@20.5k" in text
        assert first_line(text).startswith("cursor at step 22,528: reward 1.23")
        text = await given.pressed(pilot, "enter")
        assert "at step 22,528" in text and "1.23456789" in text
        text = await given.pressed(pilot, "right")
        assert "at step 24,576" in text
        text = await given.pressed(pilot, "escape")
        assert "newest: step 24,576" in text


async def test_the_cursor_says_what_its_column_holds(given: Any, make: Any) -> None:
    run = make.run(rows=3000)
    run.series["approx_kl"].append(3001 * 2048, 0.7)
    async with given.app.run_test(size=(80, 24)) as pilot:
        await given.opened(pilot, make.snapshot(run))
        text = await given.pressed(pilot, "tab", "enter", "h")
        assert "rows here: " in text and "to 0.7" in text


async def test_the_footer_says_what_enter_does_now(given: Any, make: Any) -> None:
    async with given.app.run_test(size=(80, 24)) as pilot:
        text = await given.opened(pilot, make.snapshot(make.run(rows=10)))
        assert "enter metric" in text.splitlines()[-1]
        text = await given.pressed(pilot, "enter")
        assert "enter all charts" in text.splitlines()[-1]
        text = await given.pressed(pilot, "o")
        assert "enter" not in text.splitlines()[-1], "there is no run to overlay"
        text = await given.pressed(pilot, "escape", "escape")
        assert "enter metric" in text.splitlines()[-1]


async def test_the_column_is_known_too_where_both_keys_come_before_the_chart_is_drawn(
    given: Any, make: Any
) -> None:
    run = make.run(rows=3000)
    async with given.app.run_test(size=(80, 24)) as pilot:
        await given.opened(pilot, make.snapshot(run))
        given.app.screen.do_chart_open()
        given.app.screen.do_chart_left()
        await pilot.pause()
        assert "rows here: " in await given.pressed(pilot)


async def test_zoom_shows_a_part_and_says_so(given: Any, make: Any) -> None:
    async with given.app.run_test(size=(80, 24)) as pilot:
        await given.opened(pilot, make.snapshot(make.run(rows=100)))
        text = await given.pressed(pilot, "plus", "plus")
        assert " part 1" in text and " of 204.8k" in text
        text = await given.pressed(pilot, "minus", "minus")
        assert " part " not in text
        text = await given.pressed(pilot, "minus")
        assert "this is the whole run" in text
        text = await given.pressed(pilot, *["plus"] * 12)
        assert "no closer" in text
        text = await given.pressed(pilot, "0")
        assert " part " not in text


async def test_log_scale_says_so_and_leaves_what_has_no_logarithm_out(given: Any, make: Any) -> None:
    run = make.run(rows=50)
    run.series["value_loss"].append(51 * 2048, -1.0)
    run.series["value_loss"].append(52 * 2048, 1e-6)
    async with given.app.run_test(size=(120, 40)) as pilot:
        await given.opened(pilot, make.snapshot(run))
        text = await given.pressed(pilot, "tab", "tab", "L")
        assert "┌ value_loss  log " in text and "1 points at or below zero are gaps" in text
        assert "1e-6" in text or "1e-5" in text
        assert "┌ approx_kl  log" not in text
        text = await given.pressed(pilot, "L")
        assert "log ─" not in text


async def test_smoothing_keeps_the_rows_and_says_that_it_is_a_mean(given: Any, make: Any) -> None:
    run = make.run(rows=200)
    run.series["approx_kl"] = Series("approx_kl")
    for row in range(200):
        run.series["approx_kl"].append((row + 1) * 2048, 0.5 if row == 100 else 0.008 + row % 2 * 0.001)
    async with given.app.run_test(size=(120, 40)) as pilot:
        await given.opened(pilot, make.snapshot(run))
        text = await given.pressed(pilot, "tab", "enter", "S")
        assert "approx_kl  smoothed over " in text
        assert "bright: the mean over" in text and "dim: the rows, with every extreme" in text
        chart = given.app.screen.query_one("#study-chart", Chart)
        top = [span for row in chart._rows[1 : len(chart._rows) // 2] for span in row]
        assert any("⠀" < char <= "⣿" and tone == "dim" for part, tone in top for char in part)


def fired(make: Any, step: int, rule: str = "kl_spike") -> Firing:
    ended = make.now - timedelta(minutes=5)
    return Firing(rule, 1, "critical", step, 0.12, make.now - timedelta(minutes=9), "", resolved_at=ended)


async def test_marks_stand_on_the_axis_with_a_legend(given: Any, make: Any) -> None:
    run = make.run(rows=100)
    run.markers = [
        Marker("checkpoint", 30_000, make.now, "checkpoint"),
        Marker("evaluation", 61_000, make.now, "evaluation, Sharpe 0.51"),
        Marker("resume", 81_000, make.now, "resumed from ppo_81000_steps.zip"),
    ]
    async with given.app.run_test(size=(120, 40)) as pilot:
        await given.opened(pilot, make.snapshot(run, firings=(fired(make, 140_000),)))
        text = await given.pressed(pilot, "tab", "enter")
        axis = next(line for line in text.splitlines() if line.startswith("└") and "▪" in line)
        assert all(glyph in axis for glyph in "▪◊»!"), "an alert that has ended stands there too"
        assert "! alert" in text and "▪ checkpoint" in text and "» resume" in text
        given.app.screen._look.cursor = 61_000
        given.app.screen._redraw_charts()
        await pilot.pause()
        assert "here: evaluation, Sharpe 0.51" in given.text()
        text = await given.pressed(pilot, "k", "k")
        assert "! alert" not in text or "kl_spike" not in text


async def test_an_alert_is_marked_on_its_metrics_chart_and_not_before_it_fired(given: Any, make: Any) -> None:
    async with given.app.run_test(size=(120, 40)) as pilot:
        await given.opened(pilot, make.snapshot(make.run(rows=100), firings=(fired(make, 140_000),)))
        reward, kl = given.app.screen._marks("reward"), given.app.screen._marks("approx_kl")
        assert reward == () and [mark.text for mark in kl] == ["kl_spike fired"]
        await given.pressed(pilot, "t", *"100k", "enter")
        assert given.app.screen._marks("approx_kl") == ()


async def test_the_dashboard_goes_on_under_a_question(given: Any, make: Any) -> None:
    """A value that stood still there would be read as the present one."""
    run = make.run(rows=20)
    async with given.app.run_test(size=(120, 40)) as pilot:
        await given.opened(pilot, make.snapshot(run))
        await given.pressed(pilot, "t")
        for series in run.series.values():
            series.append(21 * 2048, 7.25)
        given.give(make.snapshot(run, revision=2))
        await pilot.pause()
        assert "Go to" in given.text() and "7.25" in given.text()


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_sparklines_of_reward_and_kl_stand_beside_the_charts(
    given: Any, make: Any, size: tuple[int, int]
) -> None:
    async with given.app.run_test(size=size) as pilot:
        text = await given.opened(pilot, make.snapshot(make.run(rows=100)))
        for name in ("reward", "approx_kl", "policy_loss"):
            line = next(line for line in text.splitlines() if f"│ {name} " in line)
            assert any(level in line[line.index(f"│ {name} ") :] for level in "▁▂▃▄▅▆▇█"), name


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_nothing_of_the_side_is_cut(given: Any, make: Any, size: tuple[int, int]) -> None:
    """Process, checkpoint, memory, alerts with long rules: fewer words or a second line, no ellipsis."""
    from core.telemetry.host import Disk, Host, ProcessUse
    from core.telemetry.model import Checkpoint

    run = make.run(rows=100)
    run.info = msgspec.structs.replace(run.info, pid=4_194_304, outcome=None)
    run.process = "gone"
    run.checkpoints.append(Checkpoint(run.info.directory / "c", 1_204_800, make.now - timedelta(minutes=37)))
    use = ProcessUse(4_194_304, 199.0, 13 * 10**8)
    disk = Disk(given.workspace.root, 1234 * 10**9, None)
    host = Host(100.0, 128, 1024 * 10**9, 2048 * 10**9, 10**12, (disk,), use)
    alerts = [
        make.alert(acknowledged_by="somebody"),
        make.alert(rule="negative_reward_trend", value=-0.00123, threshold=-0.001, metric="reward", key="b"),
    ]
    async with given.app.run_test(size=size) as pilot:
        text = await given.opened(pilot, make.snapshot(run, alerts=alerts, host=host))
        for _ in range(3):
            side = [line[line.rindex("│", 0, -1) :] for line in text.splitlines() if line.endswith("│")]
            assert not [line for line in side if "…" in line]
            text = await given.pressed(pilot, "v")


async def test_at_60x15_a_metric_full_screen_keeps_all_its_facts_in_reach(given: Any, make: Any) -> None:
    async with given.app.run_test(size=(60, 15)) as pilot:
        await given.opened(pilot, make.snapshot(make.run(rows=100)))
        text = await given.pressed(pilot, "j", "enter")
        assert "…" not in first_line(text)
        for _ in range(6):
            text += await given.pressed(pilot, "v")
        for part in ("expected: below 0.05", "greatest", "lines: ", "rollouts"):
            assert part in text, part


async def test_nan_rows_are_gaps_and_named_at_the_cursor(given: Any, make: Any) -> None:
    run = make.run(rows=50)
    run.series["approx_kl"].append(51 * 2048, math.nan)
    async with given.app.run_test(size=(120, 40)) as pilot:
        await given.opened(pilot, make.snapshot(run))
        text = await given.pressed(pilot, "tab", "enter", "h")
        assert "approx_kl nan" in text


async def test_in_ascii_everything_of_the_dashboard_is_ascii(
    given: Any, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("widgets.tone._ascii", True)
    run = make.run(rows=100)
    run.markers = [Marker("checkpoint", 30_000, make.now, "checkpoint"), Marker("best", 90_000, None, "best")]
    async with given.app.run_test(size=(120, 40)) as pilot:
        await given.opened(pilot, make.snapshot(run, firings=(fired(make, 90_000),)))
        for keys in (("tab", "enter"), ("S", "L"), ("h", "plus"), ("escape", "escape"), ("o",), ("escape",)):
            await given.pressed(pilot, *keys)
            for widget in given.app.screen.query_one("#body").walk_children():
                if widget.display and hasattr(widget, "text_lines"):
                    text = "\n".join(widget.text_lines())
                    assert not [char for char in text if not char.isascii() and char not in "–≥−"], text
