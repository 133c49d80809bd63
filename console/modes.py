"""The numbered screens, each made when it is first opened.

Trap avoided: importing what stands on eight screens to show the first.
"""

from __future__ import annotations

from collections.abc import Callable

from console.screens.base import ConsoleScreen


def _dashboard() -> ConsoleScreen:
    from console.screens.dashboard import Dashboard

    return Dashboard()


def _alerts() -> ConsoleScreen:
    from console.screens.alerts import Alerts

    return Alerts()


def _checklist() -> ConsoleScreen:
    from console.screens.checklist import Checklist

    return Checklist()


def _logs() -> ConsoleScreen:
    from console.screens.logs import Logs

    return Logs()


def _revalidate() -> ConsoleScreen:
    from console.screens.revalidate import Revalidate

    return Revalidate()


def _standup() -> ConsoleScreen:
    from console.screens.standup import StandupScreen

    return StandupScreen()


def _timeline() -> ConsoleScreen:
    from console.screens.timeline import TimelineScreen

    return TimelineScreen()


def _runbook() -> ConsoleScreen:
    from console.screens.runbook import Runbook

    return Runbook()


SCREENS: dict[str, Callable[[], ConsoleScreen]] = {
    "1": _dashboard,
    "2": _alerts,
    "3": _checklist,
    "4": _logs,
    "5": _revalidate,
    "6": _standup,
    "7": _timeline,
    "8": _runbook,
}
"""By the number's key, which is the mode's name too."""
