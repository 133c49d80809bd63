"""The Alerts screen: what needs somebody, and an acknowledgement that says who and why."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from console.screens.modals import AskText, Details


async def test_the_first_line_answers_and_the_worst_stands_first(given: Any, make: Any) -> None:
    alerts = [
        make.alert(rule="negative_reward_trend", severity="warning", key="a", metric="reward"),
        make.alert(rule="kl_spike", key="b"),
        make.alert(rule="old", state="resolved", severity="critical", key="c"),
    ]
    async with given.app.run_test(size=(100, 30)) as pilot:
        given.give(make.snapshot(alerts=alerts))
        await pilot.press("2")
        await pilot.pause()
        text = given.text()
        assert "2 firing, 0 acknowledged" in text
        lines = text.splitlines()
        order = [
            next(i for i, line in enumerate(lines) if name in line and i > 3)
            for name in ("kl_spike", "negative_reward_trend", "old ")
        ]
        assert order == sorted(order)
        assert "■ critical" in text and "▲ warning" in text
        assert "Reduce the learning rate, check the data" in text
        assert "2 Alerts 2!" in text


async def test_a_critical_alert_is_not_acknowledged_without_a_note(given: Any, make: Any) -> None:
    async with given.app.run_test(size=(80, 24)) as pilot:
        given.give(make.snapshot(alerts=[make.alert()]))
        await pilot.press("2", "a")
        await pilot.pause()
        assert isinstance(given.app.screen, AskText)
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(given.app.screen, AskText) and "is required" in given.text()
        assert given.follower.acknowledged == []
        await pilot.press(*"lowering lr", "enter")
        await pilot.pause()
        assert given.follower.acknowledged == [("run/kl_spike/1", "lowering lr")]


async def test_a_warning_is_acknowledged_without_a_note_and_escape_takes_nothing(
    given: Any, make: Any
) -> None:
    async with given.app.run_test(size=(80, 24)) as pilot:
        given.give(make.snapshot(alerts=[make.alert(severity="warning")]))
        await pilot.press("2", "a", "escape")
        await pilot.pause()
        assert given.follower.acknowledged == []
        await pilot.press("a", "enter")
        await pilot.pause()
        assert given.follower.acknowledged == [("run/kl_spike/1", "")]


async def test_a_key_typed_into_the_note_is_a_letter_and_no_command(given: Any, make: Any) -> None:
    async with given.app.run_test(size=(80, 24)) as pilot:
        given.give(make.snapshot(alerts=[make.alert()]))
        await pilot.press("2", "a", *"qR?:136", "enter")
        await pilot.pause()
        assert given.follower.acknowledged == [("run/kl_spike/1", "qR?:136")]


async def test_only_a_firing_alert_can_be_acknowledged(given: Any, make: Any) -> None:
    async with given.app.run_test(size=(100, 24)) as pilot:
        given.give(make.snapshot(alerts=[make.alert(state="pending")]))
        await pilot.press("2", "a")
        await pilot.pause()
        assert given.app.screen is given.app.open_screen
        assert "only a firing alert is acknowledged" in given.text()


async def test_an_acknowledgement_shows_its_operator_time_and_note(given: Any, make: Any) -> None:
    alert = make.alert(acknowledged_by="ana", acknowledged_at=make.now, note="lr lowered, watching")
    async with given.app.run_test(size=(80, 24)) as pilot:
        given.give(make.snapshot(alerts=[alert]))
        await pilot.press("2")
        await pilot.pause()
        text = given.text()
        assert re.search(r"ana, \d+ d ago \(24 Feb 10:00Z\): lr lowered, watching", text), "in the row"
        assert "note      lr lowered, watching" in text
        assert "Nothing needs you: 1 firing, 1 acknowledged" in text
        assert "1!" not in text


async def test_the_cursor_stays_on_its_alert_when_another_one_comes_above_it(given: Any, make: Any) -> None:
    old = make.alert(rule="flat_reward", severity="warning", key="flat", metric="reward")
    async with given.app.run_test(size=(80, 24)) as pilot:
        given.give(make.snapshot(alerts=[old]))
        await pilot.press("2")
        given.give(make.snapshot(alerts=[old, make.alert(key="new")]))
        await pilot.pause()
        assert given.app.open_screen.table.selected.key == "flat"


async def test_on_the_dashboard_the_acknowledge_key_leads_to_the_alerts(given: Any, make: Any) -> None:
    async with given.app.run_test(size=(80, 24)) as pilot:
        given.give(make.snapshot(alerts=[make.alert()]))
        await pilot.press("a")
        await pilot.pause()
        assert given.app.open_screen.number == 2


async def test_details_are_reachable_where_there_is_no_room_for_them(given: Any, make: Any) -> None:
    async with given.app.run_test(size=(60, 15)) as pilot:
        given.give(make.snapshot(alerts=[make.alert()]))
        await pilot.press("2")
        await pilot.pause()
        assert "Reduce the learning rate" not in given.text()
        await pilot.press("d")
        await pilot.pause()
        assert isinstance(given.app.screen, Details)
        assert "Reduce the learning rate, check the data" in given.text()


async def test_alerts_that_could_not_be_judged_are_not_nothing_that_fires(given: Any, make: Any) -> None:
    async with given.app.run_test(size=(100, 30)) as pilot:
        given.give(make.snapshot(unjudged="alerts could not be judged: boom"))
        text = await given.pressed(pilot, "2")
        assert "■ alerts could not be judged: boom; as last judged: Nothing needs you" in text


async def test_open_details_follow_their_alert_and_say_from_when_they_are_once_it_is_gone(
    given: Any, make: Any
) -> None:
    """Also where another one comes above it, or it fires anew; never the one that now lies in its place."""
    mine = make.alert(rule="flat_reward", severity="warning", key="run/flat_reward/1", message="as it was")
    worse = make.alert(key="worse")
    async with given.app.run_test(size=(80, 24)) as pilot:
        given.give(make.snapshot(alerts=[mine]))
        await pilot.press("2", "d")
        await given.until(
            pilot, lambda: isinstance(given.app.screen, Details) and "as it was" in given.text()
        )
        again = msgspec.structs.replace(mine, key="run/flat_reward/2", message="it fires anew")
        given.give(make.snapshot(alerts=[again, worse]))
        given.app._tick()
        await given.until(pilot, lambda: "it fires anew" in given.text())
        given.give(make.snapshot(alerts=[worse]))
        given.app._tick()
        await given.until(pilot, lambda: "it does not stand in the list any more" in given.text())
        assert "it fires anew" in given.text() and "As of " in given.text()
        assert given.text().count("any more") == 1


async def test_details_of_an_empty_list_are_said_to_be_none(given: Any, make: Any) -> None:
    async with given.app.run_test(size=(80, 24)) as pilot:
        given.give(make.snapshot())
        assert "no row stands here" in await given.pressed(pilot, "2", "shift+tab", "d")


async def test_without_alerts_the_screen_says_that_rules_watch(given: Any, make: Any) -> None:
    async with given.app.run_test(size=(80, 24)) as pilot:
        given.give(make.snapshot())
        await pilot.press("2")
        await pilot.pause()
        assert "Nothing needs you" in given.text()
        rules = sum(rule.enabled for rule in given.session.settings.alerts.values())
        assert f"{rules} rules of config.toml watch each new row" in given.text()
