"""`model backup`, `summary`, `compare`: the final model, what training left behind, several side by side."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path
from typing import Annotated

import typer

from console.cli.options import CandlesOption, EpisodesOption, JsonOption, WorkspaceOption, workspace_at
from console.cli.output import ATTENTION, GOOD, finish, put, put_json, say
from core.clock import utc_now


def register(app: typer.Typer) -> None:
    family = typer.Typer(
        name="model", help="Models: backup, summary, compare.", rich_markup_mode=None, no_args_is_help=True
    )
    family.command("backup", short_help="Copy the model folder, every hash verified.")(backup)
    family.command("summary", short_help="Final metrics, and the training log in numbers.")(summary)
    family.command("compare", short_help="Several models on the same test candles.")(compare)
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


def compare(
    models: Annotated[
        list[Path], typer.Argument(metavar="MODEL...", help="Two or more, with or without .zip.")
    ],
    workspace: WorkspaceOption = None,
    data_dir: CandlesOption = None,
    episodes: EpisodesOption = None,
    as_json: JsonOption = False,
) -> None:
    """Gates and figures of several models on the same test candles. No decision, no report; each model counts
    as a judgement of these candles. Runs where the setting `workers` says: here, or on a cluster."""
    from console.revalidation import judged_before, record_comparison
    from console.signals import asked_to_end
    from console.stores import open_store
    from core.market.universe import data_hash, load_universe
    from core.revalidation.comparison import ComparisonRequest, compare_models, comparison_table

    now = utc_now()
    opened = workspace_at(workspace)
    folder = (data_dir or opened.backtest_data).absolute()
    settings = opened.settings
    cancelled = threading.Event()
    with asked_to_end(cancelled), open_store(opened) as store:
        data = data_hash(folder)
        universe = load_universe(folder, data=settings.data, now=now)
        request = ComparisonRequest(
            models=models,
            data_dir=folder,
            settings=settings,
            episodes=episodes or settings.revalidation.episodes,
            judged_before=judged_before(store, data),
        )
        _one_thread()
        found = compare_models(request, universe, data, lambda done, total: None, cancelled.is_set)
        record_comparison(store, found, utc_now())
    if as_json:
        put_json(found, now)
    else:
        put(comparison_table(found))
    finish(GOOD)


def _one_thread() -> None:
    """Tasks share the cores among themselves, as in a revalidation's own process."""
    with contextlib.suppress(ImportError):
        import torch

        torch.set_num_threads(1)
