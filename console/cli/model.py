"""`model backup` and `model summary`: the final model and what its training left behind."""

from __future__ import annotations

from typing import Annotated

import typer

from console.cli.options import JsonOption, WorkspaceOption, workspace_at
from console.cli.output import ATTENTION, GOOD, finish, put, put_json, say
from core.clock import utc_now


def register(app: typer.Typer) -> None:
    family = typer.Typer(
        name="model", help="The final model: backup, summary.", rich_markup_mode=None, no_args_is_help=True
    )
    family.command("backup", short_help="Copy the model folder, every hash verified.")(backup)
    family.command("summary", short_help="Final metrics, and the training log in numbers.")(summary)
    app.add_typer(family)


def backup(workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Copy models/ppo_phase4 to …_BACKUP_27FEV, every hash verified, never over an earlier copy."""
    from console.stores import open_store
    from core.operations.model_backup import backup_models

    now = utc_now()
    opened = workspace_at(workspace)
    with open_store(opened) as store:
        folder, manifest, made = backup_models(opened, store, now)
    if as_json:
        put_json({"folder": opened.relative(folder), "made": made, "manifest": manifest}, now)
    else:
        words = "backed up" if made else "these models are backed up already"
        put(f"{words}: {opened.relative(folder)}, {len(manifest.files)} files, every hash verified")
    finish(GOOD)


def summary(
    workspace: WorkspaceOption = None,
    save: Annotated[bool, typer.Option("--save", help="Write it beside the revalidation's reports.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Final metrics and the training log in numbers, with every gap of its days. Exit 10 with a gap."""
    from console.facts import read_facts
    from core.operations.training_summary import training_summary
    from core.operations.training_summary_text import save_summary, summary_text

    now = utc_now()
    opened = workspace_at(workspace)
    facts = read_facts(opened, None, now)
    found = training_summary(opened, facts.run, facts.health, now, hashes=True)
    if as_json:
        put_json(found, now)
    else:
        put(summary_text(found).rstrip("\n"))
    if save:
        for path in save_summary(opened, found):
            say(f"written: {opened.relative(path)}")
    finish(ATTENTION if found.gaps or found.unknown or facts.health.status == "ABSENT" else GOOD)
