"""Items from a list of the catalogue: language, times and the workspace's changes applied.

Trap avoided: an item whose id changes with its wording or its changed time, and whose tick is then lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from datetime import date as Date
from itertools import pairwise
from typing import TYPE_CHECKING

from core.checklist.catalogue import CHECKLISTS, OF_A_DAY
from core.checklist.item import Item
from core.checklist.line import Checklist, Line, Section, Text, line_id
from core.config.settings import ItemChange
from core.text import visible

if TYPE_CHECKING:
    from core.config.settings import Settings

REVALIDATION_DAY = 4
"""Days after launch day."""
OWN = Text("Own checks", "Checks próprios")
_SEEN = ItemChange()


def items_of(name: str, settings: Settings, day: Date | None = None) -> tuple[Item, ...]:
    """The items of the list `name`, in the documents' order.

    `day`: of a dated list; else launch day for the lists of the training, revalidation day for the others.
    """
    checklist = CHECKLISTS[name]
    day = day or home_day(name, settings)
    items = (item for slot in _slots(checklist, settings, day) for item in _items(checklist, settings, *slot))
    once = {item.id: item for item in items}  # a time of day may stand twice in the schedule
    return (*once.values(), *_own(checklist, settings, day))


def home_day(name: str, settings: Settings) -> Date:
    """The date a list belongs to where none is named."""
    late = name not in OF_A_DAY and CHECKLISTS[name].dated
    return settings.week.start + timedelta(days=REVALIDATION_DAY if late else 0)


def at(day: Date, text: str) -> datetime:
    """`text`, `HH:MM`, on `day`, UTC."""
    hour, minute = text.split(":")
    return datetime.combine(day, time(int(hour), int(minute)), UTC)


def midnight(day: Date) -> datetime:
    """The end of `day`."""
    return datetime.combine(day + timedelta(days=1), time(), UTC)


_Slot = tuple[Section, datetime, datetime]


def _slots(checklist: Checklist, settings: Settings, day: Date) -> Iterator[_Slot]:
    """Each section with its begin and end. With more times than the documents have, the last one repeats."""
    several = [section for section in checklist.sections if section.index is not None]
    if several:
        begins = sorted(at(day, text) for text in getattr(settings.schedule, several[0].time))
        for index, (begin, end) in enumerate(pairwise([*begins, midnight(day)])):
            yield several[min(index, len(several) - 1)], begin, end
    for section in checklist.sections:
        if section.index is None:
            yield section, at(day, getattr(settings.schedule, section.time)), midnight(day)


def _items(
    checklist: Checklist, settings: Settings, section: Section, begin: datetime, end: datetime
) -> Iterator[Item]:
    for line in section.lines:
        yield _item(checklist, settings, section, line, begin, end)


def _item(
    checklist: Checklist, settings: Settings, section: Section, line: Line, begin: datetime, end: datetime
) -> Item:
    key = line_id(checklist, section, line)
    change = settings.checklist.items.get(key, _SEEN)
    language = settings.checklist.language
    due = at(begin.date(), change.time) if change.time else begin
    group = section.title.of(language)
    return Item(
        id=f"{checklist.name}.{begin:%Y-%m-%d.%H:%M}.{line.id}" if checklist.dated else key,
        text=visible(change.text, 300) or line.text.of(language).format_map(_words(settings, line)),
        group=f"{group} {begin:%H:%M}" if checklist.dated else group,
        kind=line.kind,
        on_fail=change.on_fail or line.on_fail,
        sensor=line.sensor,
        argument=line.argument,
        owner=visible(change.owner, 80) or line.owner or section.owner,
        action=line.action.of(language),
        language=language,
        key=key,
        due=due,
        until=max(end, due),
    )


def _words(settings: Settings, line: Line) -> dict[str, str]:
    paths = settings.paths
    approved = getattr(settings.approved, line.argument, None) if line.sensor == "hyperparameter" else None
    return {
        "logs": paths.logs,
        "checkpoints": paths.checkpoints,
        "models": paths.models,
        "reports": paths.reports,
        "total": f"{settings.approved.total_timesteps:,}",
        "approved": "" if approved is None else f"{approved:.10g}",
    }


def _own(checklist: Checklist, settings: Settings, day: Date) -> Iterator[Item]:
    """The user's own checks that joined this list."""
    section = checklist.sections[-1]
    begin = at(day, getattr(settings.schedule, section.time)) if section.index is None else None
    for name, check in settings.checklist.checks.items():
        if check.list == checklist.name and begin is not None:
            key = f"{checklist.name}.check.{name}"
            yield Item(
                id=f"{checklist.name}.{begin:%Y-%m-%d.%H:%M}.check.{name}" if checklist.dated else key,
                text=visible(check.text, 300),
                group=OWN.of(settings.checklist.language),
                on_fail=check.on_fail,
                sensor="own_check",
                argument=name,
                owner=visible(check.owner, 80) or section.owner,
                language=settings.checklist.language,
                key=key,
                seconds=check.seconds,
                due=begin,
                until=midnight(day),
            )
