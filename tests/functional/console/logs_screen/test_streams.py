"""The files merged by time or each alone; following until the reader moves up."""

from __future__ import annotations

from typing import Any


async def test_all_files_stand_in_one_stream_by_time(logs: Any, given: Any) -> None:
    logs.fill()
    async with given.app.run_test(size=(120, 40)) as pilot:
        text = await logs.opened(pilot)
        assert "■ 1 error, 1 traceback, 1 alert fired in all 65 lines" in text.splitlines()[2]
        assert "all 65   training.log 63   alerts.log 1   daily_summary.log 1" in text
        for _ in range(45):
            await pilot.press("k")
        await pilot.pause()
        lines = [line for line in given.text().splitlines() if "│" in line]
        at = next(index for index, line in enumerate(lines) if "kl_high" in line)
        assert "09:30:00" in lines[at - 1] and "09:31:00" in lines[at + 1]
        assert "alerts " in lines[at] and "training " in lines[at + 1]


async def test_tab_shows_each_file_alone(logs: Any, given: Any) -> None:
    logs.fill()
    async with given.app.run_test(size=(80, 24)) as pilot:
        await logs.opened(pilot)
        names = ["training.log", "alerts.log", "daily_summary.log", "all"]
        for key, order in (("tab", names), ("shift+tab", [*names[2::-1], "all"])):
            for name in order:
                await pilot.press(key)
                await logs.until(pilot, f"┌ {name} ")


async def test_it_follows_until_the_reader_moves_up_and_again_on_F(logs: Any, given: Any) -> None:
    logs.fill()
    async with given.app.run_test(size=(80, 24)) as pilot:
        text = await logs.opened(pilot, "following")
        assert "boom" in text
        await pilot.press("k")
        await logs.until(pilot, "G follows")
        logs.write("training.log", [f"2026-02-24 10:00:{second:02d} [INFO] newest" for second in range(50)])
        await logs.look()
        await logs.until(pilot, "of 115")
        assert "newest" not in given.text() and "boom" in given.text()
        await pilot.press("F")
        await logs.until(pilot, lambda text: "newest" in text and "following" in text)


async def test_another_file_opens_at_the_time_of_the_line(logs: Any, given: Any) -> None:
    logs.write("training.log", logs.training)
    logs.write("debug.log", [f"2026-02-24 09:{minute:02d}:30 [DEBUG] tick" for minute in range(60)])
    async with given.app.run_test(size=(80, 24)) as pilot:
        await logs.opened(pilot)
        await pilot.press("t", *"09:20", "enter")
        await logs.until(pilot, "▸training 2026-02-24 09:20:00")
        await pilot.press("tab", "tab", "tab", "tab")
        await logs.until(pilot, lambda text: "┌ debug.log" in text and "▸2026-02-24 09:20:30" in text)
