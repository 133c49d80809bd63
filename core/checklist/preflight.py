"""The pre-training checklist, evaluated now.

`run_preflight` is what the command, the screen and the start of a training run share. Trap avoided: judging
the settings the program started with; the configuration is read from disk again, so an edit after the last
preflight shows.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from core.checklist import sensors_data, sensors_setup
from core.checklist.build import items_of
from core.checklist.catalogue_preflight import PREFLIGHT, SETUP_SENSORS
from core.checklist.context import PreflightContext, read_settings
from core.checklist.evaluate import evaluate
from core.checklist.facts import Facts
from core.checklist.item import Item, Reading
from core.checklist.model import ChecklistResult, ItemResult, readiness
from core.checklist.probe import run_probe
from core.checklist.sensors_above import all_checks, no_blockers, ready
from core.workspace import Workspace

if TYPE_CHECKING:
    from core.store.database import Store

PREFLIGHT_TICK_SECONDS = 7 * 86_400.0
"""A tick counts for a week: last week's look at the system says nothing about this one."""

Sensor = Callable[[PreflightContext, str], Reading]
SENSORS: dict[str, Sensor] = {
    "folder": sensors_setup.folder,
    "disk": sensors_setup.disk,
    "memory": sensors_setup.memory,
    "config": sensors_setup.config,
    "hyperparameter": sensors_setup.hyperparameter,
    "environment": sensors_setup.environment,
    "reward_component": sensors_setup.reward_component,
    "reward_clip": sensors_setup.reward_clip,
    "normalise": sensors_setup.normalise,
    "train_data": sensors_data.train_data,
    "test_data": sensors_data.test_data,
    "gaps": sensors_data.gaps,
    "side_data": sensors_data.side_data,
    "smc": sensors_data.smc,
    "baseline": sensors_data.baseline,
    "own_check": sensors_data.own_check,
}


def run_preflight(
    workspace: Workspace,
    store: Store | None,
    now: datetime,
    *,
    timesteps: int | None = None,
    probe: Callable[[Workspace, datetime], Facts] = run_probe,
) -> ChecklistResult:
    """Every item of the pre-training checklist, and READY, FIX or BLOCKED.

    `timesteps` is what a start asks for instead of the configuration's. Takes about a second: the
    heavy sensors run in a child process. Blocks its thread; a screen calls it from a worker.
    """
    settings, problem = read_settings(workspace)
    current = Workspace(workspace.root, settings or workspace.settings)
    facts = probe(current, now)
    context = PreflightContext(current, now, settings is not None, problem, facts, timesteps)
    items = items_of("preflight", current.settings)

    def sense(item: Item) -> Reading:
        return SENSORS[item.sensor](context, item.argument)

    first = evaluate(
        [item for item in items if item.sensor not in SETUP_SENSORS],
        sense,
        store,
        now,
        tick_valid_seconds=PREFLIGHT_TICK_SECONDS,
    )
    last = evaluate(
        [item for item in items if item.sensor in SETUP_SENSORS],
        lambda item: SETUP[item.sensor](first),
        store,
        now,
        tick_valid_seconds=PREFLIGHT_TICK_SECONDS,
    )
    by_id = {result.id: result for result in first + last}
    results = tuple(by_id[item.id] for item in items)
    title = PREFLIGHT.title.of(current.settings.checklist.language)
    return ChecklistResult(name="preflight", title=title, status=readiness(results), items=results)


def record_preflight(store: Store, result: ChecklistResult, now: datetime) -> None:
    """Enter a preflight into the audit log; what it saw to be good ticks itself.

    When such a value changes later its item un-ticks itself and says so.
    """
    failing = [item.id for item in result.items if item.state == "fail"]
    seen = {
        item.id: item.evidence
        for item in result.items
        if item.kind == "sensed" and item.state in ("pass", "warn") and item.evidence
    }
    store.settle("preflight", result.status, {"failing": failing, "seen": seen}, seen, now)


SETUP: dict[str, Callable[[tuple[ItemResult, ...]], Reading]] = {
    "all_checks": all_checks,
    "no_blockers": no_blockers,
    "ready": ready,
}
