"""`preflight` and `standup`."""

from __future__ import annotations

from typing import Annotated

import typer

from console.cli.folding import folded
from console.cli.options import JsonOption, WorkspaceOption, workspace_at
from console.cli.output import ATTENTION, BAD, GOOD, finish, put, put_json, say
from core import units
from core.checklist.model import START_MEANS, ChecklistResult
from core.clock import iso, utc_now

READINESS_CODES = {"READY": GOOD, "FIX": ATTENTION, "BLOCKED": BAD}

_MARKS = {
    "pass": "● pass",
    "warn": "▲ warn",
    "fail": "■ FAIL",
    "unknown": "○ unknown",
    "pending": "○ pending",
    "overridden": "▲ overridden",
    "not_applicable": "– n/a",
}

_BELOW = " " * 18
"""In front of what is told of an item, below its text."""


def register(app: typer.Typer) -> None:
    app.command("preflight", short_help="The pre-training checklist: READY, FIX or BLOCKED.")(preflight)
    app.command("standup", short_help="The standup template, filled from the run.")(standup)


def preflight(workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """The pre-training checklist: READY, FIX or BLOCKED, each item with its evidence."""
    from console.stores import open_store
    from core.checklist.preflight import record_preflight, run_preflight

    now = utc_now()
    opened = workspace_at(workspace)
    with open_store(opened) as store:
        result = run_preflight(opened, store, now)
        if as_json:
            put_json({"status": result.status, "items": result.items}, now)
        else:
            put(checklist_text(result))
        record_preflight(store, result, now)
    finish(READINESS_CODES[result.status])


def checklist_text(result: ChecklistResult) -> str:
    """The items by group, one line each, and the verdict."""
    lines: list[str] = []
    group = None
    for item in result.items:
        if item.group != group:
            group = item.group
            lines += ["", group] if lines else [group]
        value = "" if item.value is None or item.text.endswith(f"= {item.value}") else f"  {item.value}"
        explained = item.limit is not None and item.state not in ("pass", "overridden")
        limit = f"  (expected {item.limit})" if explained else ""
        age = "" if not item.age_seconds or item.age_seconds < 60 else f"  {units.age(item.age_seconds)} old"
        lines += folded(f"  {_MARKS[item.state]:<13} ", f"{item.text}{value}{limit}{age}")
        if item.message and item.state not in ("pass", "not_applicable"):
            lines += folded(_BELOW, item.message)
        if item.ticked_by and item.state == "pass":
            lines += folded(_BELOW, f"ticked by {item.ticked_by}, {item.ticked_at}")
        if item.action and item.state == "fail" and item.action != item.message:
            lines += folded(f"{_BELOW}→ ", item.action)
    about = [item for item in result.items if item.state != "not_applicable"]
    good = sum(item.state in ("pass", "overridden", "warn") for item in about)
    done = f"{good} of {len(about)} done" if about else "nothing of this list is about this run"
    lines += ["", f"STATUS: {result.status}  ({done})"]
    if result.name == "preflight" and START_MEANS[result.status]:
        lines += folded("", START_MEANS[result.status])
    waiting = next((item for item in result.items if item.state == "pending" and item.kind != "sensed"), None)
    if waiting is not None:
        command = f"ppo-console checklist {result.name} tick {waiting.id.rpartition('.')[2]}"
        lines.append(f"to tick: {command}")
    return "\n".join(lines)


def standup(
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
    save: Annotated[bool, typer.Option("--save", help="Store it and write its Markdown file.")] = False,
    note: Annotated[
        str, typer.Option("--note", metavar="TEXT", help="A remark of yours, as its last line.")
    ] = "",
) -> None:
    """Yesterday's progress, today's plan, blockers and confidence, filled from the run."""
    from console.facts import read_facts
    from console.stores import open_store
    from core.operations.standup import build_standup, save_standup

    now = utc_now()
    opened = workspace_at(workspace)
    facts = read_facts(opened, None, now)
    filled = build_standup(opened, facts.run, facts.health, facts.alerts, now, note=note)
    if as_json:
        put_json(filled, now)
    else:
        put(filled.text())
    if save:
        with open_store(opened) as store:
            path = save_standup(opened, store, filled, now)
        say(f"saved {opened.relative(path)} at {iso(now)}")
    finish(GOOD)
