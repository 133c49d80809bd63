"""The lists of one date of the training week: hourly, daily, check-in, second check."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from datetime import date as Date
from typing import TYPE_CHECKING

from core.checklist.build import items_of
from core.checklist.catalogue import OF_A_DAY
from core.checklist.context_run import DailyContext
from core.checklist.evaluate import evaluate
from core.checklist.item import Item
from core.checklist.model import ChecklistResult, readiness
from core.checklist.sensors_run import sense_daily

if TYPE_CHECKING:
    from core.alerts.view import AlertView, Transition
    from core.config.settings import Settings
    from core.store.view import Records
    from core.telemetry.health import Health
    from core.telemetry.model import Run
    from core.workspace import Workspace


def run_daily(
    workspace: Workspace,
    run: Run,
    health: Health,
    alerts: Sequence[AlertView] | None,
    store: Records | None,
    day: Date,
    now: datetime,
    *,
    transitions: list[Transition] | None = None,
) -> ChecklistResult:
    """Every check of `day`, evaluated as of its own slot: live while the slot lasts, then as recorded.

    A slot that has not come is pending; one after the run's end is not applicable. `transitions` saves a
    replay of the rules to a caller who has made it.
    """
    items = items_of_day(workspace.settings, day, launched=launched(run, day))
    standups = frozenset(entry.subject for entry in store.entries("standup")) if store is not None else None
    context = DailyContext(
        workspace, run, health, None if alerts is None else tuple(alerts), now, standups or frozenset()
    )
    context.transitions = transitions
    results = evaluate(items, lambda item: sense_daily(context, item), store, now)
    title = {"en": "Daily checks", "pt": "Checks diários"}[workspace.settings.checklist.language]
    return ChecklistResult(
        name=f"daily.{day.isoformat()}",
        title=f"{title} {day.isoformat()}",
        status=readiness(results),
        items=results,
    )


def items_of_day(settings: Settings, day: Date, *, launched: bool = False) -> tuple[Item, ...]:
    """The items of `day`, in the order of their times.

    Launch day's hourly checks belong to the first day of the week and to the day the run really started
    (`launched`); the check-in and the second check to every other day.
    """
    launch = day == settings.week.start or launched
    names = ("launch", "daily") if launch else ("daily", "check_in", "second")
    assert set(names) <= set(OF_A_DAY)
    items = [item for name in names for item in items_of(name, settings, day)]
    return tuple(sorted(items, key=lambda item: item.due or datetime.max.replace(tzinfo=UTC)))


def launched(run: Run, day: Date) -> bool:
    """Whether the run really started on `day`."""
    return run.info.started_at is not None and run.info.started_at.date() == day
