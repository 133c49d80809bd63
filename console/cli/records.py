"""`audit export` and `backup`: what was recorded, taken out of the workspace."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from console.cli.options import JsonOption, WorkspaceOption, workspace_at
from console.cli.output import BAD, GOOD, finish, put, put_json, say
from core.clock import utc_now
from core.errors import UsageError
from core.units import counted


def register(app: typer.Typer) -> None:
    app.command("backup", short_help="Copy the store, while it is in use, and config.toml.")(backup)


def export(
    workspace: WorkspaceOption = None,
    form: Annotated[
        Literal["json", "md"] | None,
        typer.Option("--format", metavar="json|md", help="Default: by the file's ending, else json."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Default: standard output.")
    ] = None,
) -> None:
    """The whole audit log as JSON or Markdown, with its head and its check. Exit 20 where it is broken."""
    from console.stores import open_store
    from core.files import atomic_write
    from core.store.audit import verify
    from core.store.audit_export import audit_export, export_json, export_markdown

    now = utc_now()
    opened = workspace_at(workspace)
    if not opened.store.exists():
        raise UsageError(f"{opened.relative(opened.store)} is not there: nothing has been recorded yet")
    with open_store(opened) as store:
        document = audit_export(store.entries(), verify(opened.store), now)
    markdown = form == "md" or (form is None and output is not None and output.suffix == ".md")
    text = export_markdown(document) if markdown else export_json(document)
    if output is None:
        put(text.rstrip("\n"))
    else:
        atomic_write(output, text)
        say(f"{counted(len(document.entries), 'entry', 'entries')} written to {output}")
    if not document.whole:
        say(f"BROKEN: {document.reason}")
    finish(GOOD if document.whole else BAD)


def backup(
    folder: Annotated[
        Path | None, typer.Argument(metavar="DIR", help="Default: backups/ of the workspace.")
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Copy the store, while it is in use, and config.toml into a new folder, verified."""
    from console.stores import open_store
    from core.operations.backup import make_backup

    now = utc_now()
    opened = workspace_at(workspace)
    with open_store(opened) as store:
        made, manifest = make_backup(opened, store, now, None if folder is None else folder.absolute())
    if as_json:
        put_json({"folder": str(made), "manifest": manifest}, now)
    else:
        put(
            f"{opened.relative(made)}: {counted(manifest.entries, 'audit entry', 'audit entries')}, "
            f"head {manifest.entries}:{manifest.head}"
        )
    finish(GOOD)
