"""From another screen to the log lines of a moment: a chart's cursor, an alert, an item; and to the charts.

`show_logs_at` is the intent; the Logs screen takes it up when it is shown. Trap avoided: a screen that
reaches into another one, which may not have been opened yet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from console.keys import DASHBOARD, LOGS
from console.trail import ChartPlace
from core.logs.target import Target

if TYPE_CHECKING:
    from console.incident import IncidentMixin
    from console.session import ConsoleSession

_WAITING: WeakKeyDictionary[ConsoleSession, Target] = WeakKeyDictionary()


def show_logs_at(console: IncidentMixin, target: Target) -> None:
    """Jump to the Logs screen at a step, at a time (UTC), or at a row's both: the step nearest that time."""
    _WAITING[console.session] = target
    console.jump(LOGS)


def show_charts_at(console: IncidentMixin, step: int) -> None:
    """Jump to the charts with the cursor at a step; `esc` leads back to the log lines."""
    console.jump(DASHBOARD)
    console.trail.chart = ChartPlace("", step)


def take_place(session: ConsoleSession) -> Target | None:
    """The place that was asked for last, once."""
    return _WAITING.pop(session, None)
