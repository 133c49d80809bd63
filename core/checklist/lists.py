"""Any checklist by its name, evaluated now: what the command and the screens share.

Trap avoided: a list that one place evaluates with a second look at the run, and another without.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date as Date
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from core.checklist.build import home_day, items_of
from core.checklist.catalogue import CHECKLISTS, OF_A_DAY, checklist_named
from core.checklist.daily import run_daily
from core.checklist.model import ChecklistResult, ItemResult, readiness
from core.errors import UsageError
from core.text import visible

if TYPE_CHECKING:
    from core.alerts.view import AlertView
    from core.checklist.facts import Facts
    from core.store.database import Store
    from core.telemetry.health import Health
    from core.telemetry.model import Run
    from core.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Look:
    """What a list is evaluated from."""

    workspace: Workspace
    store: Store | None
    run: Run
    health: Health
    alerts: Sequence[AlertView] | None
    now: datetime
    facts: Facts | None = None
    """Of the slow sensors; None: they look now, which takes a second or more."""


def run_list(name: str, look: Look, day: Date | None = None) -> ChecklistResult:
    """The list `name`, of `day` where it is dated (else: its own day, today for the lists of every day).

    Raises UsageError for an unknown name and for a day of a list without dates.
    """
    checklist = checklist_named(name)
    settings = look.workspace.settings
    if not checklist.dated:
        if day is not None:
            raise UsageError(f"{checklist.name} has no date; it is evaluated as of now")
        return _preflight(look)
    day = day or _usual_day(checklist.name, look)
    if checklist.name not in OF_A_DAY:
        return _late(checklist.name, look, day)
    title = f"{checklist.title.of(settings.checklist.language)} {day.isoformat()}"
    whole = run_daily(look.workspace, look.run, look.health, look.alerts, look.store, day, look.now)
    items = tuple(item for item in whole.items if item.id.startswith(f"{checklist.name}."))
    if not items:
        begin = _usual_day("launch", look)
        when = f"only launch day, {begin}, has any" if checklist.name == "launch" else "it is launch day"
        raise UsageError(f"{checklist.name} has no items on {day}: {when}", hint="Choose another --date.")
    return ChecklistResult(name=checklist.name, title=title, status=readiness(items), items=items)


def _usual_day(name: str, look: Look) -> Date:
    """Launch day for its list, today for those of every day, else revalidation day."""
    if name == "launch":
        started = look.run.info.started_at
        return look.workspace.settings.week.start if started is None else started.date()
    return look.now.date() if name in OF_A_DAY else home_day(name, look.workspace.settings)


def _preflight(look: Look) -> ChecklistResult:
    from core.checklist.preflight import run_preflight

    facts = look.facts
    if facts is None:
        return run_preflight(look.workspace, look.store, look.now)
    return run_preflight(look.workspace, look.store, look.now, probe=lambda _workspace, _now: facts)


def _late(name: str, look: Look, day: Date) -> ChecklistResult:
    from core.checklist.day import run_day_list

    facts = look.facts
    probe = None if facts is None else lambda _workspace, _now: facts
    return run_day_list(
        name,
        look.workspace,
        look.store,
        day,
        look.now,
        started_at=look.run.info.started_at,
        run_id=look.run.info.id,
        probe=probe,
    )


def find_item(result: ChecklistResult, wanted: str) -> ItemResult:
    """The item named by its number from 1, its id, its line's id, or the end of either.

    Raises UsageError where none or more than one fits.
    """
    if wanted.isdecimal() and 1 <= int(wanted) <= len(result.items):
        return result.items[int(wanted) - 1]
    exact = [item for item in result.items if wanted in (item.id, item.key)]
    found = exact or [
        item for item in result.items if item.id.endswith(f".{wanted}") or item.key.endswith(f".{wanted}")
    ]
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(item.id for item in found[:6])
        raise UsageError(f"{visible(wanted, 80)} names {len(found)} items: {names}", hint="Give a whole id.")
    open_first = sorted(result.items, key=lambda item: item.state != "pending" or item.kind == "sensed")
    raise UsageError(
        f"{result.name} has no item {visible(wanted, 80)}",
        hint=f"Its items: {', '.join(item.id for item in open_first[:6])}, … or a number from 1.",
    )


def tick_item(store: Store, item: ItemResult, note: str, now: datetime) -> None:
    """A person's tick. Raises UsageError for an item that judges itself, fails, or is not known."""
    if item.kind == "sensed":
        raise UsageError(
            f"{item.id} is sensed: it judges itself", hint="Pass over it: override, with --reason."
        )
    if item.state in ("fail", "unknown"):
        raise UsageError(
            f"{item.id} cannot be ticked, it is {item.state.upper()}: {item.message or item.value}",
            hint="Mend it first, or pass over it: override, with --reason.",
        )
    if item.state == "not_applicable":
        raise UsageError(f"{item.id} is not applicable now: {item.message or 'nothing to tick'}")
    store.tick(item.id, now, note, item.evidence)


def override_item(store: Store, item: ItemResult, reason: str, now: datetime) -> None:
    """Pass over an open item. Raises UsageError where nothing is open, and without a reason."""
    if item.state in ("pass", "not_applicable"):
        raise UsageError(f"nothing to override: {item.id} is {item.state.replace('_', ' ')}")
    store.override(item.id, reason, now)


class ListInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One list, before it is evaluated."""

    name: str
    title: str
    items: int
    first_due: str | None
    owners: tuple[str, ...]
    date: str | None
    sources: tuple[str, ...]
    """The documents it stands in: 000 the checklist, 001 the manual."""


def list_infos(workspace: Workspace) -> tuple[ListInfo, ...]:
    """Every list, in the order of the week. Quick: nothing is looked at."""
    settings = workspace.settings
    found = []
    for name, checklist in CHECKLISTS.items():
        items = items_of(name, settings)
        due = min((item.due for item in items if item.due is not None), default=None)
        found.append(
            ListInfo(
                name=name,
                title=checklist.title.of(settings.checklist.language),
                items=len(items),
                first_due=None if due is None else f"{due:%H:%M}",
                owners=tuple(dict.fromkeys(item.owner for item in items)),
                date=home_day(name, settings).isoformat()
                if name not in OF_A_DAY and checklist.dated
                else None,
                sources=tuple(dict.fromkeys(section.source for section in checklist.sections)),
            )
        )
    return tuple(found)
