"""The next event of the week for the header: which, and how long until then.

Trap avoided: the whole plan made again each second. It is made once for its settings, and the words change
with the minute; only in the last two minutes with the second.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING

from core.units import duration

if TYPE_CHECKING:
    from core.config.settings import Settings
    from core.week.plan import Planned

_SECONDS_FROM = 120.0


class Countdown:
    def __init__(self) -> None:
        self._settings: Settings | None = None
        self._plan: tuple[Planned, ...] = ()

    def words(
        self, settings: Settings | None, now: datetime, without: Collection[str] = ()
    ) -> tuple[str, str]:
        """(the event and the time until then, that time alone): `Daily check-in in 29 min`, `in 29 min`.

        Empty without a plan and after the week. `without`: ids of events that are known not to apply.
        """
        if settings is None:
            return "", ""
        if settings is not self._settings:
            from core.week.plan import plan

            self._settings, self._plan = settings, plan(settings)
        following = next((event for event in self._plan if event.at > now and event.id not in without), None)
        if following is None:
            return "", ""
        left = f"in {until((following.at - now).total_seconds())}"
        return f"{following.text} {left}", left


def until(seconds: float) -> str:
    """`2d03h`, `2h04m`, `29 min`; in the last two minutes `1m40s`."""
    if seconds >= 3600:
        return duration(seconds - seconds % 60)
    return f"{int(seconds // 60)} min" if seconds >= _SECONDS_FROM else duration(seconds)
