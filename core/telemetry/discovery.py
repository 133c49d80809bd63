"""Which files of a target are a run's: a run folder, a TensorBoard folder, or one file.

Trap avoided: points of two runs in one chart, because a TensorBoard folder holds several of them; the newest
is read and the others are named.
"""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

import msgspec

from core.clock import from_epoch
from core.errors import UnreadableError, UsageError
from core.telemetry.ledger import Rank
from core.telemetry.metrics import TIMESTEP_COLUMNS
from core.telemetry.model import Checkpoint
from core.telemetry.rows import CsvRows
from core.text import visible

TRAINING_LOG = "training.log"
_NAMED = {
    "convergence_dashboard.csv": Rank.DASHBOARD,
    "training_metrics.csv": Rank.METRICS,
    "evaluations.csv": Rank.EVALUATIONS,
    "progress.csv": Rank.PROGRESS,
    "progress.json": Rank.PROGRESS_JSON,
}
_EVENT_FILE = re.compile(r"events\.out\.tfevents\.(\d+)")
_CHECKPOINT = re.compile(r"_(\d{1,15})_steps\.zip")
_NOT_EVENTS = frozenset(("checkpoints", "models", "daily_summaries"))
_EVENT_DEPTH = 3
_MAX_FOLDERS = 200
_MAX_FILES = 200
_PEEK = 1 << 12


class Found(msgspec.Struct):
    """The files of a run, in the order in which they are read."""

    rows: list[tuple[Path, Rank]] = msgspec.field(default_factory=list)
    monitors: list[Path] = msgspec.field(default_factory=list)
    events: list[Path] = msgspec.field(default_factory=list)
    log: Path | None = None
    notes: list[str] = msgspec.field(default_factory=list)

    def size(self) -> int:
        """Bytes of all row files together."""
        paths = [*(path for path, _ in self.rows), *self.monitors, *self.events]
        size = 0
        for path in paths:
            with contextlib.suppress(OSError):
                size += path.stat().st_size
        return size


def check_target(target: Path) -> None:
    """Raises UsageError for a missing path or a file that is no run, UnreadableError for a denied one."""
    try:
        if target.is_dir():
            with os.scandir(target):
                return
        handle = os.open(target, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError as error:
        raise UsageError(
            f"{target} does not exist; expected a run folder, a TensorBoard folder or a CSV",
            hint="Check the path, or leave it out for the workspace's run.",
        ) from error
    except OSError as error:
        raise UnreadableError(
            f"{target} could not be read: {error.strerror}", hint="Check its permissions and its owner."
        ) from error
    os.close(handle)
    if not target.is_file():
        raise UsageError(f"{target} is neither a folder nor a file that can be followed")
    found = find_files(target)
    if found.rows and found.rows[0][1] is Rank.CSV:
        _check_header(target)
    elif not (found.rows or found.monitors or found.events):
        raise UsageError(f"{target} is no run; expected a run folder, a TensorBoard folder or a CSV")


def find_files(target: Path) -> Found:
    """The run's files as they are now; an empty result where the folder is gone or denied."""
    found = Found()
    if not target.is_dir():
        _single(target, found)
        return found
    others: list[Path] = []
    for entry in _entries(target):
        path = target / entry.name
        if entry.name in _NAMED:
            found.rows.append((path, _NAMED[entry.name]))
        elif entry.name.endswith("monitor.csv"):
            found.monitors.append(path)
        elif entry.name == TRAINING_LOG:
            found.log = path
        elif entry.name.endswith(".csv") and not entry.name.startswith("."):
            others.append(path)
    found.rows += [(path, Rank.CSV) for path in others[:_MAX_FILES] if _is_usable(_peek(path))]
    found.rows.sort(key=lambda row: (row[1], row[0]))
    found.monitors = sorted(found.monitors)[:_MAX_FILES]
    _find_events(target, found)
    return found


def find_checkpoints(folders: tuple[Path, ...]) -> list[Checkpoint]:
    """`*_<steps>_steps.zip` in the first of the folders that has any, oldest first."""
    for folder in folders:
        checkpoints = []
        for entry in _entries(folder):
            match = _CHECKPOINT.search(entry.name)
            if match and not entry.name.startswith("."):
                with contextlib.suppress(OSError):
                    written = from_epoch(entry.stat().st_mtime)
                    checkpoints.append(Checkpoint(folder / entry.name, int(match[1]), written))
        if checkpoints:
            return sorted(checkpoints, key=lambda one: (one.written_at, one.timestep or 0))
    return []


def _single(target: Path, found: Found) -> None:
    name = target.name
    if _EVENT_FILE.search(name):
        found.events.append(target)
    elif name.endswith("monitor.csv") or (name.endswith(".csv") and _peek(target).startswith(b"#{")):
        found.monitors.append(target)
    elif name in _NAMED or name.endswith(".json"):
        found.rows.append((target, _NAMED.get(name, Rank.PROGRESS_JSON)))
    elif name.endswith(".csv"):
        found.rows.append((target, Rank.CSV))
    elif name == TRAINING_LOG:
        found.log = target


def _find_events(target: Path, found: Found) -> None:
    """The event files of one folder: of the target, of its `tensorboard/`, else of the newest run below."""
    groups: dict[Path, list[Path]] = {}
    queue, seen = [(target, 0)], 0
    while queue and seen < _MAX_FOLDERS:
        folder, depth = queue.pop(0)
        seen += 1
        for entry in _entries(folder):
            if _EVENT_FILE.search(entry.name):
                groups.setdefault(folder, []).append(folder / entry.name)
            elif depth < _EVENT_DEPTH and _is_folder(entry):
                queue.append((folder / entry.name, depth + 1))
    if not groups:
        return
    chosen = next((folder for folder in (target, target / "tensorboard") if folder in groups), None)
    if chosen is None:
        chosen = max(groups, key=lambda folder: (max(map(_event_order, groups[folder])), folder))
    if len(groups) > 1:
        found.notes.append(
            f"{len(groups)} TensorBoard runs lie under {visible(str(target), 200)}; "
            f"{visible(str(chosen.relative_to(target)), 200)} is read."
        )
    found.events = sorted(groups[chosen], key=_event_order)[:_MAX_FILES]


def _is_folder(entry: os.DirEntry[str]) -> bool:
    if entry.name.startswith(".") or entry.name in _NOT_EVENTS:
        return False
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def _event_order(path: Path) -> tuple[int, str]:
    match = _EVENT_FILE.search(path.name)
    return (int(match[1]) if match else 0, path.name)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return []


def _peek(path: Path) -> bytes:
    """The first bytes of a file, empty where it cannot be read."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return b""
    try:
        return os.pread(handle, _PEEK, 0)
    except OSError:
        return b""
    finally:
        os.close(handle)


def _is_usable(start: bytes) -> bool:
    return CsvRows.header_is_usable(start.partition(b"\n")[0])


def _check_header(target: Path) -> None:
    line, newline, _ = _peek(target).partition(b"\n")
    if newline and not CsvRows.header_is_usable(line):
        got = visible(line.decode("utf-8", "replace"), 80)
        raise UnreadableError(
            f"{target} is no CSV of a run: its first line names no timestep column and metric, got {got!r}",
            hint="Expected one of the timestep columns " + ", ".join(TIMESTEP_COLUMNS) + ".",
        )
