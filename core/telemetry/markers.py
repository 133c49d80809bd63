"""What happened at which timestep of a run: checkpoints, resumes, evaluations, the best model.

Trap avoided: another run's best model marked on this one's charts; its manifest must name this run.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from core.clock import from_epoch, parse_iso
from core.errors import UnreadableError
from core.files import read_regular
from core.telemetry.metrics import metric
from core.telemetry.model import Marker, Run
from core.telemetry.series import Series
from core.text import visible
from core.units import number

BEST_MANIFEST = "best_model.manifest.json"
_MAX_BYTES = 1 << 20
_EVALUATION = "eval_sharpe"
_MAX_EVALUATIONS = 500
"""The newest ones."""


class Markers:
    """Keeps `Run.markers` up to date."""

    def __init__(self, models: Path | None) -> None:
        """`models`: the folder of the best model; None where there is none to look in."""
        self._manifest = models / BEST_MANIFEST if models is not None else None
        self._signature: tuple[int, int, int] | None = None
        self._best: tuple[str, Marker] | None = None
        self._seen: object = None

    def update(self, run: Run) -> None:
        """Put another list into `run.markers` when one of them changed."""
        self._read_best()
        evaluations = run.series.get(_EVALUATION)
        seen = (run.checkpoints, run.info.resumes, run.info.id, self._best, evaluations and evaluations.rows)
        if seen == self._seen:
            return
        self._seen = seen
        found = [
            Marker("checkpoint", one.timestep, one.written_at, "checkpoint")
            for one in run.checkpoints
            if one.timestep is not None
        ]
        for resume in run.info.resumes:
            source = f" from {visible(resume.checkpoint, 80)}" if resume.checkpoint else ""
            found.append(Marker("resume", resume.timestep, resume.at, f"resumed{source}"))
        if evaluations is not None:
            found += _evaluations(evaluations)
        if self._best is not None and self._best[0] == run.info.id:
            found.append(self._best[1])
        run.markers = sorted(found, key=lambda marker: marker.timestep)

    def _read_best(self) -> None:
        if self._manifest is None:
            return
        try:
            stat = self._manifest.stat()
            signature = (stat.st_ino, stat.st_size, stat.st_mtime_ns)
            if signature == self._signature:
                return
            data = read_regular(self._manifest, _MAX_BYTES)
        except UnreadableError:
            data = b""
        except OSError:
            self._signature, self._best = None, None
            return
        self._signature, self._best = signature, _best(data)


def _best(data: bytes) -> tuple[str, Marker] | None:
    """(run id, marker) of a manifest, None where it is none."""
    try:
        raw: Any = json.loads(data)
        run_id, timestep = raw["run_id"], raw["timesteps"]
    except (ValueError, RecursionError, KeyError, TypeError):
        return None
    if not isinstance(run_id, str) or isinstance(timestep, bool) or not isinstance(timestep, int):
        return None
    try:
        time = parse_iso(raw["created_at"])
    except (ValueError, KeyError, TypeError):
        time = None
    text = "best model"
    selection = raw.get("selection")
    if isinstance(selection, dict) and isinstance(selection.get("value"), int | float):
        name = visible(str(selection.get("metric", "")), 40).replace("_", " ")
        text = f"best model, {name} {number(float(selection['value']), 2)}"
    return visible(run_id, 200), Marker("best", timestep, time, text)


def _evaluations(series: Series) -> list[Marker]:
    size = len(series)
    return [
        Marker(
            "evaluation",
            int(series.timestep[at]),
            from_epoch(series.time[at]) if series.time[at] == series.time[at] else None,
            f"evaluation, Sharpe {number(series.value[at], metric(series.name).decimals)}",
        )
        for at in range(max(0, size - _MAX_EVALUATIONS), size)
    ]
