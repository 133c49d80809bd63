"""`timeline` and `handover`: where the week stands, and what happened since this operator last looked."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli.options import JsonOption, WorkspaceOption, workspace_at
from console.cli.output import ATTENTION, GOOD, finish, put, put_json
from core.clock import parse_iso, utc_now
from core.errors import UsageError
from core.text import visible
from core.units import duration

if TYPE_CHECKING:
    from core.week.handover import Handover
    from core.week.timeline import Timeline

_MARKS = {
    "due": "○ due",
    "now": "▲ now",
    "overdue": "■ OVERDUE",
    "done": "● done",
    "not_applicable": "– n/a",
}
_AGO = re.compile(r"(\d+(?:\.\d+)?)([smhd])")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def register(app: typer.Typer) -> None:
    app.command("timeline", short_help="The week of both documents: due, now, overdue, done.")(timeline)
    app.command("handover", short_help="What happened since you last looked.")(handover)


def timeline(
    workspace: WorkspaceOption = None,
    at: Annotated[
        str | None, typer.Option("--at", metavar="TIME", help="As of another time, UTC: 2026-02-24T10:30.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """The week's plan with what is due, now, overdue and done, its owners, and what comes next. UTC.

    Exit 10 while something is overdue.
    """
    from console.facts import read_facts
    from console.stores import open_store
    from core.week.timeline import build_timeline

    now = utc_now()
    moment = None if at is None else parse_moment("--at", at, now)
    opened = workspace_at(workspace)
    facts = read_facts(opened, None, now)
    with open_store(opened) as store:
        found = build_timeline(opened, facts.run, facts.health, facts.alerts, store, now, at=moment)
    if as_json:
        put_json(found, now)
    else:
        put(timeline_text(found))
    finish(ATTENTION if found.counts["overdue"] else GOOD)


def timeline_text(found: Timeline) -> str:
    """The events by day, one line each; the answer first."""
    lines = [found.headline]
    day = None
    for event in found.events:
        if event.day != day:
            day = event.day
            lines += ["", f"Day {day}  {event.at[:10]}"]
        detail = f"  {event.detail}" if event.detail else ""
        lines.append(f"  {event.at[11:16]}  {_MARKS[event.state]:<10} {event.text}  ({event.owner}){detail}")
    if found.next is not None:
        lines += ["", f"next: {found.next.text} ({found.next.owner}) in {duration(found.next.seconds)}"]
    return "\n".join(lines)


def handover(
    workspace: WorkspaceOption = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="TIME", help="Instead of your last look: 2026-02-24T10:30, or 8h."),
    ] = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Do not mark it as seen: the next handover tells it again.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """What fired, was acknowledged, ticked, overridden, decided, signed or fell due since you last looked."""
    from console.facts import read_facts
    from console.stores import open_store
    from core.week.handover import build_handover
    from core.week.timeline import build_timeline

    now = utc_now()
    begin = None if since is None else parse_moment("--since", since, now)
    opened = workspace_at(workspace)
    facts = read_facts(opened, None, now)
    with open_store(opened) as store:
        week = build_timeline(opened, facts.run, facts.health, facts.alerts, store, now)
        found = build_handover(store, now, since=begin, timeline=week)
        if as_json:
            put_json(found, now)
        else:
            put(handover_text(found))
        if begin is None and not keep:  # once it is told, and no further than was told
            store.mark_look(now, found.last_entry, found.last_transition)
    finish(GOOD)


def handover_text(found: Handover) -> str:
    """By group, oldest first; the answer first."""
    from core.week.handover import GROUPS

    lines = [found.headline]
    for group, words in GROUPS:
        if events := found.of(group):
            lines += ["", words]
            for each in events:
                who = f"  {each.who}" if each.who else ""
                what = each.what if not each.severity else f"{each.severity} {each.what}"
                text = f"  {each.text}" if each.text else ""
                lines.append(f"  {each.at}  {what:<16} {each.subject}{who}{text}")
    return "\n".join(lines)


def parse_moment(option: str, text: str, now: datetime) -> datetime:
    """`2026-02-24T10:30`, `2026-02-24`, or `3h` for so long ago. Raises UsageError."""
    try:
        if match := _AGO.fullmatch(text.strip()):
            return now - timedelta(seconds=float(match[1]) * _UNITS[match[2]])
        return parse_iso(text.strip())
    except (ValueError, OverflowError):
        raise UsageError(
            f"{option}: expected a time like 2026-02-24T10:30 (UTC) or 3h for so long ago, "
            f"got {visible(text, 60)!r}"
        ) from None
