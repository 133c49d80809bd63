"""`calibrate`: how often the configured gates and evidence are wrong, on simulated markets."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from console.cli.options import JsonOption, WorkspaceOption, workspace_around
from console.cli.output import BAD, GOOD, finish, put, put_json, say
from core.clock import utc_now
from core.config.settings import Settings
from core.errors import CancelledError

_FOLDER = "calibration"


def register(app: typer.Typer) -> None:
    app.command("calibrate")(calibrate)


def calibrate(
    workspace: WorkspaceOption = None,
    markets: Annotated[int, typer.Option("--markets", metavar="N", min=1, help="Of each kind.")] = 100,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Default: calibration in the folder of the reports."),
    ] = None,
    episodes: Annotated[
        int | None, typer.Option("--num-episodes", metavar="N", min=1, help="Default: as configured.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", metavar="N", min=0)] = 0,
    quick: Annotated[
        bool, typer.Option("--quick", help="No placebo where the edge is real, no check of the intervals.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Measure how often the gates are wrong.

    An agent whose worth is known trades markets with and without an edge, through the engine, gates and
    evidence that judge a model. Writes a page with plots and the numbers as JSON. Exit code 20 where a
    promise does not hold: more than 5 % false GO with strong evidence, less than 90 % GO on a real edge.
    """
    from core.revalidation.calibration.measure import calibrate as measure
    from core.revalidation.calibration.report import summary_lines, write_calibration

    opened = workspace_around(workspace)
    settings = opened.settings if opened else Settings()
    if episodes is not None:
        revalidation = msgspec.structs.replace(settings.revalidation, episodes=episodes)
        settings = msgspec.structs.replace(settings, revalidation=revalidation)
    folder = out or (opened.reports if opened else Path(settings.paths.reports)) / _FOLDER
    live = sys.stderr.isatty()

    def on_progress(done: int, total: int, words: str) -> None:
        if live:
            sys.stderr.write(f"\r{done:,} of {total:,} markets, {words:<28}")
            sys.stderr.flush()

    try:
        found = measure(settings, markets=markets, seed=seed, thorough=not quick, on_progress=on_progress)
    except KeyboardInterrupt:
        raise CancelledError("the calibration was interrupted; no report was written") from None
    finally:
        if live:
            sys.stderr.write("\n")
    now = utc_now()
    paths = write_calibration(found, folder, now)
    if as_json:
        put_json(found, now)
    else:
        put("\n".join(summary_lines(found)))
    for path in paths:
        say(f"report: {path}")
    finish(GOOD if found.held else BAD)
