"""What is typed before the screen has answered, as over a stalled line, reaches what it was meant for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest
from textual import events
from textual.app import App, ComposeResult
from textual.widgets import Input

from console import typed_ahead


def all_at_once(app: Any, *keys: str) -> None:
    for key in keys:
        app.post_message(events.Key(key, key if len(key) == 1 else None))


async def test_a_text_typed_behind_the_key_that_asks_for_it_is_that_text_and_no_command(live: Any) -> None:
    """`/` opens the field; of `R2T` no key is a command; the key behind enter is the screen's."""
    async with live.app.run_test(size=(80, 24)) as pilot:
        await live.until(pilot, lambda: live.alerts)
        await pilot.press("4")
        await live.until(pilot, lambda: "Step" in live.text())
        all_at_once(live.app, "slash", *"R2T", "enter", "question_mark")
        await live.until(pilot, lambda: "Keys on Logs" in live.text())
        await pilot.press("escape")
        await live.until(pilot, lambda: "/R2T" in live.text())
        assert live.number == 4 and len(live.app.screen_stack) == 1


async def test_an_answer_typed_behind_its_question_is_the_answer(live: Any) -> None:
    async with live.app.run_test(size=(80, 24)) as pilot:
        await live.until(pilot, lambda: live.alerts)
        all_at_once(live.app, "2", "a", *"mine", "enter", "3")
        await live.until(pilot, lambda: live.number == 3)
        await live.until(pilot, lambda: any(each.note == "mine" for each in live.alerts))


class Told(typed_ahead.TypedAheadMixin, App[int]):
    """Keeps the keys in the order in which they reach the screen; `then` runs with the first."""

    AUTO_FOCUS = None

    def __init__(self, then: Callable[[], None] = lambda: None) -> None:
        super().__init__()
        self.told = ""
        self.said: list[str] = []
        self._then = then

    def say(self, words: str, tone: str = "good") -> None:
        self.said.append(f"{tone}: {words}")

    def compose(self) -> ComposeResult:
        yield Input()

    def on_key(self, event: events.Key) -> None:
        first, self.told = not self.told, self.told + event.key
        if first:
            self._then()


async def test_a_key_that_arrives_while_the_kept_ones_are_on_their_way_overtakes_none() -> None:
    app = Told()
    async with app.run_test(size=(40, 10)) as pilot:
        handed_on = app._dealt_with

        def arrives(key: int) -> None:
            if app.told == "1":
                all_at_once(app, "3")  # it stands in the queue before the kept one is called for
            handed_on(key)

        app._dealt_with = arrives  # type: ignore[method-assign]
        all_at_once(app, "1", "2")
        for _ in range(500):
            await asyncio.sleep(0)
            if len(app.told) == 3:
                break
        await pilot.pause()
    assert app.told == "123"


async def test_keys_beyond_those_that_are_kept_are_counted_and_said_once_the_kept_ones_are_dealt_with(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(typed_ahead, "_MOST", 3)
    app = Told(lambda: all_at_once(app, *"2345678"))
    async with app.run_test(size=(40, 10)) as pilot:
        all_at_once(app, "1")
        for _ in range(500):
            await asyncio.sleep(0)
            if app.said:
                break
        await pilot.pause()
    assert app.told == "1234"
    assert app.said == ["warning: 4 keys are left out: more than 3 waited at once"]


async def test_a_loop_that_stood_still_gives_the_keys_behind_no_head_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A stalled terminal holds the loop for longer than any patience; the text is a text all the same."""
    monkeypatch.setattr(typed_ahead, "_PATIENCE", 0.02)

    def opens() -> None:
        time.sleep(0.06)
        there, back = app.screen.call_later, app.call_later
        back(there, back, there, app.query_one(Input).focus)

    app = Told(opens)
    async with app.run_test(size=(40, 10)) as pilot:
        all_at_once(app, "1", *"234")
        for _ in range(200):
            await asyncio.sleep(0.001)
            if app.query_one(Input).value:
                break
        await pilot.pause()
        assert app.query_one(Input).value == "234"
