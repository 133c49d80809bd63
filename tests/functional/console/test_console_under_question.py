"""Under a question the screen goes on: clock, run, values and alerts are of now, for the bytes they cost."""

from __future__ import annotations

import gc
from datetime import timedelta
from typing import Any

import pytest
from textual._compositor import ChopsUpdate
from textual._styles_cache import StylesCache
from textual.geometry import Region

import console.app as app_module
from console.behind import uncovered
from console.changed_cells import ShownCells
from console.screens.help import HelpScreen
from console.screens.modals import Confirm, Details
from widgets.answer import Answer

FACTS = tuple((f"fact {row}", "a value that takes its room", "plain") for row in range(12))


def question() -> Confirm:
    return Confirm("Stop the training?", (("run", "r1"),), "stop it", loses=True)


async def test_clock_run_values_and_a_new_alert_are_seen_under_a_question(
    given: Any, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with given.app.run_test(size=(80, 24)) as pilot:
        given.give(make.snapshot())
        await pilot.pause()
        given.app.push_screen(Details("The box is tall", FACTS))
        await pilot.pause(0.04)
        given.give(make.snapshot(make.run(rows=99), [make.alert()]))
        monkeypatch.setattr(app_module, "utc_now", lambda: make.now + timedelta(hours=3))
        given.app._tick()
        await pilot.pause(0.04)
        text = given.text()
        header, tabs = text.splitlines()[:2]
        assert "The box is tall" in text
        assert "202,752" in header and "13:00:00Z" in header
        assert "Alerts 1!" in tabs
        assert (
            given.app._background_screens[0].query_one(Answer).text.plain.startswith("■ critical: kl_spike")
        )


async def test_a_second_under_a_question_sends_the_clock_alone(
    given: Any, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with given.app.run_test(size=(80, 24)) as pilot:
        given.give(make.snapshot())
        await pilot.pause()
        given.app.push_screen(question())
        await pilot.pause(0.04)
        monkeypatch.setattr(app_module, "utc_now", lambda: make.now)
        given.app._tick()
        await pilot.pause(0.04)
        sent: list[int] = []

        def display(_screen: Any, update: Any) -> None:
            if isinstance(update, ChopsUpdate):
                sent.append(len(ShownCells().changes(update).render_segments(given.app.console)))
            elif update is not None:
                sent.append(10_000)

        monkeypatch.setattr(given.app, "_display", display)
        monkeypatch.setattr(app_module, "utc_now", lambda: make.now + timedelta(seconds=1))
        given.app._tick()
        await pilot.pause(0.04)
        assert "10:00:01Z" in given.text().splitlines()[0]
        assert 0 < sum(sent) < 80


async def test_under_two_boxes_too_and_what_a_box_uncovers_is_of_now(given: Any, make: Any) -> None:
    async with given.app.run_test(size=(120, 40)) as pilot:
        given.give(make.snapshot())
        await pilot.pause()
        given.app.push_screen(Details("below", FACTS))
        given.app.push_screen(question())
        await pilot.pause(0.04)
        given.give(make.snapshot(make.run(rows=99)))
        await pilot.pause(0.04)
        assert "202,752" in given.text().splitlines()[0]
        for box in given.app.screen.query(".question"):
            box.display = False
        for box in given.app.screen_stack[1].query(".question"):
            box.display = False
        await pilot.pause(0.04)
        behind = given.app.screen_stack[0]._compositor.render_strips()
        assert given.text().splitlines()[3:39] == [strip.text.rstrip() for strip in behind[3:39]]


async def test_the_help_tells_the_answer_of_now(given: Any, make: Any) -> None:
    async with given.app.run_test(size=(80, 24)) as pilot:
        given.give(make.snapshot())
        await pilot.pause()
        await pilot.press("question_mark")
        given.give(make.snapshot(make.run(rows=99), [make.alert()]))
        await pilot.pause()
        given.app._tick()
        await pilot.pause(0.04)
        assert isinstance(given.app.screen, HelpScreen)
        assert "■ critical: kl_spike" in given.text().split("Keys on Dashboard")[1]


def test_what_no_box_covers_is_exactly_the_cells_beside_it() -> None:
    def cells(regions: Any) -> set[tuple[int, int]]:
        return {(x, y) for r in regions for x in range(r.x, r.right) for y in range(r.y, r.bottom)}

    whole = Region(0, 0, 12, 8)
    for box in (Region(3, 2, 4, 3), Region(0, 0, 5, 5), Region(8, 6, 9, 9), Region(20, 0, 2, 2), whole):
        assert cells(uncovered([whole], [box])) == cells([whole]) - cells([box])
    assert uncovered([whole], [Region(0, 0, 6, 8), Region(6, 0, 6, 8)]) == set()


async def test_a_question_that_was_answered_leaves_nothing_behind(given: Any, make: Any) -> None:
    """Each opened help kept its drawn lines, 1.7 MB."""

    def kept() -> int:
        gc.collect()
        return sum(isinstance(each, StylesCache) for each in gc.get_objects())

    async with given.app.run_test(size=(80, 24)) as pilot:
        given.give(make.snapshot())
        found = []
        for _ in range(4):
            await pilot.press("question_mark")
            assert isinstance(given.app.screen, HelpScreen)
            await pilot.press("escape")
            found.append(kept())
        assert found[-1] == found[0]
