"""Which checklists the screen goes through: preflight, each day's, revalidation day's, sign-off; and today's.

Trap avoided: a list of a document that no key reaches.
"""

from __future__ import annotations

from datetime import date as Date
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from core.config.settings import Settings

PREFLIGHT = "preflight"


class ListKey(NamedTuple):
    key: str
    """A list's name; of the lists of one day its date."""
    label: str
    day: Date | None
    """None: it has no date."""
    begins: str
    """When its first item is due, ISO 8601."""
    heading: str = ""
    """The day of several lists: `Fri 27 Feb`."""


def list_keys(settings: Settings, today: Date) -> tuple[ListKey, ...]:
    """In the order of the week; today's stands among them, whatever the week."""
    # Of the lists themselves nothing is needed before one is looked at.
    from core.checklist.build import REVALIDATION_DAY
    from core.checklist.catalogue import CHECKLISTS, OF_A_DAY

    start = settings.week.start
    days = sorted({today, *(start + timedelta(days=index) for index in range(REVALIDATION_DAY))})
    last = start + timedelta(days=REVALIDATION_DAY)
    found = [_key(PREFLIGHT, settings, None)]
    found += [_day(day, today) for day in days if day < last]
    found += [_key(name, settings, last) for name in CHECKLISTS if name not in (PREFLIGHT, *OF_A_DAY)]
    return (*found, *(_day(day, today) for day in days if day >= last))


def _day(day: Date, today: Date) -> ListKey:
    label = f"{'today' if day == today else format(day, '%a')} {day.day} {day:%b}"
    return ListKey(day.isoformat(), label, day, f"{day.isoformat()}T00:00:00Z")


def _key(name: str, settings: Settings, day: Date | None) -> ListKey:
    from core.checklist.build import items_of
    from core.clock import iso

    due = min((item.due for item in items_of(name, settings) if item.due is not None), default=None)
    label = name.replace("_", "-")
    if day is None or due is None:
        return ListKey(name, label, None, "")
    heading = f"{day:%a} {day.day} {day:%b}"
    return ListKey(name, label, day, iso(due), heading)
