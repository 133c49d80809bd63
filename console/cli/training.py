"""`train` and `stop`: the preflight gates the start, the process outlives this terminal."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli.checklists import READINESS_CODES, checklist_text
from console.cli.complete import training_symbols
from console.cli.options import JsonOption, WorkspaceOption, workspace_at
from console.cli.output import ATTENTION, GOOD, finish, put, put_json, say
from core.checklist.model import START_MEANS
from core.clock import utc_now
from core.errors import CancelledError, RejectedError, UsageError
from core.text import visible
from core.workspace import Workspace

if TYPE_CHECKING:
    from core.checklist.model import ChecklistResult
    from core.process import ProcessIdentity
    from core.telemetry.reader import RunReader


def register(app: typer.Typer) -> None:
    app.command("train", short_help="Train PPO in a process of its own, past the preflight.")(train)
    app.command("stop", short_help="End the training: it saves and exits clean.")(stop)


def train(
    workspace: WorkspaceOption = None,
    symbol: Annotated[
        list[str] | None,
        typer.Option(
            "--symbol", metavar="SYMBOL", help="A symbol; may be repeated.", autocompletion=training_symbols
        ),
    ] = None,
    symbols: Annotated[
        str | None, typer.Option("--symbols", metavar="A,B", help="Symbols, separated by commas.")
    ] = None,
    mode: Annotated[str, typer.Option("--mode", metavar="MODE", help="paper; live is refused.")] = "paper",
    tag: Annotated[str | None, typer.Option("--tag", metavar="NAME", help="A name for the run.")] = None,
    timestamp: Annotated[bool, typer.Option("--timestamp", help="Add the start time to the tag.")] = False,
    timesteps: Annotated[
        int | None, typer.Option("--timesteps", metavar="N", min=1, max=10**12, help="Instead of [ppo].")
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="N", min=0, help="Instead of [training].")
    ] = None,
    seeds: Annotated[
        int | None,
        typer.Option("--seeds", metavar="N", help="N trainings in a row, each seed a run; one table."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the newest whole checkpoint.")] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Move the earlier run to the archive and begin anew.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything, start nothing.")] = False,
    detach: Annotated[bool, typer.Option("--detach", help="Start it and return at once.")] = False,
    override: Annotated[
        str | None, typer.Option("--override", metavar="REASON", help="Start although preflight is BLOCKED.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Train PPO in a process of its own, once the preflight lets it start.

    With --json the log goes to stderr and the object stands at the end: the run, or the seeds' table.
    """
    from console.stores import open_store
    from core.checklist.preflight import run_preflight
    from core.telemetry.reader import RunReader
    from core.training.control import TrainRequest
    from core.training.operate import check_start, launch

    now = utc_now()
    echo = say if as_json else put
    opened = workspace_at(workspace)
    wanted = [*(symbol or []), *(part.strip() for part in (symbols or "").split(",") if part.strip())]
    if symbols is not None and not wanted:
        raise UsageError(
            f"--symbols: expected symbols separated by commas, got {visible(symbols, 80)!r}",
            hint="Leave it out to train on those of [training], or on all.",
        )
    request = TrainRequest(
        symbols=tuple(wanted),
        timesteps=timesteps,
        tag=tag,
        mode=mode,
        seed=seed,
        resume=resume,
        timestamp=timestamp,
        override=override,
    )
    # Before the earlier run is moved away for one that cannot start.
    check_start(opened, request, fresh=fresh)
    if seeds is not None:
        from console.cli.seeds import check_seeds, train_seeds

        check_seeds(request, seeds, detach=detach)
        if not dry_run:

            def start(one: TrainRequest, anew: bool) -> ProcessIdentity:
                now = utc_now()
                with open_store(opened) as store:
                    result = run_preflight(opened, store, now, timesteps=timesteps)
                    _say_preflight(result)
                    return launch(opened, store, one, result, now, fresh=anew, say=say)

            def follow() -> int:
                reader = RunReader(opened.logs, checkpoints=opened.checkpoints, now=utc_now())
                return follow_training(opened, reader, echo)

            finish(
                train_seeds(opened, request, seeds, fresh=fresh, start=start, follow=follow, as_json=as_json)
            )
    with open_store(opened) as store:
        result = run_preflight(opened, store, now, timesteps=timesteps)
        _say_preflight(result, starts=not dry_run)
        if dry_run:
            if as_json:
                put_json(result, now)
            else:
                put(checklist_text(result))
            say("dry run: nothing was started")
            finish(READINESS_CODES[result.status])
        reader = None
        if resume and opened.logs.is_dir():
            # What the run logged before is known; only what comes now is echoed.
            reader = RunReader(opened.logs, checkpoints=opened.checkpoints, now=now)
            reader.poll(now)
            reader.take_log_lines()
        identity = launch(opened, store, request, result, now, fresh=fresh, say=say)
    code = GOOD
    try:
        if detach:
            say(f"training runs as process {identity.pid}; watch: ppo-console   end: ppo-console stop")
        else:
            reader = reader or RunReader(opened.logs, checkpoints=opened.checkpoints, now=now)
            code = follow_training(opened, reader, echo)
    finally:
        if as_json:
            put_json(_as_json(opened, identity), utc_now())
    finish(code)


def _as_json(workspace: Workspace, identity: ProcessIdentity) -> dict[str, Any]:
    """What became of the run so far; `outcome` is null while it goes on."""
    from core.training.runfile import read_run

    run = read_run(workspace.logs)
    names = ("id", "tag", "seed", "symbols", "mode", "timestep", "total_timesteps", "outcome")
    return {
        "run": {name: getattr(run, name) for name in names} if run is not None else None,
        "directory": str(workspace.logs),
        "pid": identity.pid,
    }


def _say_preflight(result: ChecklistResult, *, starts: bool = True) -> None:
    say(f"preflight: {result.status}")
    for item in result.items:
        if item.state == "fail":
            mark = "■" if item.on_fail == "block" else "▲"
            say(f"  {mark} {item.text}: {item.message or item.value}")
    if starts and result.status == "FIX":
        say(START_MEANS[result.status])


def follow_training(workspace: Workspace, reader: RunReader, echo: Callable[[str], None] = put) -> int:
    """Echo the run's new log lines until it ends. Ctrl-C detaches and leaves the training alone."""
    from core.telemetry.health import assess

    try:
        while True:
            now = utc_now()
            reader.poll(now)
            for line in reader.take_log_lines():
                echo(_without_time(line))
            health = assess(reader.run, workspace.settings.health, now)
            if health.status in ("FINISHED", "STOPPED"):
                return 0
            if health.status == "CRASHED":
                raise RejectedError(
                    f"the training crashed: {health.reason}",
                    hint=f"See {workspace.relative(workspace.logs / 'training.log')}.",
                )
            time.sleep(0.3)
    except KeyboardInterrupt:
        say("\ndetached: the training goes on. See it with: ppo-console   stop it with: ppo-console stop")
        return CancelledError.exit_code
    finally:
        reader.close()


def _without_time(line: str) -> str:
    """`[INFO] …` as the manual shows it."""
    at = line.find("[")
    return line[at:] if 0 < at <= 20 else line


def stop(
    workspace: WorkspaceOption = None,
    force: Annotated[bool, typer.Option("--force", help="Kill it; what was not saved is lost.")] = False,
    timeout: Annotated[
        float, typer.Option("--timeout", metavar="SECONDS", min=1, help="Seconds to wait for a clean end.")
    ] = 60,
) -> None:
    """End the training: it finishes its step, saves and exits clean."""
    from console.stores import open_store
    from core.training.control import ENDED
    from core.training.operate import end

    opened = workspace_at(workspace)
    with open_store(opened) as store:
        outcome = end(
            opened, store, utc_now(), force=force, timeout=timeout, say=lambda words: say(f"{words} …")
        )
    if outcome == "unrecorded":
        say(f"warning: {ENDED[outcome]}")
        finish(ATTENTION)
    put(outcome)
    finish(GOOD)
