"""The Dashboard by keys and sizes: the answer, the charts, the tiles, and nothing out of reach."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

import msgspec

from console.screens.dashboard_facts import answer
from core.alerts.rule import default_rules
from core.telemetry.health import Health
from core.telemetry.host import Disk, Host
from core.telemetry.model import Checkpoint, Run, RunInfo
from widgets.metric_grid import MetricGrid


def first_line(text: str) -> str:
    return text.splitlines()[2]


async def test_healthy_is_said_with_its_facts(given: Any, make: Any) -> None:
    """Reward trend, KL beside its limit, the checkpoint's age: each from the run, none guessed."""
    run = make.run(rows=100)
    run.series["approx_kl"].append(101 * 2048, 0.008)
    run.checkpoints.append(Checkpoint(run.info.directory / "c.zip", 200_000, make.now - timedelta(minutes=4)))
    async with given.app.run_test(size=(120, 40)) as pilot:
        line = first_line(await given.opened(pilot, make.snapshot(run)))
        assert line.strip() == "● healthy: reward rising, KL 0.0080 below 0.05, checkpoint 4 min ago"


def test_healthy_is_not_said_of_what_nobody_has_seen(make: Any) -> None:
    """The trend, the KL, all of the history, and every rule's judgement: with one of them missing it runs."""
    run, rules = make.run(rows=100), default_rules()
    assert answer(make.snapshot(run), rules)[0].startswith("healthy: ")
    assert answer(make.snapshot(run, judged=False), rules)[0].startswith("running: ")
    assert answer(make.snapshot(make.run(rows=2)), rules)[0].startswith("running: reward trend not known yet")
    blind = make.run(rows=100)
    del blind.series["approx_kl"]
    said, tone = answer(make.snapshot(blind), rules)
    assert said.startswith("running: reward rising, KL not known yet") and tone == "unknown"
    said, tone = answer(make.snapshot(run, unjudged="alerts could not be judged: boom"), rules)
    assert said.startswith("attention: alerts could not be judged: boom; ") and tone == "critical"


def test_a_launch_alert_and_the_lasting_limit_do_not_contradict_each_other(make: Any) -> None:
    run = make.run(rows=100)
    run.series["approx_kl"].append(101 * 2048, 0.0126)
    launch = make.alert(rule="kl_launch", severity="warning", threshold=0.01)
    for alerts, words in (
        ((launch,), "attention: kl_launch; reward rising, KL 0.0126 above 0.01, below 0.05"),
        ((), "running: reward rising, KL 0.0126 below 0.05"),
    ):
        said, _tone = answer(make.snapshot(run, alerts=alerts), default_rules())
        assert said.replace("healthy", "running").startswith(words)
    run.series["approx_kl"].append(102 * 2048, 0.008)
    assert "KL 0.0080 below 0.01" in answer(make.snapshot(run, alerts=(launch,)), default_rules())[0]


async def test_four_charts_with_thresholds_tiles_and_alerts(given: Any, make: Any) -> None:
    async with given.app.run_test(size=(120, 40)) as pilot:
        host = Host(
            61.0,
            2,
            12 * 10**9,
            23 * 10**9,
            11 * 10**9,
            (Disk(make.now and given.workspace.root, 81 * 10**9, None),),
        )
        text = await given.opened(pilot, make.snapshot(alerts=[make.alert()], host=host))
        for part in (
            *("┌ reward", "┌ approx_kl", "┌ value_loss", "┌ entropy"),
            *("warning kl_high", "critical kl_spike"),
            *("policy_loss", "clip_fraction", "process", "checkpoint", "81 GB", "12 of 23 GB", "60 %"),
            *("■ kl_spike", "0.0116, was > 0.1 @198.7k", "1 firing"),
        ):
            assert part in text, part


async def test_at_80x24_tab_goes_through_all_charts_and_the_rest_stands_in_tiles(
    given: Any, make: Any
) -> None:
    async with given.app.run_test(size=(80, 24)) as pilot:
        text = await given.opened(pilot, make.snapshot())
        seen = []
        for _ in range(4):
            titles = [
                name for name in ("reward", "approx_kl", "value_loss", "entropy") if f"┌ {name} " in text
            ]
            assert len(titles) == 1
            seen += titles
            others = {"reward", "approx_kl", "value_loss", "entropy"} - set(titles)
            assert all(f"│ {name} " in text for name in others)
            await pilot.press("tab")
            await pilot.pause()
            text = given.text()
        assert seen == ["reward", "approx_kl", "value_loss", "entropy"]
        await pilot.press("shift+tab")
        await pilot.pause()
        assert "┌ entropy" in given.text()


async def test_at_60x15_every_pane_and_metric_can_be_reached(given: Any, make: Any) -> None:
    """tab goes through charts, values and alerts; j through the metrics."""
    async with given.app.run_test(size=(60, 15)) as pilot:
        text = await given.opened(pilot, make.snapshot(alerts=[make.alert()]))
        for _ in range(3):
            await pilot.press("tab")
            await pilot.pause()
            text += given.text()
        for _ in range(6):
            await pilot.press("j")
            await pilot.pause()
            text += given.text()
        for part in ("┌ reward", "┌ entropy", "┌ clip_fraction", "┌ now", "┌ alerts", "kl_spike"):
            assert part in text, part


async def test_no_size_refuses_to_draw(given: Any, make: Any) -> None:
    async with given.app.run_test(size=(80, 24)) as pilot:
        await given.opened(pilot, make.snapshot(alerts=[make.alert()]))
        for size in ((1, 1), (20, 6), (40, 10), (66, 12), (104, 24), (200, 60), (500, 10)):
            await pilot.resize_terminal(*size)
            await pilot.press("tab")
            await pilot.pause()
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert "┌ " in given.text()


async def test_a_new_row_arrives_on_the_chart(given: Any, make: Any) -> None:
    """A line appended to a file → a dot on the chart: only the visible screen's widgets change."""
    run = make.run(rows=20)
    async with given.app.run_test(size=(120, 40)) as pilot:
        before = await given.opened(pilot, make.snapshot(run))
        for series in run.series.values():
            series.append(21 * 2048, 1.25)
        after = await given.opened(pilot, make.snapshot(run, revision=2))
        assert " 1.25 " in after.splitlines()[3] and " 1.25 " not in before.splitlines()[3]


async def test_without_a_run_it_says_how_to_get_one(given: Any, make: Any) -> None:
    absent = make.snapshot(
        Run(RunInfo(id="", directory=given.workspace.logs)),
        health=Health(status="ABSENT", reason="No run here."),
    )
    async with given.app.run_test(size=(120, 40)) as pilot:
        text = await given.opened(pilot, absent)
        assert "no run here yet: T starts one, or open one with --run PATH" in first_line(text)
        assert "No reward yet" in text and "No KL divergence yet" in text


def test_without_a_workspace_no_key_is_named_that_needs_one(make: Any, given: Any) -> None:
    absent = make.snapshot(
        Run(RunInfo(id="", directory=given.workspace.logs)),
        health=Health(status="ABSENT", reason="No run here."),
    )
    words, tone = answer(absent, {}, workspace=False)
    assert words == "no run here yet: it shows as soon as a trainer writes its first file"
    assert tone == "unknown"


async def test_each_status_has_its_sentence(given: Any, make: Any) -> None:
    sentences: dict[Any, str] = {
        "CRASHED": "■ crashed: the process is gone",
        "STALLED": "■ stalled: the process is gone",
        "SILENT": "▲ silent: the process is gone",
        "FINISHED": "● finished at 204,800 steps: reward rising",
        "STOPPED": "▲ stopped at 204,800 steps of 500,000: reward rising",
    }
    run = make.run(rows=100)
    async with given.app.run_test(size=(120, 40)) as pilot:
        for status, words in sentences.items():
            health = Health(status=status, reason="The process is gone.")
            text = await given.opened(pilot, make.snapshot(run, health=health))
            assert words in first_line(text)


async def test_a_firing_alert_leads_the_answer(given: Any, make: Any) -> None:
    async with given.app.run_test(size=(120, 40)) as pilot:
        text = await given.opened(pilot, make.snapshot(alerts=[make.alert()]))
        assert first_line(text).strip().startswith("■ critical: kl_spike; reward rising, KL")
        acknowledged = make.alert(severity="warning", rule="kl_high", acknowledged_by="ana")
        text = await given.opened(pilot, make.snapshot(alerts=[acknowledged]))
        assert "▲ attention: kl_high (acknowledged)" in first_line(text)


async def test_nan_is_said_in_words_and_a_falling_reward_is_not_healthy(given: Any, make: Any) -> None:
    run = make.run(rows=100)
    run.series["approx_kl"].append(101 * 2048, math.nan)
    falling = make.run(rows=100)
    falling.series["reward"] = type(falling.series["reward"])("reward")
    for row in range(100):
        falling.series["reward"].append((row + 1) * 2048, 50.0 - row)
    async with given.app.run_test(size=(120, 40)) as pilot:
        text = await given.opened(pilot, make.snapshot(run))
        assert "KL nan" in first_line(text)
        assert "── nan" in text
        text = await given.opened(pilot, make.snapshot(falling, revision=3))
        assert first_line(text).strip().startswith("▲ running: reward falling")


async def test_charts_keep_their_drawing_when_the_screen_comes_back(given: Any, make: Any) -> None:
    run = make.run(rows=50)
    async with given.app.run_test(size=(120, 40)) as pilot:
        before = await given.opened(pilot, make.snapshot(run))
        await pilot.press("4")
        await pilot.pause()
        await pilot.press("1")
        await pilot.pause()
        assert given.text().splitlines()[3:30] == before.splitlines()[3:30]


async def test_hostile_names_from_files_are_text(given: Any, make: Any) -> None:
    """A metric, run or rule named like markup or an escape neither crashes nor acts."""
    run = make.run(rows=10)
    series = run.series.pop("policy_loss")
    series.name = "[/red][@click=app.quit]"
    run.series[series.name] = series
    run.info = msgspec.structs.replace(run.info, tag="[b]tag[/nope]")
    async with given.app.run_test(size=(120, 40)) as pilot:
        text = await given.opened(pilot, make.snapshot(run, alerts=[make.alert(rule="[/x]", message="[/y]")]))
        assert "[/red]" in text and "[/x]" in text
        assert len(given.app.screen.query_one(MetricGrid).charts) == 4


async def test_at_60x15_the_alerts_pane_is_whole_when_it_is_first_opened(given: Any, make: Any) -> None:
    async with given.app.run_test(size=(60, 15)) as pilot:
        await given.opened(pilot, make.snapshot(make.run(), alerts=[make.alert()]))
        await pilot.press("tab", "tab")
        await pilot.pause()
        assert "■ kl_spike 0.0116, was > 0.1 @198.7k" in given.text()
