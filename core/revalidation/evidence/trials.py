"""How many models were tried before this one was chosen: the logged evaluations of its run.

Each row of the run's `evaluations.csv` is a trial, the ones after the chosen model too, for it was chosen
among all of them. Trap avoided: one look at a hundred checkpoints that reads like a single honest try.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import UnreadableError
from core.operations.evaluations import read_evaluations
from core.training.runfile import read_run


@dataclass(frozen=True, slots=True)
class Trials:
    """The trials behind a model."""

    count: int | None
    """None where it is not known."""
    sharpes: tuple[float, ...] = ()
    """Their annual Sharpe ratios on the validation slice, as far as they have one."""


UNKNOWN = Trials(None)


def find_trials(run_id: str, counted: int, folders: Sequence[Path]) -> Trials:
    """The trials of the run `run_id`, looked for in `folders` and in the folders of each.

    Without its log the model's own count stands, `counted`, and 0 is not known.
    """
    for folder in _candidates(folders):
        with contextlib.suppress(UnreadableError):
            record = read_run(folder)
            if record is None or record.id != run_id:
                continue
            rows, _ = read_evaluations(folder)
            sharpes = tuple(row.sharpe for row in rows if row.sharpe is not None)
            return Trials(max(len(rows), record.trials, counted) or None, sharpes)
    return Trials(counted or None)


def _candidates(folders: Sequence[Path]) -> list[Path]:
    """Each folder, then its subfolders by name."""
    found = []
    for folder in folders:
        found.append(folder)
        with contextlib.suppress(OSError):
            found += sorted(path for path in folder.iterdir() if path.is_dir() and not path.is_symlink())
    return found
