"""The way a person came from screen to screen, so that `esc` leads back along it, and the alert in hand.

A jump (alert → chart → log lines → runbook) is kept; a screen chosen by its number begins anew. A place asked
for waits here until its screen is shown. Trap avoided: a screen that reaches into another one, which may not
have been opened yet.
"""

from __future__ import annotations

from typing import NamedTuple

_LONGEST = 20


class ChartPlace(NamedTuple):
    metric: str
    """It fills the screen; empty: all charts, as they are."""
    step: float | None
    """Where the cursor stands; None: at the newest row."""


class RunbookPlace(NamedTuple):
    procedure: str
    """A scenario's or an escalation path's id; empty: the list."""


class ListPlace(NamedTuple):
    checklist: str
    """The list's name: `preflight`, `daily`, `escalation`."""
    day: str
    """`2026-02-24`, of a list of every day."""
    time: str
    """`10:00`: the cursor goes to the first item due then."""


class Trail:
    def __init__(self) -> None:
        self.alert = ""
        """The key of the alert in hand; empty without one."""
        self.chart: ChartPlace | None = None
        self.runbook: RunbookPlace | None = None
        self.checklist: ListPlace | None = None
        self._left: list[int] = []

    @property
    def empty(self) -> bool:
        return not self._left

    def leave(self, number: int) -> None:
        """A jump leaves screen `number`."""
        self._left = [*self._left[-_LONGEST:], number]

    def back(self) -> int | None:
        """The screen that the newest jump left; None at the beginning of the trail."""
        number = self._left.pop() if self._left else None
        if not self._left:
            self.alert = ""
        return number

    def clear(self) -> None:
        """Somewhere else by choice: nothing is in hand."""
        self._left.clear()
        self.alert, self.chart, self.runbook, self.checklist = "", None, None, None

    def take_chart(self) -> ChartPlace | None:
        """The place on the charts that was asked for, once."""
        place, self.chart = self.chart, None
        return place

    def take_runbook(self) -> RunbookPlace | None:
        place, self.runbook = self.runbook, None
        return place

    def take_checklist(self) -> ListPlace | None:
        place, self.checklist = self.checklist, None
        return place
