"""The log pane: bounded, follows or stays, pauses, finds, and draws in batches."""

from __future__ import annotations

from typing import Any

import pytest

from core.text import visible
from widgets.log_view import BATCH_SECONDS, CAP, LogLine, LogView, severity


def lines(start: int, stop: int) -> list[LogLine]:
    return [LogLine(f"2026-02-23 14:00:00 [INFO] line {number}") for number in range(start, stop)]


def shown(view: LogView) -> list[str]:
    return [line.strip("│ ") for line in view.text_lines()[1:-1]]


async def test_it_follows_the_newest_line(holding: Any) -> None:
    view = LogView("training.log")
    async with holding(view).run_test(size=(70, 10)) as pilot:
        view.add(lines(0, 100))
        await pilot.pause()
        assert shown(view)[-1].endswith("line 99")
        assert "line 100 of 100  following" in view.text_lines()[0]


async def test_it_stays_where_the_reader_is(holding: Any) -> None:
    """New lines, also those that push old ones out, move nothing under a reader who scrolled up."""
    view = LogView("training.log")
    async with holding(view).run_test(size=(70, 10)) as pilot:
        view.add(lines(0, 1000))
        view.move(-500)
        before = shown(view)
        view._take(lines(1000, CAP + 300))
        view.redraw()
        await pilot.pause()
        assert shown(view) == before
        view.to_end()
        await pilot.pause()
        assert shown(view)[-1].endswith(f"line {CAP + 299}")


async def test_it_is_bounded(holding: Any) -> None:
    view = LogView("training.log")
    async with holding(view).run_test(size=(70, 10)) as pilot:
        view.add(lines(0, 3 * CAP))
        await pilot.pause()
        assert len(view._lines) == CAP
        view.to_top()
        assert shown(view)[0].endswith(f"line {2 * CAP}")
        assert f"of {3 * CAP:,}" in view.text_lines()[0]


async def test_lines_are_drawn_in_batches(holding: Any) -> None:
    """A second batch within half a second waits for the end of it."""
    view = LogView("training.log")
    async with holding(view).run_test(size=(70, 10)) as pilot:
        view.add(lines(0, 1))
        view.add(lines(1, 2))
        await pilot.pause()
        assert shown(view)[0].endswith("line 0") and shown(view)[1] == ""
        await pilot.pause(BATCH_SECONDS + 0.1)
        assert shown(view)[1].endswith("line 1")


async def test_a_pause_holds_the_display_and_counts(holding: Any) -> None:
    view = LogView("training.log")
    async with holding(view).run_test(size=(70, 10)) as pilot:
        view.add(lines(0, 3))
        await pilot.pause()
        view.pause(True)
        view.add(lines(3, 7))
        await pilot.pause(BATCH_SECONDS + 0.1)
        assert "paused, 4 new" in view.text_lines()[0]
        assert not any("line 6" in line for line in shown(view))
        view.pause(False)
        await pilot.pause()
        assert any("line 6" in line for line in shown(view))


async def test_find_goes_to_the_newest_and_on_around_the_ends(holding: Any) -> None:
    view = LogView("training.log")
    async with holding(view).run_test(size=(70, 10)) as pilot:
        view.add(lines(0, 300))
        await pilot.pause()
        assert view.find("LINE 1") == 111
        assert view._found == 199
        assert view.find_next(1) and view._found == 1
        assert view.find_next(-1) and view._found == 199
        assert any("line 199" in line for line in shown(view))
        assert view.find("(no such") == 0
        assert not view.find_next(1)


async def test_long_lines_can_be_reached(holding: Any) -> None:
    view = LogView("training.log")
    async with holding(view).run_test(size=(40, 6)) as pilot:
        view.add([LogLine("a" * 100 + "END")])
        await pilot.pause()
        assert "END" not in shown(view)[0]
        for _ in range(6):
            view.move_sideways(1)
        assert "END" in shown(view)[0]


def test_severity_of_a_traceback_lasts_until_the_next_stamped_line() -> None:
    log = (
        ("2026-02-23 14:00:00 [INFO] Step 2048", "plain"),
        ("2026-02-23 14:00:01 [WARNING] KL 0.06", "warning"),
        ("Traceback (most recent call last):", "critical"),
        ('  File "trainer.py", line 1', "critical"),
        ("ValueError: nan", "critical"),
        ("2026-02-23 14:00:02 [INFO] go on", "plain"),
        ("2026-02-23 14:00:03 [ERROR] no", "critical"),
    )
    tone = "plain"
    for text, expected in log:
        tone = severity(text, tone)
        assert tone == expected


HOSTILE = (
    "\x1b]52;c;aGk=\x07",
    "[/red]",
    "[@click=app.bell]x[/]",
    "\x9b31m",
    "a\u202eb",
    "日本語" * 30,
    "e" + "\u0301" * 9,
)


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_lines_are_shown_as_text(holding: Any, text: str) -> None:
    """As they arrive (made visible at ingest) no line crashes the view or reaches the terminal raw."""
    view = LogView("training.log")
    async with holding(view).run_test(size=(40, 6)) as pilot:
        view.add([LogLine(visible(text))])
        view.find("a")
        view.move_sideways(1)
        await pilot.pause()
        assert not set("\x1b\x07\x9b\u202e") & set("".join(view.text_lines()))
