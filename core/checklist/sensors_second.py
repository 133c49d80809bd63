"""Sensors of the optional second check: log, trends and disk, where the check-in found an anomaly."""

from __future__ import annotations

import shutil
from datetime import timedelta

from core.checklist.context_run import DailyContext, judged
from core.checklist.item import Item, Reading, SensedState, unknown
from core.operations.as_of import rows_between
from core.operations.facts import RunFacts
from core.text import visible


def second(context: DailyContext, facts: RunFacts, item: Item) -> Reading:
    """Only needed where something was found."""
    found = (*(facts.issues or ()), *facts.warnings)
    if found:
        return Reading("pending", len(found), message=f"look again: {'; '.join(found)[:300]}")
    if facts.issues is None:
        return unknown("alerts of then are not known")
    return Reading("not_applicable", 0, message="no anomaly was found")


def logs(context: DailyContext, facts: RunFacts, item: Item) -> Reading:
    """Errors in the newest 100 lines of `training.log`."""
    calm = second(context, facts, item)
    if calm.state != "pending":
        return calm
    if facts.past:
        return unknown("the log of then is not judged; see the Logs")
    lines = context.run.log_tail[-100:]
    if not lines:
        return unknown("training.log has no line yet", limit="no error")
    bad = [line for line in lines if "[ERROR]" in line or "[CRITICAL]" in line or "Traceback" in line]
    source = context.workspace.relative(context.run.info.directory / "training.log")
    message = visible(bad[-1], 200) if bad else ""
    return Reading("fail" if bad else "pass", len(bad), "no error", source, facts.row_age, None, message)


def trends(context: DailyContext, facts: RunFacts, item: Item) -> Reading:
    """Where the charts went in the two hours before."""
    calm = second(context, facts, item)
    if calm.state != "pending":
        return calm
    names = ("reward", "approx_kl", "value_loss", "entropy")
    begin = facts.moment - timedelta(hours=2)
    found = []
    for name in names:
        series = context.run.series.get(name)
        values = rows_between(series, begin, facts.moment) if series is not None else []
        if len(values) >= 2:
            found.append(f"{name} {values[0]:.4g} → {values[-1]:.4g}")
    if not found:
        return unknown("no rows of the last 2 h", limit="looked at")
    return judged(context, facts, True, ", ".join(found), "looked at")


def disk(context: DailyContext, facts: RunFacts, item: Item) -> Reading:
    """The size of the models' folder, and what is free where it lies."""
    calm = second(context, facts, item)
    if calm.state != "pending":
        return calm
    if facts.past:
        return unknown("the disk of then is not known")
    folder = context.workspace.models
    try:
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        free = shutil.disk_usage(folder).free / 1e9
    except OSError as error:
        return unknown(f"{context.workspace.relative(folder)}: {error.strerror}")
    limit = context.workspace.settings.checks.disk_free_gb
    value = f"{size / 1e6:,.1f} MB, {free:.0f} GB free"
    state: SensedState = "pass" if free >= limit else "fail"
    return Reading(state, value, f"≥ {limit:g} GB free", context.workspace.relative(folder), 0.0)
