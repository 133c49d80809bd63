"""`alerts silence`, `outbox` and their like: who is told of an alert, and who is not for a while."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli.complete import rule_names
from console.cli.options import JsonOption, WorkspaceOption, workspace_at
from console.cli.output import ATTENTION, GOOD, builtins_of, finish, put, put_json, say
from core.clock import iso, parse_iso, utc_now
from core.errors import UsageError
from core.spans import parse_span

if TYPE_CHECKING:
    from core.store.database import Store
    from core.workspace import Workspace


def register(group: typer.Typer) -> None:
    group.command("silence", short_help="Tell nobody of some alerts for a while.")(silence)
    group.command("unsilence")(unsilence)
    group.command("silences", short_help="The silences: in force, to come, over.")(silences)
    group.command("outbox", short_help="The notifications, and what became of them.")(outbox)
    group.command("test-notify", short_help="Send a test message to every target.")(test_notify)


def silence(
    matcher: Annotated[
        str,
        typer.Argument(
            metavar="MATCHER",
            help="'rule=kl_* severity=warning', globs; a bare word is a rule.",
            autocompletion=rule_names,
        ),
    ],
    comment: Annotated[str, typer.Option("--comment", metavar="TEXT", help="Why nobody need be told.")],
    length: Annotated[str, typer.Option("--for", metavar="2h", help="30m, 2h, 1d; at most 7d.")] = "2h",
    start: Annotated[str | None, typer.Option("--start", metavar="ISO", help="Default: now.")] = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Tell nobody of some alerts for a while; they still show. It ends by itself."""
    now = utc_now()
    begin = now if start is None else _moment(start)
    opened = workspace_at(workspace)
    with _store(opened) as store:
        made = store.silence(
            matcher, starts_at=begin, ends_at=begin + _length(length), comment=comment, now=now
        )
    put(f"silence {made.id}: {made.matcher} until {iso(made.ends_at)}")
    rules = opened.settings.alerts
    if not made.meets((name, rule.severity) for name, rule in rules.items()):
        say("warning: no rule of config.toml matches it now")
    finish(GOOD)


def unsilence(
    number: Annotated[int, typer.Argument(metavar="ID")], workspace: WorkspaceOption = None
) -> None:
    """End a silence early."""
    now = utc_now()
    with _store(workspace_at(workspace)) as store:
        ended = store.end_silence(number, now)
    put(f"silence {ended.id} ended: {ended.matcher}")
    finish(GOOD)


def silences(workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """List the silences, those in force and those that are over."""
    now = utc_now()
    with _store(workspace_at(workspace)) as store:
        found = store.silences()
    if as_json:
        put_json({"silences": [{**builtins_of(each), "active": each.active(now)} for each in found]}, now)
        finish(GOOD)
    for each in found:
        state = "active" if each.active(now) else "to come" if each.starts_at > now else "over"
        put(
            f"{each.id:>4} {state:<8} {each.matcher}  {iso(each.starts_at)} to {iso(each.until)}  "
            f"{each.creator}: {each.comment}"
        )
    if not found:
        put("no silence")
    finish(GOOD)


def outbox(
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="The newest so many.")] = 50,
) -> None:
    """List the notifications and what became of them, failures with their reason."""
    now = utc_now()
    with _store(workspace_at(workspace)) as store:
        found, counts = store.outbox(limit), store.outbox_counts()
    if as_json:
        put_json({"counts": counts, "deliveries": [builtins_of(each) for each in found]}, now)
    else:
        put(", ".join(f"{count} {status}" for status, count in counts.items()))
        for each in found:
            why = f"  {each.error}" if each.error else ""
            put(
                f"{iso(each.queued_at)} {each.status:<9} {each.target:<12} {each.rule} #{each.generation} "
                f"{each.state}, attempts {each.attempts}{why}"
            )
    finish(ATTENTION if counts["failed"] else GOOD)


def test_notify(workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Send a test message to every target of [notify.targets]."""
    from core.notify.courier import send_test

    now = utc_now()
    results = send_test(workspace_at(workspace).settings.notify, now)
    if as_json:
        put_json({"targets": results}, now)
    else:
        for each in results:
            put(f"{each.target}: delivered" if each.delivered else f"{each.target}: FAILED, {each.error}")
    finish(GOOD if all(each.delivered for each in results) else ATTENTION)


def _store(workspace: Workspace) -> Store:
    from console.stores import open_store

    return open_store(workspace)


def _length(text: str) -> timedelta:
    seconds = parse_span(text)
    if seconds is None:
        raise UsageError(f"--for: expected a time like 30m, 2h or 1d, got {text!r}")
    return timedelta(seconds=seconds)


def _moment(text: str) -> datetime:
    try:
        return parse_iso(text)
    except ValueError:
        raise UsageError(f"--start: expected a time like 2026-02-24T22:00Z, got {text!r}") from None
