"""Replay by keys: back through the run's history, said as such everywhere, and live again."""

from __future__ import annotations

from typing import Any

from console.replay import replay_of


async def test_stepping_back_shows_the_run_as_it_was_and_says_replay(given: Any, make: Any) -> None:
    run = make.run(rows=200)
    async with given.app.run_test(size=(120, 40)) as pilot:
        await given.opened(pilot, make.snapshot(run))
        text = await given.pressed(pilot, "left_square_bracket")
        header, first = text.splitlines()[0], text.splitlines()[2]
        assert "REPLAY" in header and "399,360/500,000" in header and "pace" not in header
        assert first.strip().startswith("▲ REPLAY at step 399,360 (") and "of 409,600" in first
        assert "esc returns to live" in first
        assert "┌ then" in text and "process" not in text
        shown = run.series["reward"].value[194]
        assert f" {shown:.2f} " in text.splitlines()[3]
        text = await given.pressed(pilot, "right_square_bracket")
        assert "REPLAY" not in text and "live again" in text and "┌ now" in text


async def test_new_rows_do_not_move_a_replay_and_esc_catches_up(given: Any, make: Any) -> None:
    run = make.run(rows=100)
    async with given.app.run_test(size=(120, 40)) as pilot:
        await given.opened(pilot, make.snapshot(run))
        await given.pressed(pilot, "left_square_bracket", "left_square_bracket")
        for series in run.series.values():
            series.append(101 * 2048, 3.75)
        text = await given.opened(pilot, make.snapshot(run, revision=2))
        assert "3.75" not in text and "REPLAY" in text.splitlines()[0]
        text = await given.pressed(pilot, "escape")
        assert "3.75" in text and "● RUNNING" in text.splitlines()[0]


async def test_going_to_a_step_a_share_and_a_time(given: Any, make: Any) -> None:
    async with given.app.run_test(size=(120, 40)) as pilot:
        await given.opened(pilot, make.snapshot(make.run(rows=100)))
        text = await given.pressed(pilot, "t", *"100k", "enter")
        assert "REPLAY at step 98,304" in text
        text = await given.pressed(pilot, "t", *"10 %", "enter")
        assert "REPLAY at step 49,152" in text
        text = await given.pressed(pilot, "t", *"09:59", "enter")
        assert "(09:59:00Z)" in text
        text = await given.pressed(pilot, "t", *"soon", "enter")
        assert '"soon" is no step or time' in text and "Go to" in text, (
            "the question stands, with what was typed"
        )
        text = await given.pressed(pilot, "ctrl+u", *"100k", "enter")
        assert "REPLAY at step 98,304" in text
        text = await given.pressed(pilot, "t", *"09:59", "enter")
        text = await given.pressed(pilot, "t", "escape")
        assert "(09:59:00Z)" in text


async def test_a_zoomed_replay_pages_through_the_past(given: Any, make: Any) -> None:
    async with given.app.run_test(size=(80, 24)) as pilot:
        await given.opened(pilot, make.snapshot(make.run(rows=200)))
        await given.pressed(pilot, "plus", "plus", "plus")
        text = await given.pressed(pilot, *["left_square_bracket"] * 60)
        assert " part " in text and "REPLAY" in text
        text = await given.pressed(pilot, "escape")
        assert " part " not in text and "REPLAY" in text
        text = await given.pressed(pilot, "escape")
        assert "REPLAY" not in text


async def test_at_the_newest_row_there_is_no_later_one(given: Any, make: Any) -> None:
    async with given.app.run_test(size=(80, 24)) as pilot:
        await given.opened(pilot, make.snapshot(make.run(rows=20)))
        assert "this is the newest row" in await given.pressed(pilot, "right_square_bracket")


async def test_the_cursor_leads_to_the_logs_of_its_moment(given: Any, make: Any) -> None:
    run = make.run(rows=50)
    lines = [f"2026-02-24 09:{step:02d}:00 [INFO] Step {step * 2048}/500000\n" for step in range(1, 51)]
    (given.workspace.logs / "training.log").write_text("".join(lines))
    async with given.app.run_test(size=(120, 40)) as pilot:
        await given.opened(pilot, make.snapshot(run))
        await given.pressed(pilot, "h", "h", "c")
        assert given.app.open_screen.number == 4
        line = "▸training 2026-02-24 09:48:00 [INFO] Step 98304/500000"
        await given.until(pilot, lambda: line in given.text())
        text = await given.pressed(pilot, "escape")
        assert "cursor at step 98,304" in text.splitlines()[2], "as it was left"
        assert replay_of(given.session).moment is None and "REPLAY" not in text


async def test_replay_works_without_times_and_rows(given: Any, make: Any) -> None:
    from core.telemetry.model import Run, RunInfo, Series

    run = Run(RunInfo(id="x", directory=given.workspace.logs))
    async with given.app.run_test(size=(80, 24)) as pilot:
        await given.opened(pilot, make.snapshot(run))
        assert "this is the newest row" in await given.pressed(pilot, "left_square_bracket")
        assert "the run has no rows yet" in await given.pressed(pilot, "t", *"100", "enter")
        await given.pressed(pilot, "escape")
        series = Series("approx_kl")
        for row in range(10):
            series.append(row * 100, 0.01)
        run.series["approx_kl"] = series
        await given.opened(pilot, make.snapshot(run, revision=2))
        assert "REPLAY at step 800 of 900" in await given.pressed(pilot, "left_square_bracket")
        assert "have no times" in await given.pressed(pilot, "t", *"14:02", "enter")
