"""Earlier runs under `logs/runs/`: what each was and how it ended, and its series to compare with.

Trap avoided: a list that reads every run whole before it shows the first; a run costs its `run.json`, its
evaluations and the ends of its CSVs.
"""

from __future__ import annotations

import contextlib
from datetime import datetime
from pathlib import Path

import msgspec

from core.clock import from_epoch
from core.errors import ConsoleError, UnreadableError
from core.files import TEMPORARY
from core.telemetry.assembly import Assembly
from core.telemetry.discovery import Found, find_files
from core.telemetry.identity import RUN_FILE, foreign, parse_run_info, read_run_file
from core.telemetry.ledger import Rank
from core.telemetry.model import RunInfo
from core.telemetry.series import Series
from core.telemetry.stepclock import StepClock
from core.telemetry.tail import TAIL_BYTES
from core.text import visible

_MAX_RUNS = 500
_MAX_EVALUATIONS = 1 << 20
"""Bytes of `evaluations.csv` that are read; of a longer one no best value is told."""
_NO_LOG = StepClock()


class EarlierRun(msgspec.Struct, frozen=True):
    """One archived run; what its files do not say is None."""

    id: str
    directory: Path
    tag: str | None
    symbols: tuple[str, ...]
    outcome: str | None
    """`finished`, `stopped`, `crashed`; None where it was never written: the trainer was killed."""
    last_step: int | None
    total_timesteps: int | None
    best_sharpe: float | None
    """The best of its evaluations on the validation slice."""
    started_at: datetime | None
    ended_at: datetime | None
    """As recorded, else when its newest row was written."""
    problem: str | None = None
    """Why something of it could not be read."""


def list_runs(archive: Path, now: datetime) -> list[EarlierRun]:
    """The runs in `archive`, the newest 500 folders by name, last ended first. Empty where there are none."""
    try:
        whole = (each for each in archive.iterdir() if not each.name.startswith(TEMPORARY))
        folders = sorted((each for each in whole if each.is_dir()), reverse=True)[:_MAX_RUNS]
    except OSError:
        return []
    found = [run for folder in folders if (run := read_run(folder, now)) is not None]
    found.sort(key=lambda run: (run.ended_at or run.started_at or from_epoch(0.0), run.id), reverse=True)
    return found


def read_run(directory: Path, now: datetime) -> EarlierRun | None:
    """What is told of the run in `directory`; None when it holds no run."""
    info, problem = _info(directory)
    found = find_files(directory)
    if info is None and not (found.rows or found.monitors or found.events or problem):
        return None
    known = info or foreign(directory)
    step = written = best = None
    try:
        step, written = _ends(known, found, now)
        best = _best_sharpe(known, found, now)
    except (ConsoleError, OSError, ValueError) as error:  # one bad run must not hide the others
        told = error.title if isinstance(error, ConsoleError) else f"{type(error).__name__}: {error}"
        problem = problem or visible(f"its rows could not be read: {told}", 300)
    return EarlierRun(
        id=known.id,
        directory=directory,
        tag=known.tag,
        symbols=known.symbols,
        outcome=known.outcome,
        last_step=step,
        total_timesteps=known.total_timesteps,
        best_sharpe=best,
        started_at=known.started_at,
        ended_at=known.ended_at or written,
        problem=problem,
    )


def load_series(directory: Path, now: datetime) -> dict[str, Series]:
    """Every metric of a run, its long past reduced; empty where it has no rows.

    Takes about a second for a million rows: for a worker, not for the screen's thread.
    """
    return _read(_info(directory)[0] or foreign(directory), find_files(directory), now)


def _info(directory: Path) -> tuple[RunInfo | None, str | None]:
    path = directory / RUN_FILE
    try:
        info = parse_run_info(read_run_file(path), directory)
    except FileNotFoundError:
        return None, None
    except OSError as error:
        return None, f"{RUN_FILE} could not be read: {error.strerror}"
    except UnreadableError as error:
        return None, visible(error.title, 300)
    return info, None if info is not None else f"{RUN_FILE} could not be read as a run"


def _ends(info: RunInfo, found: Found, now: datetime) -> tuple[int | None, datetime | None]:
    """The newest step at the ends of a run's files, and when it was written."""
    assembly = Assembly(info, tail=TAIL_BYTES)
    with contextlib.closing(assembly):
        assembly.follow(found)
        assembly.poll(now, _NO_LOG)
    return assembly.run.step, assembly.run.last_step_at


def _best_sharpe(info: RunInfo, found: Found, now: datetime) -> float | None:
    rows: list[tuple[Path, Rank]] = [row for row in found.rows if row[1] == Rank.EVALUATIONS]
    evaluations = Found(rows=rows)
    if evaluations.size() > _MAX_EVALUATIONS:
        return None
    series = _series(info, evaluations, "eval_sharpe", now)
    return None if series is None else series.maximum


def _series(info: RunInfo, found: Found, metric: str, now: datetime) -> Series | None:
    return _read(info, found, now, frozenset((metric,))).get(metric)


def _read(
    info: RunInfo, found: Found, now: datetime, only: frozenset[str] | None = None
) -> dict[str, Series]:
    assembly = Assembly(info, every_row=False, only=only)
    with contextlib.closing(assembly):
        assembly.follow(found)
        assembly.poll(now, _NO_LOG, lambda: False)
    return assembly.run.series
