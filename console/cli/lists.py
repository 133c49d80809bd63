"""`checklist`: the lists of both documents, evaluated, and ticked from the command line."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli.checklists import READINESS_CODES, checklist_text
from console.cli.complete import checklist_names, item_actions
from console.cli.folding import folded
from console.cli.options import JsonOption, WorkspaceOption, workspace_at
from console.cli.output import GOOD, finish, put, put_json, say
from core.clock import utc_now
from core.errors import UsageError
from core.text import visible

if TYPE_CHECKING:
    from core.checklist.lists import ListInfo, Look
    from core.checklist.model import ItemResult
    from core.store.database import Store
    from core.workspace import Workspace

ACTIONS = ("tick", "untick", "override", "na")

_DAYS = {
    "preflight": "launch day",
    "launch": "launch day",
    "check_in": "later days",
    "second": "later days",
}
"""Lists without a date of their own that are not of each day."""


def register(app: typer.Typer) -> None:
    app.command("checklist", short_help="A checklist with its evidence; tick or override an item.")(checklist)


def checklist(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="Without it, all lists.", autocompletion=checklist_names),
    ] = None,
    action: Annotated[
        str | None,
        typer.Argument(
            metavar="tick|untick|override|na", help="What to do with ITEM.", autocompletion=item_actions
        ),
    ] = None,
    item: Annotated[
        str | None, typer.Argument(metavar="ITEM", help="Its number, its id, or the end of the id.")
    ] = None,
    workspace: WorkspaceOption = None,
    day: Annotated[
        str | None, typer.Option("--date", metavar="YYYY-MM-DD", help="Of a list that has a date.")
    ] = None,
    note: Annotated[str, typer.Option("--note", metavar="TEXT", help="Goes with a tick.")] = "",
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why: for untick, override and na.")
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Show a checklist with the evidence of each item, or tick, un-tick or override one of its items."""
    from console.stores import open_store
    from core.checklist.lists import find_item, list_infos, run_list

    now = utc_now()
    opened = workspace_at(workspace)
    if name is None:
        _list(list_infos(opened), as_json, now)
        finish(GOOD)
    if action is not None and action not in ACTIONS:
        raise UsageError(f"expected one of {', '.join(ACTIONS)} after the name, got {visible(action, 40)!r}")
    if action is not None and item is None:
        raise UsageError(
            f"{action} needs an item", hint=f"For example: ppo-console checklist {name} {action} 1"
        )
    asked = None
    if day is not None:
        from console.cli.health import parse_day

        asked = parse_day(day, now)
    with open_store(opened) as store:
        looked = look(opened, store, now)
        result = run_list(name, looked, asked)
        if action is not None and item is not None:
            _act(store, action, find_item(result, item), note, reason, now)
            result = run_list(name, looked, asked)
            changed = find_item(result, item)
            if as_json:
                put_json(changed, now)
            else:
                put(
                    f"{changed.state}  {changed.text}" + (f"  ({changed.message})" if changed.message else "")
                )
            finish(GOOD)
    if as_json:
        put_json(
            {"name": result.name, "title": result.title, "status": result.status, "items": result.items}, now
        )
    else:
        say(result.title)
        put(checklist_text(result))
    finish(READINESS_CODES[result.status])


def look(workspace: Workspace, store: Store | None, now: datetime) -> Look:
    """What the lists are evaluated from, read once; the slow sensors look when a list needs them."""
    from console.facts import read_facts
    from core.checklist.lists import Look

    facts = read_facts(workspace, None, now)
    return Look(workspace, store, facts.run, facts.health, facts.alerts, now)


def _act(store: Store, action: str, item: ItemResult, note: str, reason: str, now: datetime) -> None:
    from core.checklist.lists import override_item, tick_item

    why = reason or note
    if action == "tick":
        tick_item(store, item, why, now)
    elif action == "override":
        override_item(store, item, why, now)
    elif action == "na":
        store.not_applicable(item.id, why, now)
    elif store.untick(item.id, now, why or "taken back") is None:
        raise UsageError(f"{item.id} is not ticked: nothing to take back")


def _list(infos: tuple[ListInfo, ...], as_json: bool, now: datetime) -> None:
    if as_json:
        put_json({"checklists": infos}, now)
        return
    for info in infos:
        when = f"{info.date or _DAYS.get(info.name, 'each day')} {info.first_due}"
        first = f"{info.name:<14}{info.items:>3} items  {when:<17}  "
        put("\n".join(folded(first, f"{info.title}  ({', '.join(info.owners)})")))
    say("show one:     ppo-console checklist NAME\ntick an item: ppo-console checklist NAME tick ITEM")
