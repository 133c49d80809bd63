"""`decision` and `signoff`: what was decided, and who signed it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli.complete import phase_names
from console.cli.decision import decision_code
from console.cli.options import JsonOption, WorkspaceOption, name_workspace, workspace_at
from console.cli.output import ATTENTION, BAD, GOOD, finish, put, put_json, say
from core.clock import utc_now
from core.errors import UsageError

if TYPE_CHECKING:
    from core.checklist.signoff import Phase

_MARKS = {"signed": "● signed", "rejected": "■ REJECTED", "open": "○ open", "not_applicable": "– n/a"}


def register(app: typer.Typer) -> None:
    group = typer.Typer(help="The newest decision; what differs between two.", rich_markup_mode=None)
    group.callback(invoke_without_command=True)(decision)
    group.command("diff", short_help="What differs between two decisions.")(diff)
    app.add_typer(group, name="decision")
    app.command("signoff")(signoff)


def decision(context: typer.Context, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """The manual's decision document of the newest revalidation. Exit code as `revalidate`.

    Exit 20 where the report on disk is not the one that the audit log names.
    """
    if context.invoked_subcommand is not None:
        if workspace is not None:
            name_workspace(workspace)
        return
    from console.stores import open_store
    from core.operations.decided import newest_decision
    from core.revalidation.text import decision_document

    now = utc_now()
    opened = workspace_at(workspace)
    with open_store(opened) as store:
        decided = newest_decision(opened, store)
    if decided.result is None:
        raise UsageError(decided.problem, hint=f"It is looked for in {opened.relative(decided.path)}.")
    if as_json:
        put_json(
            {
                "result": decided.result,
                "report": opened.relative(decided.path),
                "sha256": decided.sha256,
                "recorded": decided.good,
                "audit_entry": None if decided.record is None else decided.record.number,
                "problem": decided.problem,
            },
            now,
        )
    else:
        put(decision_document(decided.result, now))
    say(f"report {opened.relative(decided.path)}  sha256 {decided.sha256}")
    if decided.problem:
        say(f"warning: {decided.problem}")
        finish(BAD)
    finish(decision_code(decided.result))


def diff(
    a: Annotated[Path, typer.Argument(metavar="A", help="A report's JSON, or a folder that holds one.")],
    b: Annotated[Path, typer.Argument(metavar="B", help="The other.")],
    as_json: JsonOption = False,
) -> None:
    """What differs between two decisions: what was judged, the gates, the evidence.

    Earlier reports lie in `history` in the folder of the reports. Exit 10 where anything differs.
    """
    from core.revalidation.difference import compare, diff_lines, read_decision

    found = compare(read_decision(a), read_decision(b))
    if as_json:
        put_json(found, utc_now())
    else:
        put("\n".join(diff_lines(found)))
    finish(ATTENTION if found.differences else GOOD)


def signoff(
    phase: Annotated[
        str | None,
        typer.Argument(
            metavar="PHASE",
            help="pre_training, daily_monitoring, revalidation, cto_decision, live_deployment.",
            autocompletion=phase_names,
        ),
    ] = None,
    workspace: WorkspaceOption = None,
    name: Annotated[
        str, typer.Option("--name", metavar="NAME", help="Who signs; default: the operator.")
    ] = "",
    role: Annotated[
        str, typer.Option("--role", metavar="ROLE", help="In which role; default: the operator's.")
    ] = "",
    reject: Annotated[
        bool, typer.Option("--reject", help="Sign that it is not approved; needs --note.")
    ] = False,
    note: Annotated[str, typer.Option("--note", metavar="TEXT", help="Goes with the signature.")] = "",
    as_json: JsonOption = False,
) -> None:
    """The sign-off table; with a phase, sign it. Deployment is a signed line here, never an action."""
    from console.stores import open_store
    from core.checklist.signoff import sign, sign_off_table

    now = utc_now()
    opened = workspace_at(workspace)
    with open_store(opened) as store:
        if phase is not None:
            verdict = "rejected" if reject else "approved"
            given = sign(opened, store, phase, now, name=name, role=role, verdict=verdict, note=note)  # type: ignore[arg-type]
            if as_json:
                put_json(given, now)
            else:
                put(f"{given.phase} {given.verdict} by {given.name} ({given.role}), {given.at}")
                put(f"  {given.what}  sha256 {given.hash}")
            finish(GOOD)
        table = sign_off_table(opened, store)
    if as_json:
        put_json({"phases": table}, now)
    else:
        put("\n".join(_line(each) for each in table))
    if any(each.status == "rejected" for each in table):
        finish(BAD)
    finish(GOOD if all(each.status in ("signed", "not_applicable") for each in table) else ATTENTION)


def _line(phase: Phase) -> str:
    text = f"{_MARKS[phase.status]:<12} {phase.title:<26} {phase.responsible:<6}"
    signature = phase.signature
    if signature is None:
        return f"{text} {phase.problem or 'signs: ' + phase.what}".rstrip()
    void = f"  VOID: {signature.void}" if signature.void else ""
    said = f"  {signature.note}" if signature.note else ""
    return f"{text} {signature.name} ({signature.role}) {signature.at}  {signature.what}{said}{void}"
