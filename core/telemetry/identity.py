"""`run.json` as the console reads it: any trainer's, tolerant of what is missing, strict about types.

Trap avoided: a value of the wrong type carried into a progress bar; it is left out instead, and said.
"""

from __future__ import annotations

import json
import math
from datetime import datetime
from pathlib import Path
from typing import Any

from core.clock import believable, parse_iso
from core.files import read_regular
from core.telemetry.model import Resume, RunInfo
from core.text import visible

RUN_FILE = "run.json"
_MAX_BYTES = 4 << 20
_MAX_RESUMES = 1000


def foreign(directory: Path, name: str | None = None) -> RunInfo:
    """A run without a `run.json`: its id is the folder's (or file's) name."""
    return RunInfo(id=visible(name or directory.name or str(directory), 200), directory=directory)


def read_run_file(path: Path) -> bytes:
    """The bytes of a `run.json`. Raises OSError, UnreadableError for no regular file or above 4 MB."""
    return read_regular(path, _MAX_BYTES)


def parse_run_info(data: bytes, directory: Path) -> RunInfo | None:
    """The run of a `run.json`; None when it is no JSON object (half written, or foreign)."""
    if len(data) > _MAX_BYTES:
        return None
    try:
        raw = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if not isinstance(raw, dict):
        return None
    hyperparameters = raw.get("hyperparameters")
    return RunInfo(
        id=_text(raw.get("id")) or foreign(directory).id,
        directory=directory,
        tag=_text(raw.get("tag")),
        symbols=tuple(
            visible(symbol, 40) for symbol in _list(raw.get("symbols"))[:1000] if isinstance(symbol, str)
        ),
        mode=_text(raw.get("mode")),
        total_timesteps=_whole(raw.get("total_timesteps")),
        seed=_whole(raw.get("seed"), least=0),
        started_at=_moment(raw.get("started_at")),
        ended_at=_moment(raw.get("ended_at")),
        outcome=_text(raw.get("outcome")),
        pid=_whole(raw.get("pid")),
        process_started=_epoch(raw.get("process_started")),
        boot_id=_text(raw.get("boot_id")),
        nonce=_text(raw.get("nonce")),
        host=_text(raw.get("host")),
        hyperparameters={
            visible(name, 80): value
            for name, given in (hyperparameters.items() if isinstance(hyperparameters, dict) else ())
            if (value := _number(given)) is not None
        },
        resumes=tuple(
            Resume(timestep, _moment(one.get("at")), _text(one.get("checkpoint")) or "")
            for one in _list(raw.get("resumes"))[:_MAX_RESUMES]
            if isinstance(one, dict) and (timestep := _whole(one.get("timestep"), least=0)) is not None
        ),
    )


def _text(value: Any) -> str | None:
    return visible(value, 200) if isinstance(value, str) and value else None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _whole(value: Any, least: int = 1) -> int | None:
    number = _number(value)
    return int(number) if number is not None and number >= least and number == int(number) else None


def _moment(value: Any) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        moment = parse_iso(value)
    except ValueError:
        return None
    return None if math.isnan(believable(moment.timestamp())) else moment


def _epoch(value: Any) -> float | None:
    seconds = _number(value)
    return None if not seconds or math.isnan(believable(seconds)) else seconds
