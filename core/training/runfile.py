"""`run.json`: who a run is, with which process, and how it ended.

Written whole each time. Its names are those of `core.telemetry.model.RunInfo`. Trap avoided: a run whose file
says nothing about the data and the settings it was trained with.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from core.errors import UnreadableError
from core.files import atomic_write, read_regular
from core.process import ProcessIdentity
from core.text import visible

RUN_FILE = "run.json"
MAX_BYTES = 4 * 1024 * 1024
SCHEMA_VERSION = 1

Outcome = Literal["finished", "stopped", "crashed"]


class DataRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The training data as loaded."""

    folder: str
    hash: str
    """Of the folder's candle files, `core.market.universe.data_hash`."""
    first: str
    last: str
    timeframe: str
    candles: int
    validation_candles: int
    """Scored candles of the validation slice."""
    synthetic: bool = False
    warnings: tuple[str, ...] = ()


class Resume(msgspec.Struct, frozen=True, kw_only=True):
    at: str
    timestep: int
    checkpoint: str
    changes: tuple[str, ...] = ()
    """Hyperparameters that differ from the part before: `learning_rate 0.0003 -> 0.0001`."""


class RunRecord(msgspec.Struct, frozen=True, kw_only=True):
    schema_version: int = SCHEMA_VERSION
    id: str
    tag: str | None = None
    symbols: tuple[str, ...] = ()
    mode: str
    total_timesteps: int
    seed: int
    hyperparameters: dict[str, int | float]
    started_at: str
    ended_at: str | None = None
    outcome: Outcome | None = None
    timestep: int = 0
    """Reached when this file was last written: at a start, an evaluation, a checkpoint, the end."""
    nonce: str
    pid: int = 0
    process_started: float = 0.0
    boot_id: str = ""
    host: str = ""
    lanes: int
    torch_threads: int
    net_arch: tuple[int, ...]
    trials: int = 0
    """Evaluations on the validation slice so far; each one counts in the evidence."""
    data: DataRecord | None = None
    git_commit: str | None = None
    """Of the program, where it runs from a git work tree."""
    config_hash: str | None = None
    versions: dict[str, str] = {}
    preflight: str | None = None
    """READY, FIX or BLOCKED at the start."""
    override: str | None = None
    """The reason given for starting although BLOCKED."""
    resumes: tuple[Resume, ...] = ()

    @property
    def process(self) -> ProcessIdentity:
        return ProcessIdentity(self.pid, self.process_started, self.boot_id, self.nonce, self.host)


def read_run(folder: Path) -> RunRecord | None:
    """The record in `folder`; None when there is none. Raises UnreadableError for a denied or malformed one,
    one above `MAX_BYTES`, and for what is no file.
    """
    path = folder / RUN_FILE
    try:
        return msgspec.json.decode(read_regular(path, MAX_BYTES), type=RunRecord)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise UnreadableError(f"{path} could not be read: {error.strerror}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnreadableError(
            f"{path} is malformed: {visible(str(error), 200)}",
            hint="`ppo-console train --fresh` moves this run away and starts a new one.",
        ) from error


def write_run(folder: Path, record: RunRecord) -> None:
    """Replace the record, whole or not at all. Raises UnreadableError."""
    data = msgspec.json.format(msgspec.json.encode(record), indent=1)
    atomic_write(folder / RUN_FILE, data + b"\n")
