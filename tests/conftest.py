"""What holds for every test: its name is the same in each process that collects it; and for the tests that
press keys: when an app and its threads have nothing left to do."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "loaded machine",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("loaded machine")

FRAME = 0.005
"""Seconds between two frames here; Textual draws 60 in a second."""
SOON = 0.025
"""Seconds: what a timer brings sooner than this is a frame or the first paint, not the clock."""
STUCK = 10.0
"""Seconds after which a thread that still works is taken for stuck, on purpose of the test."""
NEVER_STILL = 30.0
"""Seconds after which an app that never comes to rest is looked at as it is."""

Busy = Callable[[], bool]


def pytest_make_parametrize_id(val: object) -> str | None:
    """Bytes name no test: a zip made while collecting holds the time, so that two workers would disagree."""
    return "bytes" if isinstance(val, bytes) else None


class Quiet:
    """Stands where Textual waits until the process uses no CPU for 20 ms: on a loaded machine a process that
    is kept waiting looks idle, and on a free one those 20 ms are most of a test's time."""

    def __init__(self) -> None:
        self.busy: dict[str, Busy] = {}
        """Work outside the loop: a thread's jobs."""
        self._stuck: set[str] = set()

    async def __call__(self, min_sleep: float = 0.0, max_sleep: float = 0.0) -> None:
        """Until no callback is ready, no frame is due and no job is under way."""
        from textual._context import active_app

        loop, app = asyncio.get_running_loop(), active_app.get(None)
        began, calm = time.monotonic(), 0
        while calm < 3:
            await asyncio.sleep(0)
            calm += 1
            waited = time.monotonic() - began
            works = {name for name, busy in self.busy.items() if busy()}
            self._stuck &= works
            if waited > STUCK:
                self._stuck |= works
            due = [each.when() for each in loop._scheduled if not each.cancelled()]  # type: ignore[attr-defined]
            leaves = app is not None and app._exit  # its frames come on and on, and nothing is drawn
            frame = float("inf") if leaves else min(due, default=float("inf")) - loop.time()
            if waited < NEVER_STILL and (loop._ready or frame < SOON):  # type: ignore[attr-defined]
                calm = 0
                await asyncio.sleep(0 if loop._ready else max(0.0, frame))  # type: ignore[attr-defined]
            elif works > self._stuck:
                calm = 0
                await asyncio.sleep(0.001)


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> Iterator[Quiet]:
    """`pilot.press` and `pilot.pause()` return when the app has nothing left to do."""
    made = Quiet()
    for where in ("textual.pilot.wait_for_idle", "textual.app.wait_for_idle"):
        monkeypatch.setattr(where, made)
    monkeypatch.setattr("textual.screen.UPDATE_PERIOD", FRAME)
    from textual.pilot import Pilot

    wait_for_screen = Pilot._wait_for_screen

    async def unless_it_leaves(pilot: Pilot[object], timeout: float = 60.0) -> bool:
        """Of an app that is closing the widgets answer no more."""
        return not pilot.app._exit and await wait_for_screen(pilot, timeout)

    monkeypatch.setattr(Pilot, "_wait_for_screen", unless_it_leaves)
    yield made
