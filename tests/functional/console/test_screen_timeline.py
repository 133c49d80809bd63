"""The Timeline screen: the week as it stands, the present marked, and from each event to what it is about."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from console.countdown import Countdown, until
from core.config.settings import Settings


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch, make: Any) -> Any:
    """Sets the clock; launch day is the day of `make.now`, 10:00."""

    def set_clock(moment: datetime) -> datetime:
        for module in ("console.app", "console.week_desk", "console.screens.timeline"):
            monkeypatch.setattr(f"{module}.utc_now", lambda: moment)
        return moment

    return set_clock


async def opened(given: Any, make: Any, pilot: Any, until_seen: str = "day 1") -> str:
    given.give(make.snapshot())
    await pilot.press("7")
    await given.until(pilot, lambda: until_seen in given.text())
    return str(given.text())


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_it_says_what_is_due_now_and_next_and_marks_the_present(
    given: Any, make: Any, at: Any, size: tuple[int, int]
) -> None:
    at(make.now + timedelta(hours=4, minutes=10))
    async with given.app.run_test(size=size) as pilot:
        text = await opened(given, make, pilot)
        assert "now: Mid-day convergence review" in " ".join(text.split())
        assert "next: Hourly check +1 h in 50 min" in " ".join(text.split())
        lines = text.splitlines()
        present = next(index for index, line in enumerate(lines) if "── now 24 Feb 14:10Z ──" in line)
        assert "14:00" in lines[present - 1] and "15:00" in lines[present + 1]
        assert "▲ now" in text and "● done" in text and "□ due" in text
        assert "ML Engineer" in text and "Tue 24 Feb  day 1  launch day" in text
        await pilot.press("G")
        await pilot.pause()
        assert "later" in given.text() and "Live deployment" in given.text()


async def test_a_quiet_minute_changes_nothing_on_the_screen_but_the_clock(
    given: Any, make: Any, at: Any
) -> None:
    moment = at(make.now + timedelta(hours=4, minutes=10, seconds=5))
    async with given.app.run_test(size=(120, 40)) as pilot:
        await opened(given, make, pilot)
        given.app._tick()
        await given.until(pilot, lambda: given.session.settled_ahead is not None)
        given.app._tick()
        await pilot.pause()
        before = given.text().splitlines()
        at(moment + timedelta(seconds=40))
        given.app._tick()
        await pilot.pause()
        after = given.text().splitlines()
        assert before[0] != after[0] and before[1:] == after[1:]
        assert before[0].rsplit(" ", 1)[0] == after[0].rsplit(" ", 1)[0]


async def test_enter_leads_to_the_list_the_training_or_revalidate_and_esc_back(
    given: Any, make: Any, at: Any
) -> None:
    at(make.now + timedelta(hours=4, minutes=10))
    async with given.app.run_test(size=(120, 40)) as pilot:
        await opened(given, make, pilot)
        for event, screen in (("daily.2026-02-24.14:00", 3), ("execute.2026-02-28.16:00", 5)):
            assert given.app.open_screen.list.select(event)
            await pilot.press("enter")
            await pilot.pause()
            assert given.app.open_screen.number == screen
            await pilot.press("escape")
            await pilot.pause()
            assert given.app.open_screen.number == 7
        given.app.open_screen.list.select("start.2026-02-24.14:00")
        await pilot.press("enter")
        await pilot.pause()
        assert type(given.app.screen).__name__ == "TrainingDialog"


async def test_d_says_all_of_an_event_also_at_80_columns(given: Any, make: Any, at: Any) -> None:
    at(make.now + timedelta(hours=4, minutes=10))
    async with given.app.run_test(size=(80, 24)) as pilot:
        await opened(given, make, pilot)
        given.app.open_screen.list.select("daily.2026-02-24.14:00")
        await pilot.press("d")
        await pilot.pause()
        text = given.text()
        assert "ppo-console checklist daily --date 2026-02-24" in text and "overdue after 15:00Z" in text


async def test_another_weeks_plan_says_where_its_start_is_set(given: Any, make: Any, at: Any) -> None:
    at(make.now + timedelta(days=200))
    async with given.app.run_test(size=(120, 40)) as pilot:
        text = " ".join((await opened(given, make, pilot, "the week began")).split())
        assert (
            "the week began 2026-02-24 and is over: the week's start is [week] start in config.toml" in text
        )


async def test_without_a_workspace_it_says_how_to_get_a_week(tmp_path: Any, given: Any, make: Any) -> None:
    from console.app import ConsoleApp
    from console.session import ConsoleSession

    (tmp_path / "run").mkdir()
    given.session = ConsoleSession(None, tmp_path / "run")
    given.app, given.follower = ConsoleApp(given.session), given.session._follower
    async with given.app.run_test(size=(80, 24)) as pilot:
        text = " ".join((await opened(given, make, pilot, "--start DATE")).replace("│", "").split())
        assert "a workspace is needed" in text and "ppo-console init DIR --start DATE" in text


async def test_the_header_leaves_out_what_is_done_before_the_timeline_was_ever_opened(
    given: Any, make: Any, at: Any
) -> None:
    moment = at(make.now - timedelta(minutes=10))
    async with given.app.run_test(size=(120, 40)) as pilot:
        given.app._tick()
        assert given.app._upcoming == ("", ""), "not before it is known"
        given.give(make.snapshot())

        def shown() -> str:
            given.app._tick()
            return str(given.app._upcoming[0])

        await given.until(pilot, shown)
        planned = Countdown().words(given.session.settings, moment)[0]
        assert planned == "Pre-training checklist in 10 min", "which is done: the training runs"
        assert shown() == "Morning standup, progress check in 10 min"
        assert given.session.week_desk.state.timeline is None


def test_what_does_not_apply_is_not_counted_down_to(make: Any) -> None:
    now = datetime(2026, 2, 23, 13, 30, tzinfo=make.now.tzinfo)
    countdown, settings = Countdown(), Settings()
    assert countdown.words(settings, now, {"daily.2026-02-23.14:00"})[0] == "START TRAINING in 30 min"
    assert countdown.words(settings, now)[0] == "Mid-day convergence review in 30 min"


def test_the_countdown_moves_with_the_minute_and_at_the_end_with_the_second(make: Any) -> None:
    countdown, settings = Countdown(), Settings()
    begin = datetime(2026, 2, 23, 13, 30, 10, tzinfo=make.now.tzinfo)
    words = [countdown.words(settings, begin + timedelta(seconds=second)) for second in range(40)]
    assert set(words) == {("Mid-day convergence review in 29 min", "in 29 min")}
    assert [until(seconds) for seconds in (100_000, 3600, 3599, 119, 1)] == [
        "1d03h",
        "1h00m",
        "59 min",
        "1m59s",
        "1s",
    ]
    assert countdown.words(settings, begin + timedelta(days=9)) == ("", "")
