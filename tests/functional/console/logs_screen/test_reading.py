"""Long, torn, hostile and many lines stay readable, at any size and while more pour in."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from console.screens.logs_detail import LogDetail


async def test_a_pause_holds_the_view(logs: Any, given: Any) -> None:
    logs.fill()
    async with given.app.run_test(size=(80, 24)) as pilot:
        await logs.opened(pilot)
        await pilot.press("p")
        logs.write("training.log", ["2026-02-24 10:00:00 [INFO] while paused"])
        await logs.look()
        await pilot.pause(1.3)
        assert "while paused" not in given.text() and "paused" in given.text()
        await pilot.press("p")
        await logs.until(pilot, "while paused")


async def test_a_long_line_can_be_read_sideways_wrapped_and_in_full(logs: Any, given: Any) -> None:
    logs.write("training.log", ["2026-02-24 09:00:00 [INFO] " + "a" * 300 + "MIDDLE" + "b" * 300 + "END"])
    async with given.app.run_test(size=(80, 24)) as pilot:
        assert "END" not in await logs.opened(pilot)
        for _ in range(38):
            await pilot.press("l")
        await logs.until(pilot, "END")
        await pilot.press("w")
        await logs.until(pilot, lambda text: "MIDDLE" in text and "END" in text)
        await pilot.press("w")
        await logs.until(pilot, lambda text: "END" not in text)
        await pilot.press("enter")
        text = await logs.until(pilot, "END")
        assert isinstance(given.app.screen, LogDetail) and "training.log, byte 0, 1 line" in text
        await pilot.press("y")
        await logs.until(pilot, "written to exports/copy-log-line-")
    (file,) = (given.workspace.root / "exports").glob("copy-log-line-*.txt")
    assert file.read_text().endswith("END\n")


async def test_enter_on_a_line_of_megabytes_shows_its_beginning_and_says_where_the_rest_is(
    logs: Any, given: Any
) -> None:
    logs.write("training.log", [*logs.training, "2026-02-24 10:00:00 [INFO] " + "x" * 5_000_000 + "END"])
    async with given.app.run_test(size=(100, 24)) as pilot:
        await logs.opened(pilot)
        await pilot.press("enter")
        text = await logs.until(pilot, "more bytes: tail -c +")
        assert "4,737,887 more bytes" in text
        await pilot.press("G", "escape")
        await logs.until(pilot, "following")


async def test_a_traceback_stays_with_its_line_and_opens_with_it(logs: Any, given: Any) -> None:
    """Also where another file has a line of the same second."""
    logs.fill()
    logs.write("alerts.log", ["2026-02-24 09:59:30 [CRITICAL] crash #1 firing: traceback"])
    async with given.app.run_test(size=(80, 24)) as pilot:
        text = await logs.opened(pilot, "crash #1")
        rows = [row for row in text.splitlines() if "09:59:30" in row or "Traceback" in row or "boom" in row]
        assert [
            word in row for word, row in zip(("nan in", "Trace", "boom", "crash"), rows, strict=True)
        ] == [True] * 4
        await pilot.press("k", "enter")
        text = await logs.until(pilot, "3 lines")
        assert "[ERROR] nan in value_loss" in text and "boom" in text


async def test_truncation_and_rotation_are_told_where_they_happened(logs: Any, given: Any) -> None:
    logs.fill()
    async with given.app.run_test(size=(110, 30)) as pilot:
        await logs.opened(pilot)
        logs.write("training.log", ["2026-02-24 10:00:00 [INFO] after the cut"], "w")
        await logs.look()
        text = await logs.until(pilot, "training.log was truncated at")
        assert "after the cut" in text and "training.log 1 truncated" in text
        (logs.folder / "training.log").rename(logs.folder / "training.log.1")
        logs.write("training.log", ["2026-02-24 10:01:00 [INFO] a new file"])
        await logs.look(3)
        text = await logs.until(pilot, "a new training.log took the place of the one before")
        assert "after the cut" in text and "a new file" in text, "what was rotated away stays readable"
        (logs.folder / "training.log").unlink()
        await logs.look(4)
        await logs.until(pilot, "deleted")


async def test_copy_and_export_bring_the_lines_uncut(logs: Any, given: Any) -> None:
    logs.write("training.log", ["2026-02-24 09:00:00 [INFO] " + "a" * 300 + "END"])
    async with given.app.run_test(size=(80, 24)) as pilot:
        await logs.opened(pilot)
        await pilot.press("y")
        await logs.until(pilot, "written to exports/copy-logs-")
        await pilot.press("x")
        await logs.until(pilot, "exported to exports/")
    (copied,) = (given.workspace.root / "exports").glob("copy-logs-*.txt")
    assert copied.read_text().startswith("no error") and "END" in copied.read_text()
    (lines,) = (given.workspace.root / "exports").glob("*/lines.log")
    assert "END" in lines.read_text()


async def test_empty_logs_say_what_will_stand_there_at_any_size(logs: Any, given: Any) -> None:
    async with given.app.run_test(size=(80, 24)) as pilot:
        await logs.opened(pilot, "No log line")
        for size in ((20, 8), (60, 15), (200, 60)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            assert "No log line" in given.text()


@pytest.mark.parametrize("size", [(40, 10), (60, 15), (200, 60)])
async def test_every_key_at_any_size(logs: Any, given: Any, size: tuple[int, int]) -> None:
    logs.fill()
    async with given.app.run_test(size=size) as pilot:
        await logs.opened(pilot, "boom")
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
        await logs.until(pilot, "following")


async def test_hostile_lines(logs: Any, given: Any) -> None:
    hostile = (
        b"2026-02-24 09:00:00 [INFO] \x1b]0;title\x07 [/red] [@click=app.quit]x \x9b31m \xff\xfe \xe2\x80\xae"
    )
    (logs.folder / "training.log").write_bytes(
        hostile + b"\n" + "日本語".encode() * 200 + b"\n" + b"x" * 10_000 + b"\n\0\0\n"
    )
    async with given.app.run_test(size=(80, 24)) as pilot:
        assert "[/red]" in await logs.opened(pilot, "]0;title")
        await pilot.press("slash", *"[/red", "enter")
        await logs.until(pilot, "/[/red 1 found")
        for key in ("l", "l", "h", "w", "k", "enter"):
            await pilot.press(key)
            await pilot.pause(0.05)
            assert not set(given.text()) & set("\x1b\x07\x9b\u202e\0")


async def test_a_run_of_a_single_file_has_no_logs_and_says_so(logs: Any, given: Any) -> None:
    file = given.workspace.root / "progress.csv"
    file.write_text("a,b\n")
    given.session.target = file
    async with given.app.run_test(size=(80, 24)) as pilot:
        await logs.opened(pilot, "no logs: this run is a single file")
        for key in ("slash", "escape", "e", "g", "G", "n", "tab", "enter", "c", "p", "p"):
            await pilot.press(key)
        await pilot.pause()


async def test_a_reader_who_leaves_the_end_while_lines_pour_in_stays(
    logs: Any, given: Any, make: Any
) -> None:
    logs.fill()
    async with given.app.run_test(size=(80, 24)) as pilot:
        await logs.opened(pilot)

        async def pour() -> None:
            for number in range(30):
                logs.write("training.log", [f"2026-02-24 11:00:{number:02d} [INFO] line {number}"])
                given.give(make.snapshot(revision=10 + number))
                await asyncio.sleep(0.02)

        pouring = asyncio.create_task(pour())
        await asyncio.sleep(0.2)
        await pilot.press("k")
        await pilot.pause()
        line = given.app.open_screen._view.line
        await pouring
        await logs.until(pilot, "of 95")
        assert given.app.open_screen._view.line == line and "G follows" in given.text()


async def test_the_clock_looks_only_where_no_news_of_the_run_did(
    logs: Any, given: Any, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """News comes twice a second at most; a look more each second would be a paint more."""
    logs.fill()
    async with given.app.run_test(size=(120, 40)) as pilot:
        await logs.opened(pilot)
        screen = given.app.open_screen
        looks: list[str] = []
        monkeypatch.setattr(screen._reader, "look", lambda: looks.append("look"))
        screen.show(make.snapshot(revision=2))
        screen.tick(make.now)
        assert len(looks) == 1
        screen._looked -= 1.0
        screen.tick(make.now)
        assert len(looks) == 2
