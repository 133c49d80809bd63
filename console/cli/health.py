"""`status`, `check` and `daily`: what the run looks like, for people, cron and pipes."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli.options import JsonOption, RunOption, WorkspaceOption, workspace_at, workspace_named
from console.cli.output import ATTENTION, BAD, GOOD, finish, put, put_json
from core.clock import utc_now
from core.errors import UsageError

if TYPE_CHECKING:
    from console.facts import Facts
    from core.telemetry.status import Status


def register(app: typer.Typer) -> None:
    app.command("status", short_help="The run: alive, how far, how fast, its metrics.")(status)
    app.command("check", short_help="The progress check of the checklist document.")(check)
    app.command("daily", short_help="The daily check-in of the manual, as JSON.")(daily)


def status(workspace: WorkspaceOption = None, run: RunOption = None, as_json: JsonOption = False) -> None:
    """Show the run: is it alive, how far, how fast, what do its metrics say."""
    from console.facts import read_facts
    from core.telemetry.status import build_status

    now = utc_now()
    opened = workspace_named(workspace, run)
    facts = read_facts(opened, run, now)
    report = build_status(facts.run, facts.health, facts.alerts, now)
    if as_json:
        put_json(report, now)
    else:
        put(_status_text(report, facts))
    finish(_status_code(facts))


def _status_code(facts: Facts) -> int:
    firing = [alert for alert in facts.alerts if alert.state == "firing"]
    if facts.health.status == "CRASHED" or any(alert.severity == "critical" for alert in firing):
        return BAD
    if facts.health.status in ("STALLED", "SILENT", "ABSENT") or any(
        alert.severity == "warning" for alert in firing
    ):
        return ATTENTION
    return GOOD


_GLYPHS = {
    "RUNNING": "●",
    "FINISHED": "●",
    "STOPPED": "●",
    "STALLED": "▲",
    "SILENT": "▲",
    "CRASHED": "■",
    "ABSENT": "○",
}


def _status_text(report: Status, facts: Facts) -> str:
    from core.telemetry.metrics import METRICS
    from core.units import MISSING, age, duration, number, percent

    run = report.run
    name = run.tag or run.id
    what = " ".join(part for part in (", ".join(run.symbols), run.mode or "") if part)
    total = "?" if report.total_timesteps is None else number(report.total_timesteps)
    progress = MISSING if report.progress is None else percent(report.progress * 100)
    checkpoint = report.checkpoint
    lines = [
        f"{name}  {what}  {_GLYPHS[report.status]} {report.status}".replace("    ", "  "),
        f"  {facts.health.reason}",
        "",
        f"progress    {number(report.timestep)} / {total} steps   {progress}   "
        f"{_pace(report)}   ETA {duration(report.eta_seconds)}",
        _last_row(report),
        (
            f"checkpoint  {checkpoint.count} saved, newest {age(checkpoint.age_seconds)} ago"
            if checkpoint and checkpoint.count
            else "checkpoint  none yet"
        ),
        "",
        f"{'metric':<20}{'last':>12}{'min':>12}{'max':>12}{'points':>9}  trend",
    ]
    for metric, view in report.metrics.items():
        decimals = METRICS[metric].decimals
        last = "not finite" if view.last is None and view.points else number(view.last, decimals)
        lines.append(
            f"{METRICS[metric].label:<20}{last:>12}{number(view.min, decimals):>12}"
            f"{number(view.max, decimals):>12}{number(view.points):>9}  {view.trend}"
        )
    if not report.metrics:
        lines.append("  no metric yet")
    lines.append("")
    firing = [alert for alert in facts.alerts if alert.firing]
    lines.append(f"alerts      {len(firing)} firing" if firing else "alerts      none firing")
    for alert in firing:
        at = "" if alert.since_timestep is None else f"  since step {number(alert.since_timestep)}"
        taken = "" if alert.acknowledged_by is None else f"  acknowledged by {alert.acknowledged_by}"
        lines.append(f"  {alert.severity:<9} {alert.rule}{at}{taken}")
    lines += [f"note        {note}" for note in report.notes if note not in facts.health.reason]
    lines += [
        f"{source.malformed} malformed rows in {source.path}" for source in report.sources if source.malformed
    ]
    return "\n".join(lines)


def _pace(report: Status) -> str:
    """A run that makes no steps any more has none now."""
    from core.units import number

    words = "pace" if report.status in ("RUNNING", "STALLED") else "last pace"
    return f"{words} {number(report.steps_per_second)} steps/s"


def _last_row(report: Status) -> str:
    from core.units import age

    if report.timestep is None:
        return "last row    none yet"
    if report.last_row_age_seconds is None:
        return "last row    at a time that is not known"
    return f"last row    {age(report.last_row_age_seconds)} ago"


def check(
    workspace: WorkspaceOption = None,
    day: Annotated[
        str | None, typer.Option("--date", metavar="YYYY-MM-DD", help="As of the end of a past date, UTC.")
    ] = None,
) -> None:
    """The progress check of the checklist document, as text."""
    from console.facts import read_facts
    from core.operations.as_of import end_of_day
    from core.operations.progress_check import progress_check

    now = utc_now()
    opened = workspace_at(workspace)
    asked = parse_day(day, now)
    if asked > now.date():
        raise UsageError(f"{asked} has not come yet: today is {now.date()} (UTC)")
    facts = read_facts(opened, None, now)
    moment = min(now, end_of_day(asked))
    report = progress_check(opened, facts.run, facts.health, facts.alerts, now, moment=moment)
    put(report.text)
    finish({"OK": GOOD, "WARNING": ATTENTION, "CRITICAL": BAD}[report.status])


def daily(
    workspace: WorkspaceOption = None,
    day: Annotated[
        str | None, typer.Option("--date", metavar="YYYY-MM-DD", help="Default: today, UTC.")
    ] = None,
    as_json: JsonOption = True,
) -> None:
    """The daily check-in of the manual: its JSON, alone on stdout."""
    from console.facts import read_facts
    from core.operations.daily_check import daily_check

    now = utc_now()
    opened = workspace_at(workspace)
    asked = parse_day(day, now)
    facts = read_facts(opened, None, now)
    report = daily_check(opened, facts.run, facts.health, facts.alerts, asked, now)
    put_json(report, now)
    failed = any(point.state in ("fail", "unknown") for point in report.points)
    finish(ATTENTION if failed or not report.no_issues else GOOD)


def parse_day(text: str | None, now: datetime) -> date:
    """The day asked for. Raises UsageError for anything but YYYY-MM-DD."""
    if text is None:
        return now.date()
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--date: expected YYYY-MM-DD, got {text!r}") from None
    if not 1970 <= day.year <= 9000:
        raise UsageError(f"--date: expected a day from 1970 to 9000, got {text!r}")
    return day
