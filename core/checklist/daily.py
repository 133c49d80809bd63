"""The daily list: the checks of one date of the training week."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date as Date
from datetime import datetime
from typing import TYPE_CHECKING

from core.checklist.catalogue_daily import daily_items
from core.checklist.evaluate import evaluate
from core.checklist.model import ChecklistResult, readiness
from core.checklist.sensors_run import DailyContext, sense_daily

if TYPE_CHECKING:
    from core.alerts.view import AlertView
    from core.store.database import Store
    from core.telemetry.health import Health
    from core.telemetry.model import Run
    from core.workspace import Workspace


def run_daily(
    workspace: Workspace,
    run: Run,
    health: Health,
    alerts: Sequence[AlertView] | None,
    store: Store | None,
    day: Date,
    now: datetime,
) -> ChecklistResult:
    """Every check of `day`, evaluated as of its own slot: live while the slot lasts, then as recorded.

    A slot that has not come is pending; one after the run's end is not applicable.
    """
    items = daily_items(workspace.settings, day, launched=_launched(run, day))
    context = DailyContext(workspace, run, health, None if alerts is None else tuple(alerts), now)
    results = evaluate(items, lambda item: sense_daily(context, item), store, now)
    return ChecklistResult(
        name=f"daily.{day.isoformat()}",
        title=f"Daily checks {day.isoformat()}",
        status=readiness(results),
        items=results,
    )


def _launched(run: Run, day: Date) -> bool:
    return run.info.started_at is not None and run.info.started_at.date() == day
