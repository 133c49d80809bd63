"""Logs of a run, written and waited for."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

TRAINING = [f"2026-02-24 09:{minute:02d}:00 [INFO] Step {minute * 2048}/500000" for minute in range(60)]
END = [
    "2026-02-24 09:59:30 [ERROR] nan in value_loss",
    "Traceback (most recent call last):",
    "  boom",
]
ALERT = "2026-02-24 09:30:30 [WARNING] kl_high #1 firing: approx_kl 0.06 > 0.05 at step 61,440"


class Logs:
    """The log files of the run that is given, and the screen that shows them."""

    training = TRAINING

    def __init__(self, given: Any, make: Any) -> None:
        self._given, self._make = given, make
        self.folder: Path = given.workspace.logs
        self.folder.mkdir(parents=True, exist_ok=True)

    def write(self, name: str, lines: list[str], mode: str = "a") -> None:
        with (self.folder / name).open(mode) as stream:
            stream.writelines(line + "\n" for line in lines)

    def fill(self) -> None:
        self.write("training.log", [*TRAINING, *END])
        self.write("alerts.log", [ALERT])
        self.write("daily_summary.log", ["2026-02-24 09:10:30 [INFO] 2026-02-24 RUNNING"])

    async def opened(self, pilot: Any, what: str = "in all") -> str:
        """The screen's text once `what` stands on it."""
        self._given.give(self._make.snapshot())
        await pilot.pause()
        await pilot.press("4")
        return await self.until(pilot, what)

    async def look(self, revision: int = 2) -> None:
        """News of the run, with which the logs are looked at."""
        self._given.give(self._make.snapshot(revision=revision))

    async def until(self, pilot: Any, what: str | Callable[[str], bool], seconds: float = 60.0) -> str:
        """What stands on the screen as soon as `what` is true of it; fails with it after `seconds`."""
        seen = what if callable(what) else lambda text: what in text
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            await pilot.pause(0.01)
            if seen(text := self._given.text()):
                return str(text)
        raise AssertionError(f"never saw {what!r} in\n{self._given.text()}")


@pytest.fixture
def logs(given: Any, make: Any) -> Logs:
    return Logs(given, make)
