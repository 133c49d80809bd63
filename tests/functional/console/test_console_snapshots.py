"""A few pictures, one per screen state: what a change does to the look is seen before it is kept.

`pytest --snapshot-update` takes new ones.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

Compare = Callable[..., bool]


@pytest.fixture(autouse=True)
def still_time(monkeypatch: pytest.MonkeyPatch, make: Any) -> None:
    """The clock stands, and nobody in particular sits here."""
    later = make.now + timedelta(minutes=3)
    for module in ("console.app", "console.screens.alerts", "console.desk", "console.week_desk"):
        monkeypatch.setattr(f"{module}.utc_now", lambda: later)


async def ticked(pilot: Any) -> None:
    """Seconds have passed: the header's countdown stands there, however long the test took."""
    end = time.monotonic() + 60
    while pilot.app.session.settled_ahead is None and time.monotonic() < end:
        await pilot.pause(0.02)
    pilot.app._tick()
    await pilot.pause()


def _alerts(make: Any) -> list[Any]:
    return [
        make.alert(),
        make.alert(
            rule="kl_high",
            severity="warning",
            value=0.0612,
            threshold=0.05,
            key="b",
            message="approx_kl 0.0612 > 0.05 at step 190,464",
            acknowledged_by="ana",
            acknowledged_at=make.now,
            note="lowering the learning rate",
        ),
        make.alert(
            rule="checkpoint_old",
            severity="warning",
            state="pending",
            value=50_000.0,
            threshold=43_200.0,
            metric="",
            key="c",
        ),
        make.alert(
            rule="negative_reward_trend", severity="warning", state="resolved", metric="reward", key="d"
        ),
    ]


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
def test_alerts(snap_compare: Compare, given: Any, make: Any, size: tuple[int, int]) -> None:
    async def prepare(pilot: Any) -> None:
        given.give(make.snapshot(alerts=_alerts(make)))
        await pilot.press("2")
        await ticked(pilot)

    assert snap_compare(given.app, terminal_size=size, run_before=prepare)


def test_acknowledging(snap_compare: Compare, given: Any, make: Any) -> None:
    async def prepare(pilot: Any) -> None:
        given.session.operator = None
        given.give(make.snapshot(alerts=_alerts(make)))
        await pilot.pause()
        given.session.operator = None
        await pilot.press("2", "a", "enter")
        await ticked(pilot)

    assert snap_compare(given.app, terminal_size=(80, 24), run_before=prepare)


def test_standup(snap_compare: Compare, given: Any, make: Any) -> None:
    async def prepare(pilot: Any) -> None:
        given.give(make.snapshot())
        await pilot.press("6")
        await ticked(pilot)

    assert snap_compare(given.app, terminal_size=(100, 34), run_before=prepare)


def test_help(snap_compare: Compare, given: Any, make: Any) -> None:
    async def prepare(pilot: Any) -> None:
        given.give(make.snapshot())
        await pilot.press("2")
        await pilot.pause()
        await pilot.press("question_mark")
        await ticked(pilot)

    assert snap_compare(given.app, terminal_size=(80, 40), run_before=prepare)
