"""To an error, a time or a step, to the charts and back."""

from __future__ import annotations

from typing import Any

from console.log_places import show_logs_at
from console.replay import Moment, replay_of
from core.logs.target import Target


async def test_e_goes_to_the_next_error_or_alert(logs: Any, given: Any) -> None:
    logs.fill()
    logs.write("training.log", [f"2026-02-24 10:{minute:02d}:00 [INFO] on" for minute in range(50)])
    async with given.app.run_test(size=(80, 24)) as pilot:
        await logs.opened(pilot)
        await pilot.press("E")
        await logs.until(pilot, "▸training 2026-02-24 09:59:30 [ERROR] nan")
        await pilot.press("E")
        await logs.until(pilot, "▸alerts   2026-02-24 09:30:30 [WARNING] kl_high")
        await pilot.press("E")
        await logs.until(pilot, "no earlier error or alert")
        await pilot.press("e")
        await logs.until(pilot, "▸training 2026-02-24 09:59:30 [ERROR] nan")
        await pilot.press("e")
        await logs.until(pilot, "no later error or alert")


async def test_t_goes_to_a_time_or_a_step(logs: Any, given: Any) -> None:
    logs.write("training.log", [*logs.training, "2026-02-24 10:00:00 [INFO] end"])
    async with given.app.run_test(size=(80, 24)) as pilot:
        await logs.opened(pilot)
        for typed, line in (
            ("-30m", "09:30:00 [INFO] Step 61440"),
            ("09:20", "09:20:00 [INFO] Step 40960"),
            ("2026-02-24 09:29:30", "09:30:00 [INFO] Step 61440"),
            ("40960", "09:20:00 [INFO] Step 40960"),
            ("61,441", "09:30:00 [INFO] Step 61440"),
            ("41k", "09:20:00 [INFO] Step 40960"),
        ):
            await pilot.press("t")
            given.app.screen.query_one("Input").value = typed
            await pilot.press("enter")
            await logs.until(pilot, f"▸training 2026-02-24 {line}")


async def test_t_says_what_it_does_not_understand_or_find(logs: Any, given: Any) -> None:
    logs.write("training.log", logs.training[1:])
    async with given.app.run_test(size=(100, 24)) as pilot:
        await logs.opened(pilot)
        await pilot.press("t", *"soon", "enter")
        await logs.until(pilot, "no time and no step: soon")
        await pilot.press("ctrl+u", "5", "enter")  # the question stays for a better answer
        await logs.until(pilot, "no line names step 5 or an earlier one")


async def test_from_a_line_to_the_charts_and_back(logs: Any, given: Any) -> None:
    logs.fill()
    async with given.app.run_test(size=(80, 24)) as pilot:
        await logs.opened(pilot)
        await pilot.press("t", *"40960", "enter")
        await logs.until(pilot, "▸training 2026-02-24 09:20:00")
        await pilot.press("c")
        await logs.until(pilot, lambda _text: given.app.open_screen.number == 1)
        await logs.until(pilot, "cursor at step 40,960")
        assert replay_of(given.session).moment is None, "looking there leaves the console live"
        await pilot.press("escape")
        await logs.until(pilot, "▸training 2026-02-24 09:20:00")
        await pilot.press("1")
        await logs.until(pilot, lambda text: "cursor" not in text.splitlines()[2])
        replay_of(given.session).moment = Moment(81_920)
        await pilot.press("4")
        await logs.until(pilot, "▸training 2026-02-24 09:40:00 [INFO] Step 81920")
        assert "replay step 81,920" in given.text()
        replay_of(given.session).moment = None
        await pilot.press("1", "4")
        await logs.until(pilot, "following")


async def test_another_screen_can_open_the_logs_at_a_moment_before_they_were_ever_shown(
    logs: Any, given: Any, make: Any
) -> None:
    logs.fill()
    async with given.app.run_test(size=(80, 24)) as pilot:
        given.give(make.snapshot())
        await pilot.pause()
        show_logs_at(given.app, Target(40_960, make.now.replace(hour=9, minute=20)))
        await logs.until(pilot, "▸training 2026-02-24 09:20:00 [INFO] Step 40960")
        await pilot.press("1")
        show_logs_at(given.app, Target(step=61_440))
        await logs.until(pilot, "09:30:00 [INFO] Step 61440")


async def test_typing_a_text_to_find_switches_no_screen(logs: Any, given: Any) -> None:
    async with given.app.run_test(size=(80, 24)) as pilot:
        await logs.opened(pilot, "No log line")
        for key in ("slash", "ampersand"):
            await pilot.press(key, "1", "q", "R")
            await pilot.pause()
            assert given.app.open_screen.number == 4
            await pilot.press("escape")
            await pilot.pause()
        assert given.app.open_screen.number == 4
        await pilot.press("1")
        await pilot.pause()
        assert given.app.open_screen.number == 1
