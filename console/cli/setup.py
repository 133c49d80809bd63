"""`init`, `demo` and `audit verify`."""

from __future__ import annotations

import re
import shlex
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli import records
from console.cli.options import JsonOption, WorkspaceOption, workspace_at
from console.cli.output import ATTENTION, BAD, GOOD, finish, put, put_json, say
from core.clock import utc_now
from core.errors import UsageError
from core.text import visible
from core.units import counted
from core.workspace import init_workspace

if TYPE_CHECKING:
    from core.store.audit import AuditReport, Noted


def register(app: typer.Typer) -> None:
    app.command("init", short_help="Make a workspace: config.toml and the documents' folders.")(init)
    app.command("demo", short_help="From synthetic candles to a decision, on a real run.")(demo)
    family = typer.Typer(
        name="audit", help="The append-only audit log.", rich_markup_mode=None, no_args_is_help=True
    )
    family.command("verify")(verify)
    family.command("show")(show)
    family.command("export", short_help="The whole log as JSON or Markdown.")(records.export)
    app.add_typer(family)


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Default: the current folder.")] = Path(),
    start: Annotated[
        str | None, typer.Option("--start", metavar="YYYY-MM-DD", help="Launch day; the week follows.")
    ] = None,
    run: Annotated[
        Path | None,
        typer.Option("--run", metavar="PATH", help="A run's folder: the workspace's run is the one there."),
    ] = None,
) -> None:
    """Make a workspace: a commented config.toml and the folders of the documents."""
    day: date | None = None
    if start is not None:
        try:
            day = date.fromisoformat(start)
        except ValueError:
            raise UsageError(f"--start: expected YYYY-MM-DD, got {start!r}") from None
    if run is None:
        workspace = init_workspace(folder, start=day)
    else:
        from core.operations.adopt import adopt_run

        workspace = adopt_run(folder, run, utc_now(), start=day)
    put(f"workspace {workspace.root}")
    if run is not None:
        put(f"  run      {workspace.relative(workspace.logs)}")
    begin = workspace.settings.week.start
    put(f"  week     {begin} and the four days after it")
    if start is None and begin < utc_now().date():
        put("           that is past: --start YYYY-MM-DD names another, or week.start later")
    steps = ["ppo-console data split CANDLES   a folder of candle files", "ppo-console preflight, then train"]
    if run is not None:
        steps = ["ppo-console"]
    if folder.resolve() != Path.cwd():
        steps.insert(0, f"cd {shlex.quote(str(folder))}")
    put("\n".join(f"  {'next' if step == steps[0] else '':<8} {step}" for step in steps))
    finish(GOOD)


def demo(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where the demo workspace goes.")] = Path(
        "demo-workspace"
    ),
    timesteps: Annotated[
        int | None, typer.Option("--timesteps", metavar="N", min=2048, max=10**12, help="Length of the run.")
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Begin a new run in an existing demo workspace.")
    ] = False,
    headless: Annotated[
        bool, typer.Option("--headless", help="Without the console, as without a terminal.")
    ] = False,
) -> None:
    """From synthetic candles to a decision: train, watch, check, revalidate.

    On a terminal it opens the console on the live run and says at each point what to press.
    """
    from console.demo import run_demo

    finish(run_demo(folder, timesteps=timesteps, fresh=fresh, headless=headless))


def verify(
    workspace: WorkspaceOption = None,
    head: Annotated[
        str | None,
        typer.Option("--head", metavar="N:HASH", help="A head noted earlier, as this command prints it."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Recompute the hash chain of the audit log. Exit 0 whole, 20 broken, with the entry's number.

    A cut end leaves a whole chain, so the log is compared with the heads that its reports name. Exit 10 where
    it is whole but holds no decision entry of a report.
    """
    from core.operations.audit_heads import noted_heads
    from core.store.audit import verify as verify_log

    given = [] if head is None else [_noted(head)]
    opened = workspace_at(workspace)
    if not opened.store.exists():
        raise UsageError(
            f"{opened.relative(opened.store)} is not there: nothing has been recorded in this workspace yet"
        )
    heads, problems = noted_heads(opened)
    report = verify_log(opened.store, [*given, *heads])
    for problem in problems:
        say(problem)
    if as_json:
        put_json(report, utc_now())
    elif report.whole:
        entries = counted(report.entries, "entry", "entries")
        put(f"whole: {entries}, head {report.entries}:{report.head}")
        for source in report.undecided:
            put(f"whole, but report {source} has no decision entry: {_UNDECIDED}")
        put("\n".join(_compared(report)))
        put("\n".join(f"not checked: {each}" for each in report.unchecked))
    else:
        where = "" if report.broken is None else f" at entry {report.broken}"
        put(f"BROKEN{where}: {report.reason}")
    finish(BAD if not report.whole else ATTENTION if report.undecided else GOOD)


_UNDECIDED = (
    "the program ended before it was recorded, or the end of the log was cut; "
    "`ppo-console revalidate` judges again and records it"
)


def _noted(head: str) -> Noted:
    """`12:5f0c…` as a noted head. Raises UsageError."""
    from core.store.audit import Noted

    match = re.fullmatch(r"(\d{1,12}):([0-9a-fA-F]{12,64})", head)
    if match is None:
        raise UsageError(
            f"--head: expected NUMBER:HASH, the hash in 12 or more hex digits, got {visible(head, 80)!r}",
            hint="`ppo-console audit verify` prints the head to note.",
        )
    return Noted(source="--head", number=int(match[1]), hash=match[2].lower())


def _compared(report: AuditReport) -> list[str]:
    """Which heads outside the log were compared."""
    if not report.compared:
        return ["compared with no head outside the log, so a cut end would not show: note the head above"]
    return [f"compared with {each.source}: entry {each.number:,}" for each in report.compared]


def show(workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """List the audit log, oldest first."""
    from console.stores import open_store
    from core.clock import iso

    opened = workspace_at(workspace)
    with open_store(opened) as store:
        entries = store.entries()
    if as_json:
        put_json({"entries": entries}, utc_now())
    else:
        for entry in entries:
            words = "; ".join(
                f"{key}: {value}" for key, value in entry.detail.items() if value not in ("", None)
            )
            put(
                f"{entry.number:>6}  {iso(entry.at)}  {entry.operator:<16} {entry.kind:<16} "
                f"{entry.subject}  {visible(words, 200)}".rstrip()
            )
    finish(GOOD)
