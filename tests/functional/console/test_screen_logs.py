"""The Logs screen by keys: files merged by time, follow, find, pause, empty states."""

from __future__ import annotations

from typing import Any

TRAINING = [f"2026-02-24 09:{minute:02d}:00 [INFO] Step {minute * 2048}/500000" for minute in range(60)]


async def opened(given: Any, make: Any, pilot: Any) -> str:
    given.give(make.snapshot())
    await pilot.pause(0.2)
    await pilot.press("4")
    await pilot.pause(0.2)
    return str(given.text())


def fill(given: Any) -> None:
    training, alerts, daily = given.follower.logs
    training.extend(
        [
            *TRAINING,
            "2026-02-24 09:59:30 [ERROR] nan in value_loss",
            "Traceback (most recent call last):",
            "  boom",
        ]
    )
    alerts.extend(["2026-02-24 09:30:30 [WARNING] kl_high firing: approx_kl 0.06 > 0.05 at step 61,440"])
    daily.extend(["2026-02-24", "status RUNNING"])


async def test_all_files_stand_in_one_stream_by_time(given: Any, make: Any) -> None:
    fill(given)
    async with given.app.run_test(size=(120, 40)) as pilot:
        text = await opened(given, make, pilot)
        assert "■ 1 error and 1 warning in all 66 lines" in text.splitlines()[2]
        assert "all 66   training.log 63   alerts.log 1   daily_summary.log 2" in text
        for _ in range(20):
            await pilot.press("k")
        await pilot.pause()
        lines = [line for line in given.text().splitlines() if "│" in line]
        at = next(index for index, line in enumerate(lines) if "kl_high firing" in line)
        assert "09:30:00" in lines[at - 1] and "09:31:00" in lines[at + 1]
        assert "alerts " in lines[at] and "training " in lines[at + 1]


async def test_tab_shows_each_file_alone(given: Any, make: Any) -> None:
    fill(given)
    async with given.app.run_test(size=(80, 24)) as pilot:
        await opened(given, make, pilot)
        seen = []
        for _ in range(4):
            seen.append(next(line for line in given.text().splitlines() if line.startswith("┌")).split()[1])
            await pilot.press("tab")
            await pilot.pause()
        assert seen == ["all", "training.log", "alerts.log", "daily_summary.log"]


async def test_it_follows_until_the_reader_scrolls_and_again_on_F(given: Any, make: Any) -> None:
    fill(given)
    async with given.app.run_test(size=(80, 24)) as pilot:
        text = await opened(given, make, pilot)
        assert "following" in text and "boom" in text
        await pilot.press("g")
        await pilot.pause()
        assert "G follows" in given.text()
        given.follower.logs[0].extend(["2026-02-24 10:00:00 [INFO] newest"])
        given.give(make.snapshot(revision=2))
        await pilot.pause(0.7)
        assert "newest" not in given.text()
        await pilot.press("F")
        await pilot.pause(0.2)
        assert "newest" in given.text() and "following" in given.text()


async def test_find_asks_marks_and_goes_on(given: Any, make: Any) -> None:
    fill(given)
    async with given.app.run_test(size=(80, 24)) as pilot:
        await opened(given, make, pilot)
        await pilot.press("slash", *"step 4", "enter")
        await pilot.pause()
        assert "6 lines found" in given.text()
        assert "Step 49152/" in given.text() or "Step 47104/" in given.text()
        await pilot.press("n")
        await pilot.pause()
        assert "Step 4096/" in given.text()
        await pilot.press("N", "N")
        await pilot.pause()
        await pilot.press("escape")
        await pilot.pause()
        assert given.app.screen.number == 4
        await pilot.press("escape")
        await pilot.pause()
        assert given.app.screen.number == 1


async def test_typing_a_text_to_find_switches_no_screen(given: Any, make: Any) -> None:
    async with given.app.run_test(size=(80, 24)) as pilot:
        await opened(given, make, pilot)
        await pilot.press("slash", "1", "q", "R")
        await pilot.pause()
        assert given.app.screen.number == 4
        await pilot.press("escape")
        await pilot.pause()
        assert given.app.screen.number == 4
        await pilot.press("1")
        await pilot.pause()
        assert given.app.screen.number == 1


async def test_a_pause_holds_the_view(given: Any, make: Any) -> None:
    fill(given)
    async with given.app.run_test(size=(80, 24)) as pilot:
        await opened(given, make, pilot)
        await pilot.press("p")
        given.follower.logs[0].extend(["2026-02-24 10:00:00 [INFO] while paused"])
        given.give(make.snapshot(revision=2))
        await pilot.pause(0.7)
        assert "while paused" not in given.text() and "paused" in given.text()
        await pilot.press("p")
        await pilot.pause(0.7)
        assert "while paused" in given.text()


async def test_empty_logs_say_what_will_stand_there_at_any_size(given: Any, make: Any) -> None:
    async with given.app.run_test(size=(80, 24)) as pilot:
        assert "No log line" in await opened(given, make, pilot)
        for size in ((20, 8), (60, 15), (200, 60)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            assert "No log line" in given.text()


async def test_hostile_lines(given: Any, make: Any) -> None:
    given.follower.logs[0].extend(["\x1b]0;title\x07 [/red] [@click=app.quit]x", "日本語" * 60, "x" * 10_000])
    async with given.app.run_test(size=(80, 24)) as pilot:
        text = await opened(given, make, pilot)
        assert "[/red]" in text
        await pilot.press("slash", *"[/red", "enter")
        await pilot.press("l", "l", "h")
        await pilot.pause()
        assert "\x1b" not in given.text()
