"""The lists of revalidation day, evaluated; `preparation` gates the revalidation."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date as Date
from datetime import datetime
from typing import TYPE_CHECKING

from core.checklist import probe as slow
from core.checklist.build import items_of
from core.checklist.catalogue import CHECKLISTS
from core.checklist.catalogue_revalidation import PREPARED_SENSORS
from core.checklist.evaluate import evaluate
from core.checklist.facts import Facts
from core.checklist.item import Item, Reading
from core.checklist.model import ChecklistResult, readiness
from core.checklist.probe import PREPARATION_PROBES
from core.checklist.sensors_above import ready
from core.checklist.sensors_day import sense_day
from core.checklist.sensors_preparation import DayContext
from core.checklist.signoff import sign_off_table
from core.operations.decided import newest_decision

if TYPE_CHECKING:
    from core.store.view import Records
    from core.workspace import Workspace

Probe = Callable[["Workspace", datetime], Facts]


def run_day_list(
    name: str,
    workspace: Workspace,
    store: Records | None,
    day: Date | None,
    now: datetime,
    *,
    started_at: datetime | None = None,
    run_id: str = "",
    probe: Probe | None = None,
) -> ChecklistResult:
    """A list of revalidation day; `started_at`: when the run began, an earlier decision is not this run's,
    nor one on a model of another run than `run_id`.

    `preparation` takes a second or more: a child process looks (`probe`).
    """
    settings = workspace.settings
    items = items_of(name, settings, day)
    facts = (probe or _probe)(workspace, now) if name == "preparation" else None
    phases = sign_off_table(workspace, store) if store is not None and name == "sign_off" else ()
    context = DayContext(workspace, now, newest_decision(workspace, store), phases, facts, started_at, run_id)

    def sense(item: Item) -> Reading:
        return sense_day(context, item)

    first = evaluate([item for item in items if item.sensor not in PREPARED_SENSORS], sense, store, now)
    rest = [item for item in items if item.sensor in PREPARED_SENSORS]
    last = evaluate(rest, lambda _: ready(first), store, now)
    by_id = {result.id: result for result in first + last}
    results = tuple(by_id[item.id] for item in items)
    title = CHECKLISTS[name].title.of(settings.checklist.language)
    when = items[0].due.date().isoformat() if items[0].due is not None else ""
    return ChecklistResult(name=name, title=f"{title} {when}", status=readiness(results), items=results)


def _probe(workspace: Workspace, now: datetime) -> Facts:
    return slow.run_probe(workspace, now, wanted=PREPARATION_PROBES)
