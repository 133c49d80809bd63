"""What is typed before the screen has answered, as over a stalled line, reaches what it was meant for."""

from __future__ import annotations

from typing import Any

from textual import events


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
