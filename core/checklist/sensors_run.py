"""Sensors of the daily list: the run's facts as of an item's slot, judged by the documents' limits.

Trap avoided: an 11 o'clock value shown as what the 10 o'clock check of three days ago found; a slot that has
ended is judged by what was recorded until its end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from core.checklist import sensors_second
from core.checklist.context_run import ENDED, DailyContext, judged
from core.checklist.item import Item, Reading, unknown
from core.checklist.whole_model import model_problem
from core.clock import iso
from core.operations.as_of import first_row
from core.operations.facts import RunFacts
from core.telemetry.as_of import run_at
from core.units import duration

ROWS_BY_DAY_2 = 100


def sense_daily(context: DailyContext, item: Item) -> Reading:
    """An item's reading: pending before its slot, live in it, as recorded after it."""
    due, until = item.due or context.now, item.until or context.now
    if context.now < due:
        return Reading("pending", message=f"due {iso(due)}")
    started, ended = context.run.info.started_at, context.run.info.ended_at
    if context.health.status in ENDED and ended is not None and ended <= due:
        return Reading("not_applicable", message=f"the run ended {iso(ended)}")
    if started is not None and started >= until:
        return Reading("not_applicable", message=f"the run started later, {iso(started)}")
    facts = context.facts(min(context.now, until))
    reading = SENSORS[item.sensor](context, facts, item)
    if facts.past:
        note = f"as recorded until {iso(facts.moment)}"
        return _with_note(reading, note)
    return reading


def _with_note(reading: Reading, note: str) -> Reading:
    message = f"{reading.message}; {note}" if reading.message else note
    return replace(reading, stale_after=None, message=message)


def _running(context: DailyContext, facts: RunFacts, item: Item) -> Reading:
    if facts.status == "FINISHED":
        return Reading("not_applicable", facts.status, "RUNNING", message="the run is complete")
    good = None if facts.status == "UNKNOWN" else facts.status == "RUNNING"
    return Reading(
        "unknown" if good is None else "pass" if good else "fail",
        facts.status,
        "RUNNING",
        context.workspace.relative(context.run.info.directory),
        facts.row_age,
        message=facts.reason,
    )


def _trend(context: DailyContext, facts: RunFacts, item: Item) -> Reading:
    word = facts.reward_trend
    good = None if word == "UNKNOWN" else word in ("INCREASING", "STABLE")
    message = "needs at least four rows and 5,000 steps" if good is None else ""
    if good is False and facts.warm_up:
        message = "expected in the first 100k steps"
    return judged(context, facts, good, word, "INCREASING or STABLE", message)


def _sharpe(context: DailyContext, facts: RunFacts, item: Item) -> Reading:
    value = facts.evaluation.sharpe if facts.evaluation else None
    good = None if value is None else value >= 0
    message = (
        "no evaluation on the validation slice" if value is None else facts.sources.get("approx_sharpe", "")
    )
    return Reading(
        "unknown" if good is None else "pass" if good else "fail",
        value,
        "≥ 0.0",
        "evaluations.csv",
        None,
        None,
        message,
    )


def _kl(limit: float, context: DailyContext, facts: RunFacts) -> Reading:
    value = facts.kl_last
    median = "" if facts.kl_median is None else f"median {facts.kl_median:.4f}"
    return judged(context, facts, None if value is None else value < limit, value, f"< {limit:g}", median)


def _kl_daily(context: DailyContext, facts: RunFacts, item: Item) -> Reading:
    return _kl(context.workspace.settings.checks.kl_daily, context, facts)


def _kl_good(context: DailyContext, facts: RunFacts, item: Item) -> Reading:
    return _kl(context.workspace.settings.checks.kl_good, context, facts)


def _no_issues(context: DailyContext, facts: RunFacts, item: Item) -> Reading:
    issues = facts.issues
    value = None if issues is None else len(issues)
    message = "; ".join(issues or ())[:300]
    good = None if issues is None else not issues
    return judged(
        context, facts, good, value, "0", message or ("alerts of then are not known" if good is None else "")
    )


def _no_anomaly(context: DailyContext, facts: RunFacts, item: Item) -> Reading:
    if facts.issues is None:
        return unknown("alerts of then are not known")
    found = (*facts.issues, *facts.warnings)
    return judged(context, facts, not found, len(found), "0", "; ".join(found)[:300])


def _reward_positive(context: DailyContext, facts: RunFacts, item: Item) -> Reading:
    value = facts.last_reward
    return judged(context, facts, None if value is None else value > 0, value, "> 0")


def _falling(context: DailyContext, facts: RunFacts, item: Item) -> Reading:
    word = facts.trends.get(item.argument, "UNKNOWN")
    message = "needs at least four rows and 5,000 steps" if word == "UNKNOWN" else ""
    return judged(
        context, facts, None if word == "UNKNOWN" else word == "DECREASING", word, "DECREASING", message
    )


def _settling(context: DailyContext, facts: RunFacts, item: Item) -> Reading:
    """Falling or level; rising is what the documents warn of."""
    word = facts.trends.get(item.argument, "UNKNOWN")
    message = "needs at least four rows and 5,000 steps" if word == "UNKNOWN" else ""
    good = None if word == "UNKNOWN" else word != "INCREASING"
    return judged(context, facts, good, word, "DECREASING or STABLE", message)


def _policy_loss(context: DailyContext, facts: RunFacts, item: Item) -> Reading:
    value = facts.lasts.get("policy_loss")
    return judged(context, facts, None if value is None else value < 1.0, value, "< 1.0")


def _speed(context: DailyContext, facts: RunFacts, item: Item) -> Reading:
    limit = context.workspace.settings.checks.steps_per_second
    value = facts.steps_per_second
    shown = None if value is None else round(value, 1)
    return judged(context, facts, None if value is None else value >= limit, shown, f"≥ {limit:,.0f} steps/s")


def _progress(context: DailyContext, facts: RunFacts, item: Item) -> Reading:
    """The morning's progress check: status, KL and critical issues in one line."""
    if facts.status in ("CRASHED", "STALLED") or facts.issues:
        return judged(context, facts, False, facts.status, "no critical issue", "; ".join(facts.issues or ()))
    if facts.timestep is None or facts.issues is None:
        return unknown("nothing recorded until then", limit="no critical issue")
    if facts.status in ("SILENT", "ABSENT", "UNKNOWN"):
        return unknown(f"{facts.status}: {facts.reason}", limit="no critical issue")
    return judged(context, facts, True, f"{facts.status} at {facts.timestep:,}", "no critical issue")


def _snapshot(context: DailyContext, facts: RunFacts, item: Item) -> Reading:
    """The day's summary as the trainer leaves it."""
    day = (item.due or context.now).date().isoformat()
    path = context.run.info.directory / "daily_summaries" / f"{day}.json"
    shown = context.workspace.relative(path)
    if not path.is_file():
        message = f"the trainer writes it at each evaluation; ppo-console daily --date {day} shows the facts"
        return Reading("fail", "missing", "written", shown, message=message)
    written = (context.now.timestamp()) - path.stat().st_mtime
    return Reading("pass", "written", "written", shown, max(0.0, written))


def _checkpoint(context: DailyContext, facts: RunFacts, item: Item) -> Reading:
    hours = context.workspace.settings.checks.checkpoint_hours
    limit = f"< {hours:g} h old"
    if facts.checkpoint is None or facts.checkpoint_age is None:
        return Reading("fail", "none", limit, message="no checkpoint is saved")
    fresh = facts.checkpoint_age < hours * 3600 or facts.status in ENDED
    name = facts.checkpoint.path.name
    value = f"{name}, {duration(facts.checkpoint_age)} old"
    whole, words = (None, "") if facts.past else model_problem(facts.checkpoint.path)
    return Reading(
        "pass" if fresh and whole is not False else "fail",
        value,
        limit,
        context.workspace.relative(facts.checkpoint.path),
        facts.checkpoint_age,
        message=words,
    )


def _person(context: DailyContext, facts: RunFacts, item: Item) -> Reading:
    """Nothing to sense: in its slot it waits for a person."""
    return Reading("pending")


def _standup(context: DailyContext, facts: RunFacts, item: Item) -> Reading:
    """A stored standup of the day ticks the item; a person may, too."""
    day = (item.due or context.now).date().isoformat()
    if day in context.standups:
        return Reading("pass", "stored", "stored", "audit log")
    return Reading("pending", message="ppo-console standup --save, or the Standup screen")


def _rows(context: DailyContext, facts: RunFacts, item: Item) -> Reading:
    """The checklist document expects at least 100 rows by day 2."""
    started = context.run.info.started_at or first_row(context.run)
    if started is None:
        return unknown("the start of the run is not known", limit=f"≥ {ROWS_BY_DAY_2}")
    day = ((item.due or context.now).date() - started.date()).days + 1
    rows = max(
        (each.rows for each in run_at(context.run, facts.moment, context.now).run.series.values()), default=0
    )
    if day < 2:
        return Reading("not_applicable", rows, f"≥ {ROWS_BY_DAY_2}", message="asked for from day 2 on")
    return judged(context, facts, rows >= ROWS_BY_DAY_2, rows, f"≥ {ROWS_BY_DAY_2}")


SENSORS: dict[str, Callable[[DailyContext, RunFacts, Item], Reading]] = {
    "running": _running,
    "trend": _trend,
    "sharpe": _sharpe,
    "kl_daily": _kl_daily,
    "kl_good": _kl_good,
    "no_issues": _no_issues,
    "no_anomaly": _no_anomaly,
    "reward_positive": _reward_positive,
    "falling": _falling,
    "settling": _settling,
    "policy_loss": _policy_loss,
    "speed": _speed,
    "progress": _progress,
    "snapshot": _snapshot,
    "checkpoint": _checkpoint,
    "second": sensors_second.second,
    "second_logs": sensors_second.logs,
    "second_trends": sensors_second.trends,
    "second_disk": sensors_second.disk,
    "person": _person,
    "standup": _standup,
    "rows": _rows,
}
