"""`watch`: alerts without a screen, for a service unit."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer

from console.cli.options import RunOption, WorkspaceOption, workspace_named
from console.cli.output import GOOD, finish, say


def register(app: typer.Typer) -> None:
    app.command("watch", short_help="Evaluate the alert rules and notify, as a service.")(watch)


def watch(
    workspace: WorkspaceOption = None,
    run: RunOption = None,
    interval: Annotated[
        float, typer.Option("--interval", metavar="SECONDS", min=0.2, help="Seconds between two looks.")
    ] = 2.0,
    heartbeat: Annotated[
        Path | None,
        typer.Option("--heartbeat", metavar="FILE", help="Default: watch.json beside the store."),
    ] = None,
    metrics_file: Annotated[
        Path | None,
        typer.Option("--metrics-file", metavar="FILE", help="A Prometheus text file, replaced at each beat."),
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Look once, deliver what is due, leave.")] = False,
) -> None:
    """Evaluate the rules and notify until SIGTERM; what happens is said on stderr."""
    from console.cli.alerts import alerts_code
    from console.stores import open_store
    from console.watching import Watch, WatchOptions
    from core.notify.heartbeat import FILE_NAME

    opened = workspace_named(workspace, run)
    if heartbeat is None and opened is not None:
        heartbeat = opened.store.parent / FILE_NAME
    options = WatchOptions(run, interval, heartbeat, metrics_file, once)
    manager: Any = nullcontext(None) if opened is None else open_store(opened)
    with manager as store:
        if opened is None:
            say("no workspace: what fires is neither recorded nor told")
        elif not opened.settings.notify.enabled:
            say("notify.enabled is false: what fires is recorded, nobody is told")
        watch = Watch(opened, store, options, say)
        look = watch.run()
    code = alerts_code(look.alerts) if once and look is not None else GOOD
    finish(watch.exit_code if once and code == GOOD else code)
