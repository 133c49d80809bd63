"""The variance between seeds: what each run's best model did on the validation slice, and mean ± sd.

Traps avoided: one lucky seed that passes for the method; and numbers of the test set, which chooses nothing.
"""

from __future__ import annotations

import contextlib
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import ConsoleError
from core.models.artifacts import read_manifest
from core.models.manifest import Selection
from core.text import visible
from core.training.evaluation_rows import Evaluation, read_evaluations
from core.training.runfile import RunRecord, read_run
from core.training.saver import BEST
from core.units import number, percent, steps, table
from core.workspace import Workspace


@dataclass(frozen=True, slots=True)
class SeedRow:
    """One seed's run. None where there is no such number."""

    seed: int
    run: str
    folder: str
    outcome: str
    evaluations: int
    """Trials that it was chosen among."""
    chosen: Evaluation | None
    """The evaluation that `best_model` was chosen by."""


def seed_row(workspace: Workspace, run: str) -> SeedRow | None:
    """The run with the id `run`, in the run folder or in the archive; None where there is none."""
    for folder, models in _places(workspace, run):
        record: RunRecord | None = None
        with contextlib.suppress(ConsoleError):
            record = read_run(folder)
        if record is None or record.id != run:
            continue
        rows, _ = read_evaluations(folder)
        return SeedRow(
            seed=record.seed,
            run=run,
            folder=workspace.relative(folder),
            outcome=record.outcome or "running",
            evaluations=len(rows),
            chosen=_chosen(rows, _selection(models, run)),
        )
    return None


def seeds_table(rows: Sequence[SeedRow]) -> str:
    """One line per seed, then mean ± standard deviation where every seed has the number."""
    heads = ("seed", "best at", "Sharpe", "drawdown", "win rate", "trades", "trials")
    lines = [heads, *(_cells(row) for row in rows)]
    if len(rows) > 1:
        chosen = [row.chosen or Evaluation(0) for row in rows]
        lines.append(
            (
                "mean ± sd",
                "",
                _spread([each.sharpe for each in chosen], 2),
                _spread([each.max_drawdown_pct for each in chosen], 1, " %"),
                _spread([each.win_rate_pct for each in chosen], 1, " %"),
                "",
                "",
            )
        )
    where = [f"seed {row.seed}: {row.outcome}, {visible(row.folder, 200)}" for row in rows]
    return "\n".join(["best_model of each seed on the validation slice:", "", *table(lines), "", *where])


def seeds_json(rows: Sequence[SeedRow]) -> dict[str, Any]:
    """The table's numbers; `mean` and `sd` are null where not every seed has the number."""
    chosen = [row.chosen or Evaluation(0) for row in rows]
    spread = {
        name: _mean_and_sd([getattr(each, name) for each in chosen])
        for name in ("sharpe", "max_drawdown_pct", "win_rate_pct")
    }
    return {
        "seeds": rows,
        "mean": {name: found and found[0] for name, found in spread.items()},
        "sd": {name: found and found[1] for name, found in spread.items()},
    }


def _cells(row: SeedRow) -> tuple[str, ...]:
    chosen = row.chosen
    return (
        str(row.seed),
        steps(chosen.timestep if chosen else None),
        number(chosen.sharpe if chosen else None, 2),
        percent(chosen.max_drawdown_pct if chosen else None),
        percent(chosen.win_rate_pct if chosen else None),
        number(chosen.trades if chosen else None),
        number(row.evaluations),
    )


def _spread(values: Sequence[float | None], decimals: int, unit: str = "") -> str:
    found = _mean_and_sd(values)
    if found is None:
        return number(None)
    return f"{number(found[0], decimals)} ± {number(found[1], decimals)}{unit}"


def _mean_and_sd(values: Sequence[float | None]) -> tuple[float, float] | None:
    """None where a seed lacks the number, or is alone."""
    known = [value for value in values if value is not None and math.isfinite(value)]
    if len(known) < max(2, len(values)):
        return None
    return statistics.fmean(known), statistics.stdev(known)


def _places(workspace: Workspace, run: str) -> list[tuple[Path, Path]]:
    """(run folder, models): the live one, then the archive, where a name may carry a number."""
    found = [(workspace.logs, workspace.models)]
    with contextlib.suppress(OSError):
        found += [(path, path / "models") for path in sorted(workspace.archive.glob(f"{run}*"))]
    return found


def _selection(models: Path, run: str) -> Selection | None:
    with contextlib.suppress(ConsoleError):
        manifest = read_manifest(models / BEST)
        if manifest.run_id == run:
            return manifest.selection
    return None


def _chosen(rows: Sequence[Evaluation], selection: Selection | None) -> Evaluation | None:
    if selection is None or not 1 <= selection.trial <= len(rows):
        return None
    row = rows[selection.trial - 1]
    value = row.sharpe if selection.metric == "sharpe" else row.mean_reward
    # Rows that were lost or added would make it another evaluation's.
    return row if value is not None and math.isclose(value, selection.value, rel_tol=1e-4) else None
