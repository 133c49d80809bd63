"""The log pane: a cursor in a window of lines, follows or stays, wraps; asks for more near the edges."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from core.logs.window import Line, Window
from core.text import visible
from widgets.log_view import LogView
from widgets.text_pane import TextPane
from widgets.wrap import chopped, from_cell


def line(number: int, text: str | None = None, **changes: Any) -> Line:
    fields: dict[str, Any] = {
        "file": 0,
        "source": "training.log",
        "start": number * 100,
        "end": number * 100 + 100,
        "time": 0.0,
        "text": text if text is not None else f"2026-02-23 14:00:00 [INFO] line {number}",
        "level": "plain",
        "head": True,
        "cut": False,
    }
    return Line(**{**fields, **changes})


def window(start: int, stop: int, **changes: Any) -> Window:
    """Lines `start` to `stop`, numbered as such, the last one aimed at."""
    lines = tuple(line(number) for number in range(start, stop))
    fields: dict[str, Any] = {
        "lines": lines,
        "base": start,
        "epoch": 1,
        "jump": 1,
        "target": stop - 1,
        "first": {0: start * 100},
        "last": {0: stop * 100},
        "number": start,
        "total": stop,
    }
    return Window(**{**fields, **changes})


def shown(view: LogView) -> list[str]:
    return [row.strip("│ ▸") for row in view.text_lines()[1:-1]]


def numbers(view: LogView) -> list[int]:
    return [int(row.split()[-1]) for row in shown(view) if row]


async def test_it_follows_the_newest_line_and_says_which(holding: Any) -> None:
    view = LogView("training.log")
    async with holding(view).run_test(size=(70, 10)):
        view.show(window(0, 100), following=True)
        assert numbers(view)[-1] == 99
        assert "line 100 of 100  following" in view.text_lines()[0]
        assert "▸" not in "".join(view.text_lines()), "no mark that moves with every line"


async def test_the_cursor_moves_and_the_view_with_it(holding: Any) -> None:
    view = LogView("training.log")
    async with holding(view).run_test(size=(70, 10)):
        view.show(window(0, 100), following=True)
        view.move(-1)
        assert view.text_lines()[-3].startswith("│▸2026") and "G follows" in view.text_lines()[0]
        view.move(-20)
        assert view.line is not None and view.line.start == 7800 and numbers(view)[0] == 78
        view.page(-1)
        assert numbers(view)[0] == 71
        view.move(1000)
        assert view.following and numbers(view)[-1] == 99


async def test_lines_that_come_or_go_at_either_end_move_nothing_under_the_reader(holding: Any) -> None:
    view = LogView("training.log")
    async with holding(view).run_test(size=(70, 10)):
        view.show(window(500, 1000), following=True)
        view.move(-250)
        before = view.text_lines()[1:]
        for start, stop in ((100, 1000), (100, 1200), (600, 1300), (700, 800)):
            view.show(window(start, stop), following=False)
            assert view.text_lines()[1:] == before, (start, stop)


async def test_a_reader_who_has_left_the_end_is_not_taken_back_by_lines_under_way(holding: Any) -> None:
    """A picture of a view that still followed arrives after the key: the line stays, under its new number."""
    view = LogView("training.log")
    async with holding(view).run_test(size=(70, 10)):
        view.show(window(0, 100), following=True)
        view.move(-3)
        here = view.line
        later = window(0, 105)
        renumbered = replace(later, base=-50, epoch=2, jump=2, target=54)
        view.show(renumbered, following=True)
        assert view.line == here and not view.following
        elsewhere = replace(window(5000, 5100), epoch=3, jump=3)
        view.show(elsewhere, following=True)
        assert view.line == here, "a window without the line is not taken"
        view.follow()
        view.show(replace(elsewhere, epoch=4, jump=4), following=True)
        assert numbers(view)[-1] == 5099


async def test_a_jump_is_taken_once(holding: Any) -> None:
    view = LogView("training.log")
    async with holding(view).run_test(size=(70, 10)):
        view.show(window(0, 1000), following=True)
        view.show(window(0, 1000, target=300, jump=2), following=False)
        assert view.line is not None and view.line.start == 30_000
        view.move(5)
        view.show(window(0, 1100, target=300, jump=2), following=False)
        assert view.line.start == 30_500, "the same jump again is no jump"


async def test_more_is_asked_for_near_an_edge_once(holding: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    view = LogView("training.log")
    asked: list[int] = []
    async with holding(view).run_test(size=(70, 10)) as pilot:
        send = view.post_message

        def spy(message: Any) -> bool:
            if isinstance(message, LogView.Wanted):
                asked.append(message.direction)
            return send(message)

        monkeypatch.setattr(view, "post_message", spy)
        view.show(window(1000, 1400, at_start=False), following=True)
        for _ in range(30):
            view.move(-10)
        assert asked == [-1]
        view.show(window(700, 1400, at_start=False), following=False)
        view.move(-290)
        assert asked == [-1, -1]
        await pilot.pause()


async def test_long_lines_can_be_reached_sideways_and_wrapped(holding: Any) -> None:
    view = LogView("training.log")
    async with holding(view).run_test(size=(40, 8)):
        text = "a" * 100 + "END"
        view.show(window(0, 2, lines=(line(0, text), line(1, "b"))), following=True)
        assert "END" not in shown(view)[0]
        for _ in range(6):
            view.move_sideways(1)
        assert "END" in shown(view)[0]
        view.toggle_wrap()
        assert "".join(shown(view)[:3]) == text and shown(view)[3] == "b"
        view.move(-1)
        assert view.text_lines()[1].startswith("│▸a")


async def test_a_wrapped_line_taller_than_the_pane_keeps_the_cursor_in_sight(holding: Any) -> None:
    view = LogView("training.log")
    async with holding(view).run_test(size=(40, 6)):
        lines = (line(0, "x" * 1000), line(1, "b"), line(2, "y" * 1000))
        view.wrap = True
        view.show(window(0, 3, lines=lines), following=True)
        for steps, wanted in ((-1, "b"), (-1, "x"), (1, "b"), (1, "y")):
            view.move(steps)
            assert any(row.startswith(wanted) for row in shown(view)), (steps, wanted)


async def test_a_cut_line_says_how_long_it_is(holding: Any) -> None:
    view = LogView("training.log")
    async with holding(view).run_test(size=(60, 8)):
        view.show(window(0, 1, lines=(line(0, "abc", end=5_000_000, cut=True),)), following=True)
        assert shown(view)[0] == "abc … 5,000,000 bytes, enter shows more"


@given(
    st.text(st.characters(exclude_categories=("Cc", "Cf", "Cs", "Zl", "Zp")), max_size=60), st.integers(2, 9)
)
def test_wrapping_loses_no_character_and_no_row_is_too_wide(text: str, width: int) -> None:
    rows = chopped(text, width)
    assert "".join(rows) == text
    assert all(cell_len(row) <= width for row in rows)
    start = min(width, cell_len(text))
    assert cell_len(from_cell(text, start)) == cell_len(text) - start


async def test_a_text_pane_scrolls_to_every_row_of_a_long_text(holding: Any) -> None:
    pane = TextPane("line", ["first", "x" * 500, "", "last"])
    async with holding(pane).run_test(size=(40, 8)):
        seen = set(pane.text_lines())
        for _ in range(pane.length):
            pane.move(1)
            seen |= set(pane.text_lines())
        text = "\n".join(seen)
        assert "first" in text and "last" in text
        assert "".join(pane.text_lines()[1:-1]).count("last") == 1
        pane.move(-1000)
        assert "first" in pane.text_lines()[1]


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
@pytest.mark.parametrize("raw", [True, False])
async def test_hostile_lines_are_shown_as_text(holding: Any, text: str, raw: bool) -> None:
    """Made visible at ingest, and where that was forgotten: no line crashes or reaches the terminal raw."""
    view = LogView("training.log")
    async with holding(view).run_test(size=(40, 6)) as pilot:
        view.marked = "a"
        shown_line = line(0, text if raw else visible(text), source=text if raw else "training.log")
        view.show_source = True
        view.show(window(0, 1, lines=(shown_line,)), following=True)
        view.move_sideways(1)
        view.toggle_wrap()
        await pilot.pause()
        assert not set("\x1b\x07\x9b\u202e") & set("".join(view.text_lines()))
