"""The Logs screen by keys: files merged by time, follow, find, filter, jumps, long lines, hostile ones."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from console.log_places import show_logs_at
from console.replay import Moment, replay_of
from console.screens.logs_detail import LogDetail
from core.logs.target import Target

TRAINING = [f"2026-02-24 09:{minute:02d}:00 [INFO] Step {minute * 2048}/500000" for minute in range(60)]
END = [
    "2026-02-24 09:59:30 [ERROR] nan in value_loss",
    "Traceback (most recent call last):",
    "  boom",
]
ALERT = "2026-02-24 09:30:30 [WARNING] kl_high #1 firing: approx_kl 0.06 > 0.05 at step 61,440"


def folder(given: Any) -> Path:
    path: Path = given.workspace.logs
    path.mkdir(parents=True, exist_ok=True)
    return path


def write(given: Any, name: str, lines: list[str], mode: str = "a") -> None:
    with (folder(given) / name).open(mode) as stream:
        stream.writelines(line + "\n" for line in lines)


def fill(given: Any) -> None:
    write(given, "training.log", [*TRAINING, *END])
    write(given, "alerts.log", [ALERT])
    write(given, "daily_summary.log", ["2026-02-24 09:10:30 [INFO] 2026-02-24 RUNNING"])


async def until(pilot: Any, given: Any, what: str | Callable[[str], bool], seconds: float = 60.0) -> str:
    """What stands on the screen as soon as `what` is true of it; fails with it after `seconds`."""
    seen = what if callable(what) else lambda text: what in text
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        await pilot.pause(0.01)
        if seen(text := given.text()):
            return str(text)
    raise AssertionError(f"never saw {what!r} in\n{given.text()}")


async def opened(given: Any, make: Any, pilot: Any, what: str = "in all") -> str:
    given.give(make.snapshot())
    await pilot.pause()
    await pilot.press("4")
    return await until(pilot, given, what)


async def look(given: Any, make: Any, revision: int = 2) -> None:
    given.give(make.snapshot(revision=revision))


async def test_all_files_stand_in_one_stream_by_time(given: Any, make: Any) -> None:
    fill(given)
    async with given.app.run_test(size=(120, 40)) as pilot:
        text = await opened(given, make, pilot)
        assert "■ 1 error, 1 traceback, 1 alert fired in all 65 lines" in text.splitlines()[2]
        assert "all 65   training.log 63   alerts.log 1   daily_summary.log 1" in text
        for _ in range(45):
            await pilot.press("k")
        await pilot.pause()
        lines = [line for line in given.text().splitlines() if "│" in line]
        at = next(index for index, line in enumerate(lines) if "kl_high" in line)
        assert "09:30:00" in lines[at - 1] and "09:31:00" in lines[at + 1]
        assert "alerts " in lines[at] and "training " in lines[at + 1]


async def test_tab_shows_each_file_alone(given: Any, make: Any) -> None:
    fill(given)
    async with given.app.run_test(size=(80, 24)) as pilot:
        await opened(given, make, pilot)
        names = ["training.log", "alerts.log", "daily_summary.log", "all"]
        for key, order in (("tab", names), ("shift+tab", [*names[2::-1], "all"])):
            for name in order:
                await pilot.press(key)
                await until(pilot, given, f"┌ {name} ")


async def test_it_follows_until_the_reader_moves_up_and_again_on_F(given: Any, make: Any) -> None:
    fill(given)
    async with given.app.run_test(size=(80, 24)) as pilot:
        text = await opened(given, make, pilot, "following")
        assert "boom" in text
        await pilot.press("k")
        await until(pilot, given, "G follows")
        write(given, "training.log", [f"2026-02-24 10:00:{second:02d} [INFO] newest" for second in range(50)])
        await look(given, make)
        await until(pilot, given, "of 115")
        assert "newest" not in given.text() and "boom" in given.text()
        await pilot.press("F")
        await until(pilot, given, lambda text: "newest" in text and "following" in text)


async def test_another_file_opens_at_the_time_of_the_line(given: Any, make: Any) -> None:
    write(given, "training.log", TRAINING)
    write(given, "debug.log", [f"2026-02-24 09:{minute:02d}:30 [DEBUG] tick" for minute in range(60)])
    async with given.app.run_test(size=(80, 24)) as pilot:
        await opened(given, make, pilot)
        await pilot.press("t", *"09:20", "enter")
        await until(pilot, given, "▸training 2026-02-24 09:20:00")
        await pilot.press("tab", "tab", "tab", "tab")
        await until(pilot, given, lambda text: "┌ debug.log" in text and "▸2026-02-24 09:20:30" in text)


async def test_find_goes_to_the_newest_and_on_around_the_end(given: Any, make: Any) -> None:
    fill(given)
    async with given.app.run_test(size=(80, 24)) as pilot:
        await opened(given, make, pilot)
        await pilot.press("slash", *"step 4", "enter")
        text = await until(pilot, given, "/step 4 6 found")
        assert "▸training 2026-02-24 09:24:00 [INFO] Step 49152/" in text
        await pilot.press("N")
        await until(pilot, given, "▸training 2026-02-24 09:23:00 [INFO] Step 47104/")
        await pilot.press("n", "n")
        await until(pilot, given, lambda text: "▸training" in text and "Step 4096/" in text)
        assert "went on around the end" in given.text()
        await pilot.press("escape")
        await until(pilot, given, lambda text: "/step 4" not in text)
        assert given.app.open_screen.number == 4
        await pilot.press("escape")
        await pilot.pause()
        assert given.app.open_screen.number == 1


async def test_find_looks_through_the_whole_file_not_only_the_window(given: Any, make: Any) -> None:
    write(given, "training.log", ["2026-02-23 00:00:00 [INFO] the needle", *TRAINING * 400])
    async with given.app.run_test(size=(80, 24)) as pilot:
        await opened(given, make, pilot)
        assert len(given.app.open_screen._view.window.lines) < 2_000
        await pilot.press("slash", *"NEEDLE", "enter")
        await until(pilot, given, "▸training 2026-02-23 00:00:00 [INFO] the needle")
        assert "line 1 of 24,001" in given.text()
        await pilot.press("slash", *"no such thing", "enter")
        await until(pilot, given, "not found: no such thing")


async def test_lines_that_arrive_are_found_too(given: Any, make: Any) -> None:
    fill(given)
    async with given.app.run_test(size=(80, 24)) as pilot:
        await opened(given, make, pilot)
        await pilot.press("slash", *"boom", "enter")
        await until(pilot, given, "/boom 1 found")
        write(given, "training.log", ["2026-02-24 10:00:00 [INFO] boom again"])
        await look(given, make)
        await until(pilot, given, "/boom 2 found")


async def test_filter_shows_only_matching_lines_with_their_tracebacks(given: Any, make: Any) -> None:
    fill(given)
    async with given.app.run_test(size=(80, 24)) as pilot:
        await opened(given, make, pilot)
        await pilot.press("ampersand", *"value_loss", "enter")
        text = await until(pilot, given, "&value_loss 1 line")
        assert "[ERROR] nan in value_loss" in text and "boom" in text and "[INFO]" not in text
        await pilot.press("ampersand", *"boom", "enter")
        text = await until(pilot, given, "&boom 1 line")
        assert "[ERROR] nan in value_loss" in text, "a match in the traceback shows its line"
        await pilot.press("ampersand", *"nothing like it", "enter")
        await until(pilot, given, "No line with “nothing like it”")
        await pilot.press("escape")
        await until(pilot, given, lambda text: "Step 118784" in text and "&" not in text.splitlines()[4])


async def test_find_within_a_filter_stays_within_it(given: Any, make: Any) -> None:
    write(
        given,
        "training.log",
        [f"2026-02-24 09:00:{n % 60:02d} [INFO] {'odd' if n % 2 else 'even'} x{n}" for n in range(60)],
    )
    async with given.app.run_test(size=(80, 24)) as pilot:
        await opened(given, make, pilot)
        await pilot.press("ampersand", *"odd", "enter")
        await until(pilot, given, "&odd 30 lines")
        await pilot.press("slash", *"x3", "enter")
        await until(pilot, given, "odd x39")
        for number in (37, 35, 33, 31, 3):
            await pilot.press("N")
            await until(pilot, given, lambda text, n=number: re.search(rf"▸.* odd x{n}\s", text) is not None)


async def test_e_goes_to_the_next_error_or_alert(given: Any, make: Any) -> None:
    fill(given)
    write(given, "training.log", [f"2026-02-24 10:{minute:02d}:00 [INFO] on" for minute in range(50)])
    async with given.app.run_test(size=(80, 24)) as pilot:
        await opened(given, make, pilot)
        await pilot.press("E")
        await until(pilot, given, "▸training 2026-02-24 09:59:30 [ERROR] nan")
        await pilot.press("E")
        await until(pilot, given, "▸alerts   2026-02-24 09:30:30 [WARNING] kl_high")
        await pilot.press("E")
        await until(pilot, given, "no earlier error or alert")
        await pilot.press("e")
        await until(pilot, given, "▸training 2026-02-24 09:59:30 [ERROR] nan")
        await pilot.press("e")
        await until(pilot, given, "no later error or alert")


async def test_t_goes_to_a_time_or_a_step(given: Any, make: Any) -> None:
    write(given, "training.log", [*TRAINING, "2026-02-24 10:00:00 [INFO] end"])
    async with given.app.run_test(size=(80, 24)) as pilot:
        await opened(given, make, pilot)
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
            await until(pilot, given, f"▸training 2026-02-24 {line}")


async def test_t_says_what_it_does_not_understand_or_find(given: Any, make: Any) -> None:
    write(given, "training.log", TRAINING[1:])
    async with given.app.run_test(size=(100, 24)) as pilot:
        await opened(given, make, pilot)
        await pilot.press("t", *"soon", "enter")
        await until(pilot, given, "no time and no step: soon")
        await pilot.press("t", "5", "enter")
        await until(pilot, given, "no line names step 5 or an earlier one")


async def test_from_a_line_to_the_charts_and_back(given: Any, make: Any) -> None:
    fill(given)
    async with given.app.run_test(size=(80, 24)) as pilot:
        await opened(given, make, pilot)
        await pilot.press("t", *"40960", "enter")
        await until(pilot, given, "▸training 2026-02-24 09:20:00")
        await pilot.press("c")
        await until(pilot, given, lambda _text: given.app.open_screen.number == 1)
        await until(pilot, given, "cursor at step 40,960")
        assert replay_of(given.session).moment is None, "looking there leaves the console live"
        await pilot.press("escape")
        await until(pilot, given, "▸training 2026-02-24 09:20:00")
        await pilot.press("1")
        await until(pilot, given, lambda text: "cursor" not in text.splitlines()[2])
        replay_of(given.session).moment = Moment(81_920)
        await pilot.press("4")
        await until(pilot, given, "▸training 2026-02-24 09:40:00 [INFO] Step 81920")
        assert "replay step 81,920" in given.text()
        replay_of(given.session).moment = None
        await pilot.press("1", "4")
        await until(pilot, given, "following")


async def test_another_screen_can_open_the_logs_at_a_moment_before_they_were_ever_shown(
    given: Any, make: Any
) -> None:
    fill(given)
    async with given.app.run_test(size=(80, 24)) as pilot:
        given.give(make.snapshot())
        await pilot.pause()
        show_logs_at(given.app, Target(40_960, make.now.replace(hour=9, minute=20)))
        await until(pilot, given, "▸training 2026-02-24 09:20:00 [INFO] Step 40960")
        await pilot.press("1")
        show_logs_at(given.app, Target(step=61_440))
        await until(pilot, given, "09:30:00 [INFO] Step 61440")


async def test_typing_a_text_to_find_switches_no_screen(given: Any, make: Any) -> None:
    async with given.app.run_test(size=(80, 24)) as pilot:
        await opened(given, make, pilot, "No log line")
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


async def test_a_pause_holds_the_view(given: Any, make: Any) -> None:
    fill(given)
    async with given.app.run_test(size=(80, 24)) as pilot:
        await opened(given, make, pilot)
        await pilot.press("p")
        write(given, "training.log", ["2026-02-24 10:00:00 [INFO] while paused"])
        await look(given, make)
        await pilot.pause(1.3)
        assert "while paused" not in given.text() and "paused" in given.text()
        await pilot.press("p")
        await until(pilot, given, "while paused")


async def test_a_long_line_can_be_read_sideways_wrapped_and_in_full(given: Any, make: Any) -> None:
    write(given, "training.log", ["2026-02-24 09:00:00 [INFO] " + "a" * 300 + "MIDDLE" + "b" * 300 + "END"])
    async with given.app.run_test(size=(80, 24)) as pilot:
        assert "END" not in await opened(given, make, pilot)
        for _ in range(38):
            await pilot.press("l")
        await until(pilot, given, "END")
        await pilot.press("w")
        await until(pilot, given, lambda text: "MIDDLE" in text and "END" in text)
        await pilot.press("w")
        await until(pilot, given, lambda text: "END" not in text)
        await pilot.press("enter")
        text = await until(pilot, given, "END")
        assert isinstance(given.app.screen, LogDetail) and "training.log, byte 0, 1 line" in text
        await pilot.press("y")
        await until(pilot, given, "written to exports/copy-log-line-")
    (file,) = (given.workspace.root / "exports").glob("copy-log-line-*.txt")
    assert file.read_text().endswith("END\n")


async def test_enter_on_a_line_of_megabytes_shows_its_beginning_and_says_where_the_rest_is(
    given: Any, make: Any
) -> None:
    write(given, "training.log", [*TRAINING, "2026-02-24 10:00:00 [INFO] " + "x" * 5_000_000 + "END"])
    async with given.app.run_test(size=(100, 24)) as pilot:
        await opened(given, make, pilot)
        await pilot.press("enter")
        text = await until(pilot, given, "more bytes: tail -c +")
        assert "4,737,887 more bytes" in text
        await pilot.press("G", "escape")
        await until(pilot, given, "following")


async def test_a_traceback_stays_with_its_line_and_opens_with_it(given: Any, make: Any) -> None:
    """Also where another file has a line of the same second."""
    fill(given)
    write(given, "alerts.log", ["2026-02-24 09:59:30 [CRITICAL] crash #1 firing: traceback"])
    async with given.app.run_test(size=(80, 24)) as pilot:
        text = await opened(given, make, pilot, "crash #1")
        rows = [row for row in text.splitlines() if "09:59:30" in row or "Traceback" in row or "boom" in row]
        assert [
            word in row for word, row in zip(("nan in", "Trace", "boom", "crash"), rows, strict=True)
        ] == [True] * 4
        await pilot.press("k", "enter")
        text = await until(pilot, given, "3 lines")
        assert "[ERROR] nan in value_loss" in text and "boom" in text


async def test_truncation_and_rotation_are_told_where_they_happened(given: Any, make: Any) -> None:
    fill(given)
    async with given.app.run_test(size=(110, 30)) as pilot:
        await opened(given, make, pilot)
        write(given, "training.log", ["2026-02-24 10:00:00 [INFO] after the cut"], "w")
        await look(given, make)
        text = await until(pilot, given, "training.log was truncated at")
        assert "after the cut" in text and "training.log 1 truncated" in text
        (folder(given) / "training.log").rename(folder(given) / "training.log.1")
        write(given, "training.log", ["2026-02-24 10:01:00 [INFO] a new file"])
        await look(given, make, 3)
        text = await until(pilot, given, "a new training.log took the place of the one before")
        assert "after the cut" in text and "a new file" in text, "what was rotated away stays readable"
        (folder(given) / "training.log").unlink()
        await look(given, make, 4)
        await until(pilot, given, "deleted")


async def test_copy_and_export_bring_the_lines_uncut(given: Any, make: Any) -> None:
    write(given, "training.log", ["2026-02-24 09:00:00 [INFO] " + "a" * 300 + "END"])
    async with given.app.run_test(size=(80, 24)) as pilot:
        await opened(given, make, pilot)
        await pilot.press("y")
        await until(pilot, given, "written to exports/copy-logs-")
        await pilot.press("x")
        await until(pilot, given, "exported to exports/")
    (copied,) = (given.workspace.root / "exports").glob("copy-logs-*.txt")
    assert copied.read_text().startswith("no error") and "END" in copied.read_text()
    (lines,) = (given.workspace.root / "exports").glob("*/lines.log")
    assert "END" in lines.read_text()


async def test_empty_logs_say_what_will_stand_there_at_any_size(given: Any, make: Any) -> None:
    async with given.app.run_test(size=(80, 24)) as pilot:
        await opened(given, make, pilot, "No log line")
        for size in ((20, 8), (60, 15), (200, 60)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            assert "No log line" in given.text()


@pytest.mark.parametrize("size", [(40, 10), (60, 15), (200, 60)])
async def test_every_key_at_any_size(given: Any, make: Any, size: tuple[int, int]) -> None:
    fill(given)
    async with given.app.run_test(size=size) as pilot:
        await opened(given, make, pilot, "boom")
        keys = [
            "k",
            "pageup",
            "pagedown",
            "g",
            "G",
            "j",
            "up",
            "down",
            "home",
            "end",
            "l",
            "h",
            "w",
            "w",
            "e",
            "E",
            "n",
            "N",
            "tab",
            "shift+tab",
            "F",
        ]
        for key in keys:
            await pilot.press(key)
            await pilot.pause(0.02)
        await until(pilot, given, "following")


async def test_hostile_lines(given: Any, make: Any) -> None:
    hostile = (
        b"2026-02-24 09:00:00 [INFO] \x1b]0;title\x07 [/red] [@click=app.quit]x \x9b31m \xff\xfe \xe2\x80\xae"
    )
    (folder(given) / "training.log").write_bytes(
        hostile + b"\n" + "日本語".encode() * 200 + b"\n" + b"x" * 10_000 + b"\n\0\0\n"
    )
    async with given.app.run_test(size=(80, 24)) as pilot:
        assert "[/red]" in await opened(given, make, pilot, "]0;title")
        await pilot.press("slash", *"[/red", "enter")
        await until(pilot, given, "/[/red 1 found")
        for key in ("l", "l", "h", "w", "k", "enter"):
            await pilot.press(key)
            await pilot.pause(0.05)
            assert not set(given.text()) & set("\x1b\x07\x9b\u202e\0")


async def test_a_run_of_a_single_file_has_no_logs_and_says_so(given: Any, make: Any) -> None:
    file = given.workspace.root / "progress.csv"
    file.write_text("a,b\n")
    given.session.target = file
    async with given.app.run_test(size=(80, 24)) as pilot:
        await opened(given, make, pilot, "no logs: this run is a single file")
        for key in ("slash", "escape", "e", "g", "G", "n", "tab", "enter", "c", "p", "p"):
            await pilot.press(key)
        await pilot.pause()


async def test_a_reader_who_leaves_the_end_while_lines_pour_in_stays(given: Any, make: Any) -> None:
    fill(given)
    async with given.app.run_test(size=(80, 24)) as pilot:
        await opened(given, make, pilot)

        async def pour() -> None:
            for number in range(30):
                write(given, "training.log", [f"2026-02-24 11:00:{number:02d} [INFO] line {number}"])
                given.give(make.snapshot(revision=10 + number))
                await asyncio.sleep(0.02)

        pouring = asyncio.create_task(pour())
        await asyncio.sleep(0.2)
        await pilot.press("k")
        await pilot.pause()
        line = given.app.open_screen._view.line
        await pouring
        await until(pilot, given, "of 95")
        assert given.app.open_screen._view.line == line and "G follows" in given.text()


async def test_the_clock_looks_only_where_no_news_of_the_run_did(
    given: Any, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """News comes twice a second at most; a look more each second would be a paint more."""
    fill(given)
    async with given.app.run_test(size=(120, 40)) as pilot:
        await opened(given, make, pilot)
        screen = given.app.open_screen
        looks: list[str] = []
        monkeypatch.setattr(screen._reader, "look", lambda: looks.append("look"))
        screen.show(make.snapshot(revision=2))
        screen.tick(make.now)
        assert len(looks) == 1
        screen._looked -= 1.0
        screen.tick(make.now)
        assert len(looks) == 2
