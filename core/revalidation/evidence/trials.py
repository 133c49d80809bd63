"""How many models were tried before this one was chosen: the logged evaluations of all runs on its candles.

Each row of a run's `evaluations.csv` is a trial, the ones after the chosen model too, for it was chosen among
all of them. Further runs on the same training candles, other seeds or settings, were tries as well. Trap
avoided: one look at a hundred checkpoints that reads like a single honest try.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import UnreadableError
from core.training.evaluation_rows import read_evaluations
from core.training.runfile import RunRecord, read_run


@dataclass(frozen=True, slots=True)
class Trials:
    """The trials behind a model."""

    count: int | None
    """None where it is not known."""
    sharpes: tuple[float, ...] = ()
    """Their annual Sharpe ratios on the validation slice, as far as they have one."""
    runs: int = 1
    """The runs they were made in."""


UNKNOWN = Trials(None)


def find_trials(run_id: str, counted: int, folders: Sequence[Path], trained_on: str | None = None) -> Trials:
    """The trials of the run `run_id`, and of every other run on the same training candles.

    Runs are looked for in `folders` and in the folders of each. Without the run's own log the model's own
    count stands, `counted`, and 0 is not known; `trained_on` is then the hash of its training candles.
    """
    runs: dict[str, tuple[RunRecord, Trials]] = {}
    for folder in _candidates(folders):
        with contextlib.suppress(UnreadableError):
            record = read_run(folder)
            if record is None or record.id in runs:
                continue
            rows, _ = read_evaluations(folder)
            sharpes = tuple(row.sharpe for row in rows if row.sharpe is not None)
            runs[record.id] = record, Trials(max(len(rows), record.trials), sharpes)
    own = Trials(counted)
    if run_id in runs:
        record, logged = runs.pop(run_id)
        own = Trials(max(logged.count or 0, counted), logged.sharpes)
        trained_on = record.data.hash if record.data is not None else trained_on
    if not own.count:
        return UNKNOWN
    others = [
        logged
        for record, logged in runs.values()
        if logged.count
        and trained_on is not None
        and record.data is not None
        and record.data.hash == trained_on
    ]
    return Trials(
        own.count + sum(other.count or 0 for other in others),
        sum((other.sharpes for other in others), own.sharpes),
        1 + len(others),
    )


def _candidates(folders: Sequence[Path]) -> list[Path]:
    """Each folder, then its subfolders by name."""
    found = []
    for folder in folders:
        found.append(folder)
        with contextlib.suppress(OSError):
            found += sorted(path for path in folder.iterdir() if path.is_dir() and not path.is_symlink())
    return found
