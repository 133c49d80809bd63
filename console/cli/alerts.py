"""`alerts`: what fires and who owns it; rules, replay, acknowledgements. Who is told is in `telling`."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli import telling
from console.cli.complete import rule_names
from console.cli.options import (
    JsonOption,
    RunOption,
    WorkspaceOption,
    name_workspace,
    workspace_at,
    workspace_named,
)
from console.cli.output import ATTENTION, BAD, GOOD, builtins_of, finish, put, put_json, say
from core.clock import iso, utc_now
from core.errors import UsageError
from core.units import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from console.alerting import Look, Watcher
    from core.alerts.view import AlertView
    from core.store.database import Store
    from core.workspace import Workspace


def register(app: typer.Typer) -> None:
    group = typer.Typer(help="What fires, who owns it, who is told.", rich_markup_mode=None)
    group.callback(invoke_without_command=True)(alerts)
    group.command("rules", short_help="Every rule: threshold, state, last value.")(rules)
    group.command("ack", short_help="Own an alert that fires, for a while.")(acknowledge)
    telling.register(group)
    app.add_typer(group, name="alerts")


def alerts(
    context: typer.Context,
    workspace: WorkspaceOption = None,
    run: RunOption = None,
    replay: Annotated[
        bool, typer.Option("--replay", help="What the rules would have raised over the run's whole history.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """List the alerts of the run, or replay the rules over its history."""
    if context.invoked_subcommand is not None:
        if workspace is not None:
            name_workspace(workspace)
        return
    now = utc_now()
    opened = workspace_named(workspace, run)
    if replay:
        _replay(opened, run, as_json, now)
    with _store(opened) as store, _watcher(opened, run, store, now) as watcher:
        look = watcher.look(now, data=False)
        counts = store.outbox_counts() if store is not None else {}
        failed = [each for each in store.outbox() if each.status == "failed"] if store is not None else []
    if as_json:
        put_json(
            {
                "headline": _headline(look, now),
                "alerts": [_plain(each) for each in look.alerts],
                "outbox": counts,
            },
            now,
        )
    else:
        put("\n".join([_headline(look, now), *(_line(each) for each in look.alerts)]))
        if failed:
            newest = failed[0]
            count = counted(len(failed), "notification")
            put(f"{count} failed, the newest to {newest.target}: {newest.error}")
    if look.problem:
        say(f"warning: {look.problem}")
    finish(alerts_code(look.alerts))


def alerts_code(views: Sequence[AlertView]) -> int:
    """20 while a critical alert fires, 10 while a warning does."""
    firing = [view for view in views if view.firing]
    if any(view.severity == "critical" for view in firing):
        return BAD
    return ATTENTION if any(view.severity == "warning" for view in firing) else GOOD


def _replay(opened: Workspace | None, run: Path | None, as_json: bool, now: datetime) -> None:
    import msgspec

    from core.alerts.replay import replay
    from core.config.settings import Settings
    from core.telemetry.reader import RunReader

    settings = opened.settings if opened is not None else Settings()
    target = run if run is not None else opened.logs if opened is not None else Path()
    reader = RunReader(target, checkpoints=None, now=now)
    try:
        reader.poll(now)
        transitions = replay(settings.alerts, reader.run)
    finally:
        reader.close()
    if as_json:
        fields = ("rule", "state", "timestep", "value", "threshold", "severity")
        rows = [{field: getattr(each, field) for field in fields} for each in transitions]
        put(msgspec.json.format(msgspec.json.encode(rows), indent=2).decode())
        finish(GOOD)
    for each in transitions:
        put(f"{each.severity:<9} {each.rule:<22} {each.state:<9} {each.message}")
    fired: dict[str, int] = {}
    for each in transitions:
        if each.state == "firing":
            fired[each.rule] = fired.get(each.rule, 0) + 1
    told = ", ".join(f"{rule} {count} ×" for rule, count in sorted(fired.items()))
    put(f"would have fired: {told}" if told else "nothing would have fired")
    finish(GOOD)


def rules(workspace: WorkspaceOption = None, run: RunOption = None, as_json: JsonOption = False) -> None:
    """List the rules with their thresholds, states and last values."""
    from core.alerts.last_value import last_value
    from core.alerts.view import condition_text, rule_states, value_text

    now = utc_now()
    opened = workspace_named(workspace, run)
    with _store(opened) as store, _watcher(opened, run, store, now) as watcher:
        look = watcher.look(now)
        states = rule_states(watcher.settings.alerts, look.alerts, look.scene.elapsed)
        rows: list[dict[str, Any]] = []
        for name, rule in watcher.settings.alerts.items():
            rows.append(
                {
                    "rule": name,
                    "enabled": rule.enabled,
                    "severity": rule.severity,
                    "state": states[name],
                    "condition": rule.condition,
                    "metric": rule.metric or None,
                    "threshold": rule.threshold,
                    "last_value": last_value(rule, look.scene),
                    "text": condition_text(rule),
                    "runbook": rule.runbook,
                    "action": rule.action,
                }
            )
    if as_json:
        put_json({"rules": rows}, now)
        finish(GOOD)
    put(f"{'rule':<22} {'severity':<9} {'state':<9} {'last':>12}  condition")
    for row in rows:
        last = value_text(watcher.settings.alerts[row["rule"]], row["last_value"])
        put(f"{row['rule']:<22} {row['severity']:<9} {row['state']:<9} {last:>12}  {row['text']}")
    finish(GOOD)


def acknowledge(
    alert: Annotated[
        str,
        typer.Argument(
            metavar="KEY|RULE", help="An alert's key, or a rule that fires.", autocompletion=rule_names
        ),
    ],
    note: Annotated[
        str, typer.Option("--note", metavar="TEXT", help="What you know or do; needed for a critical one.")
    ] = "",
    workspace: WorkspaceOption = None,
) -> None:
    """Own an alert that fires: its acknowledgement expires after a time, and when it gets worse."""
    now = utc_now()
    opened = workspace_at(workspace)
    with _store(opened) as store, _watcher(opened, None, store, now) as watcher:
        look = watcher.look(now, data=False)
        assert watcher.engine is not None
        done = watcher.engine.acknowledge(_key_of(alert, look.alerts), note, now)
    until = "" if done.expires_at is None else f" until {iso(done.expires_at)}"
    put(f"{done.key} acknowledged by {done.operator}{until}")
    finish(GOOD)


def _key_of(alert: str, views: Sequence[AlertView]) -> str:
    for view in views:
        if alert in (view.key, view.rule) and view.firing:
            return view.key
    firing = ", ".join(view.rule for view in views if view.firing) or "nothing"
    if "/" in alert:
        return alert
    raise UsageError(f"{alert} does not fire; firing: {firing}")


def _store(opened: Workspace | None) -> Any:
    from console.stores import open_store

    return nullcontext(None) if opened is None else open_store(opened)


def _watcher(opened: Workspace | None, run: Path | None, store: Store | None, now: datetime) -> Watcher:
    from console.alerting import Watcher

    return Watcher(opened, run, store, now)


def _headline(look: Look, now: datetime) -> str:
    from core.alerts.view import headline

    return headline(look.alerts, now)


def _plain(view: AlertView) -> dict[str, Any]:
    return {**builtins_of(view), "firing": view.firing, "acknowledged": view.acknowledged}


_MARKS = {"critical": "■", "warning": "▲", "info": "●"}


def _line(view: AlertView) -> str:
    parts = [
        f"{_MARKS[view.severity]} {view.severity:<8} {view.state:<8} {view.rule}: {view.message}".rstrip(": ")
    ]
    if view.acknowledged:
        until = "" if view.acknowledged_until is None else f" until {iso(view.acknowledged_until)}"
        parts.append(f"    acknowledged by {view.acknowledged_by}{until}: {view.note}".rstrip(": "))
    elif view.acknowledgement_lost:
        parts.append(f"    no longer acknowledged ({view.acknowledgement_lost})")
    if view.silenced and view.silenced_until is not None:
        parts.append(
            f"    silenced by {view.silenced_by} until {iso(view.silenced_until)}: {view.silence_comment}"
        )
    if view.firing:
        parts.append(f"    {view.action}  ·  ppo-console runbook {view.runbook}  ·  {view.key}")
    return "\n".join(parts)
