"""Another screen costs one paint and no styling; the same again draws nothing; a slow line gets half."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual._compositor import Compositor
from textual.app import App
from textual.css.stylesheet import Stylesheet
from textual.widget import Widget

from console.app import ConsoleApp
from console.opening import Opening, wanted
from console.session import SLOW_EVERY, ConsoleSession
from widgets.chart import Chart


@pytest.fixture
def count(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Counts the calls of a method from now on."""

    def counting(owner: type, name: str) -> list[Any]:
        calls: list[Any] = []
        method = getattr(owner, name)

        def counted(self: Any, *arguments: Any, **keywords: Any) -> Any:
            calls.append(self)
            return method(self, *arguments, **keywords)

        monkeypatch.setattr(owner, name, counted)
        return calls

    return counting


async def press(pilot: Any, *keys: str) -> None:
    for key in keys:
        await pilot.press(key)
        await pilot.pause()


async def test_a_screen_that_was_seen_before_is_painted_once_and_styled_no_more(
    given: Any, make: Any, count: Any
) -> None:
    async with given.app.run_test(size=(120, 40)) as pilot:
        given.give(make.snapshot())
        await press(pilot, "2", "1", "2")
        painted, styled = count(Compositor, "render_full_update"), count(Stylesheet, "update_nodes")
        delayed = count(App, "_begin_batch")
        await press(pilot, "1")
        assert (len(painted), len(styled), len(delayed)) == (1, 0, 0)


async def test_a_screen_comes_back_with_what_changed_meanwhile(given: Any, make: Any) -> None:
    async with given.app.run_test(size=(120, 40)) as pilot:
        given.give(make.snapshot())
        await press(pilot, "2", "1", "2")
        await pilot.resize_terminal(100, 30)
        run = make.run()
        run.series["reward"].append(61 * 2048, 777.125)
        given.give(make.snapshot(run, revision=2))
        await press(pilot, "1")
        lines = given.text().splitlines()
        assert "777.1" in given.text()
        assert len(lines) == 30 and max(map(len, lines)) <= 100


async def test_a_chart_that_is_shown_the_same_again_draws_nothing(given: Any, make: Any, count: Any) -> None:
    async with given.app.run_test(size=(120, 40)) as pilot:
        run = make.run()
        given.give(make.snapshot(run))
        await press(pilot, "2", "1")
        drawn = count(Chart, "rows")
        given.give(make.snapshot(run, revision=2))
        await press(pilot, "2", "1")
        assert drawn == []
        run.series["reward"].append(61 * 2048, 777.125)
        given.give(make.snapshot(run, revision=3))
        await pilot.pause()
        assert [chart.title for chart in drawn] == ["reward"]


def test_a_slow_line_is_asked_for_by_one_word_and_halves_the_looks(workspace: Any) -> None:
    assert wanted(["--slow"]) == Opening(slow=True)
    assert wanted(["-w", "here", "--slow"]) == Opening(workspace=Path("here"), slow=True)
    assert wanted(["--slow", "status"]) is None, "the parser's"
    session = ConsoleSession(workspace, None, slow=True)
    assert session._follower.look_every == ConsoleApp(session)._tick_every == SLOW_EVERY > 2
    assert ConsoleApp(ConsoleSession(workspace, None))._tick_every == 1.0


async def test_news_and_ticks_that_come_while_a_screen_is_taken_down_draw_nothing(
    given: Any, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: set[str] = set()
    leave = Widget._message_loop_exit

    async def leave_and_tick(widget: Widget) -> None:
        await leave(widget)
        left.add(type(widget).__name__)
        given.app._tick()
        given.app._desks_changed()
        given.app._snapshot_arrived()
        given.app._revalidation_changed()

    async with given.app.run_test(size=(120, 40)) as pilot:
        given.give(make.snapshot())
        await press(pilot, "2", "1")
        monkeypatch.setattr(Widget, "_message_loop_exit", leave_and_tick)
    assert {"Tiles", "AlertTable", "Dashboard"} <= left
