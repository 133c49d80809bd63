"""The handover: told after opening to who has looked before, in nobody's way, and again by its key."""

from __future__ import annotations

import contextlib
import math
import sqlite3
from datetime import timedelta
from typing import Any

import pytest
from textual import events

from console.app import ConsoleApp
from console.screens.handover import HandoverPanel
from console.session import ConsoleSession
from console.stores import open_store
from core.clock import utc_now


def happened(given: Any) -> None:
    """This operator looked two hours ago; since then others have ticked and overridden."""
    now = utc_now()
    with open_store(given.workspace) as store:
        store.tick("preflight.before", now - timedelta(hours=3))
        store.mark_look(now - timedelta(hours=2))
        store.tick("preflight.setup_ready", now - timedelta(hours=1), "all good")
        store.override("preflight.smc", "not in this phase", now - timedelta(minutes=30))


async def looked(given: Any, pilot: Any) -> Any:
    """What happened, once the week's thread has looked it up and the panel had its chance to open."""
    desk = given.app.session.week_desk
    given.app.offer_handover()
    await given.until(pilot, lambda: desk.state.handover is not None)
    given.app.offer_handover()
    await pilot.pause()
    return desk.state.handover


async def seconds_pass(given: Any, pilot: Any, words: str) -> str:
    def come() -> bool:
        given.app.offer_handover()
        return words in given.text()

    await given.until(pilot, come)
    return str(given.text())


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_what_happened_since_the_last_look_is_told_over_the_dashboard(
    given: Any, make: Any, size: tuple[int, int]
) -> None:
    happened(given)
    async with given.app.run_test(size=size) as pilot:
        given.give(make.snapshot())
        text = await seconds_pass(given, pilot, "Since you last looked")
        assert "1 ticked" in text and "1 overridden" in text
        assert "preflight.setup_ready" in text and "all good" in text and "not in this phase" in text
        assert "preflight.before" not in text and "any key closes" in text


async def test_any_key_closes_it_and_still_does_what_it_does(given: Any, make: Any) -> None:
    happened(given)
    async with given.app.run_test(size=(80, 24)) as pilot:
        given.give(make.snapshot())
        await seconds_pass(given, pilot, "Since you last looked")
        await pilot.press("2")
        await pilot.pause()
        assert given.app.screen is given.app.open_screen and given.app.open_screen.number == 2
        await pilot.press("A")
        await seconds_pass(given, pilot, "Since you last looked")
        await pilot.press("q")
        await pilot.pause()
        assert given.app.open_screen.number == 2, "closing it left the console"
        assert not given.app.says_something, "it was still being looked up"


async def test_a_key_on_its_way_while_it_opened_is_the_screens_also_where_the_panel_knows_it(
    given: Any, make: Any
) -> None:
    """`enter` pressed before anybody can have read the panel opens the metric; a panel that was asked for has
    its keys from the beginning."""
    happened(given)
    async with given.app.run_test(size=(80, 24)) as pilot:
        given.give(make.snapshot())
        await seconds_pass(given, pilot, "Since you last looked")
        given.app.screen.unseen_until = math.inf
        await pilot.press("enter")
        await given.until(pilot, lambda: "newest: step" in given.text())
        await pilot.press("escape", "A")
        await seconds_pass(given, pilot, "Since you last looked")
        await pilot.press("enter")
        await pilot.pause()
        assert given.app.screen is given.app.open_screen and "newest: step" not in given.text()


async def test_what_is_typed_behind_the_key_that_closes_it_comes_behind_that_key(
    given: Any, make: Any
) -> None:
    happened(given)
    async with given.app.run_test(size=(80, 24)) as pilot:
        given.give(make.snapshot())
        await seconds_pass(given, pilot, "Since you last looked")
        for key in ("2", "4", "A"):
            given.app.post_message(events.Key(key, key))
        await seconds_pass(given, pilot, "Since you last looked")
        assert given.app.open_screen.number == 4


async def test_it_does_not_stand_in_the_way_of_who_has_begun(given: Any, make: Any) -> None:
    """A note says that there is something, and the next console tells it again."""
    happened(given)
    async with given.app.run_test(size=(80, 24)) as pilot:
        given.give(make.snapshot())
        await pilot.press("tab")
        text = await seconds_pass(given, pilot, "happened since you last looked: A shows it")
        assert not isinstance(given.app.screen, HandoverPanel) and "Since you last looked" not in text
    with open_store(given.workspace) as store:
        assert len(store.since_last_look().entries) == 2


async def test_what_was_told_is_not_told_again_and_nothing_new_says_nothing(given: Any, make: Any) -> None:
    happened(given)
    async with given.app.run_test(size=(80, 24)) as pilot:
        given.give(make.snapshot())
        await seconds_pass(given, pilot, "Since you last looked")
    session = ConsoleSession(given.workspace, None)
    given.app, follower = ConsoleApp(session), session._follower
    async with given.app.run_test(size=(80, 24)) as pilot:
        follower.give(make.snapshot())  # type: ignore[attr-defined]
        found = await looked(given, pilot)
        assert found is not None and all(each.group == "due" for each in found.happened)
        assert given.app.screen is given.app.open_screen


async def test_on_an_empty_record_nothing_is_said(given: Any, make: Any) -> None:
    async with given.app.run_test(size=(80, 24)) as pilot:
        given.give(make.snapshot())
        await looked(given, pilot)
        assert given.app.screen is given.app.open_screen and "A shows" not in given.text()
        await pilot.press("A")
        await seconds_pass(given, pilot, "nothing happened on record")


async def test_it_does_not_take_the_place_of_what_is_being_said(given: Any, make: Any) -> None:
    happened(given)
    async with given.app.run_test(size=(80, 24)) as pilot:
        given.give(make.snapshot())
        given.app.say("config.toml has other alert rules")
        await looked(given, pilot)
        assert not isinstance(given.app.screen, HandoverPanel) and "other alert rules" in given.text()
        given.app._note = ("", "plain")
        await seconds_pass(given, pilot, "Since you last looked")


async def test_who_never_looked_gets_a_note_and_opens_it_by_its_key(given: Any, make: Any) -> None:
    with open_store(given.workspace) as store:
        store.tick("preflight.setup_ready", utc_now())
    async with given.app.run_test(size=(80, 24)) as pilot:
        given.give(make.snapshot())
        await seconds_pass(given, pilot, "1 entry is on record from before: A shows it")
        assert given.app.screen is given.app.open_screen
        await pilot.press("A")
        assert "preflight.setup_ready" in await seconds_pass(given, pilot, "Since you last looked")


async def test_what_was_overdue_before_the_last_look_opens_no_panel(given: Any, make: Any) -> None:
    """A week that is over has nothing new to tell."""
    with open_store(given.workspace) as store:
        store.mark_look(utc_now())
    async with given.app.run_test(size=(80, 24)) as pilot:
        given.give(make.snapshot())
        found = await looked(given, pilot)
        assert found is not None and given.app.screen is given.app.open_screen


async def test_a_store_that_cannot_be_read_is_said_to_who_asked(given: Any, make: Any) -> None:
    happened(given)
    with contextlib.closing(sqlite3.connect(given.workspace.store)) as raw, raw:
        raw.execute("UPDATE last_looks SET at = 'x'")
    async with given.app.run_test(size=(80, 24)) as pilot:
        given.give(make.snapshot())
        await pilot.press("A")
        await seconds_pass(given, pilot, "holds a value that was not written")
        assert given.app.screen is given.app.open_screen
