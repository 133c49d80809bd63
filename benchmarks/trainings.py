"""How much faster the trainer learns than stock stable-baselines3 on one environment, as ratios."""

from __future__ import annotations

import json
import subprocess
import sys

from benchmarks.programs import ROOT
from benchmarks.subjects import Subjects
from benchmarks.table import Line

COLUMNS = ("16 lanes", "32 lanes", "stock PPO, one env", "stock PPO, an env that costs nothing")
_SIDES = dict(zip(("lanes 16", "lanes 32", "stock", "free"), COLUMNS, strict=True))
_OURS, _STOCK = COLUMNS[:2], COLUMNS[2:]
_LEAST_RATIO = 2.4
_LEAST_PACE = 1000.0
"""Steps a second: the documents'."""


def measure(subjects: Subjects) -> list[Line]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.training_speed", *(["--quick"] if subjects.quick else [])],
        cwd=ROOT,
        capture_output=True,
        check=True,
        timeout=300,
    )
    return training_lines(json.loads(done.stdout))


def training_lines(times: dict[str, float]) -> list[Line]:
    """`times`: side → CPU seconds a step of rollout and update."""
    seconds = {_SIDES[name]: value for name, value in times.items()}

    def cause() -> str:
        return ", ".join(f"{name}: {value * 1e6:.0f} µs a step" for name, value in seconds.items()) + "."

    pace: dict[str, float | None] = {name: 1 / value for name, value in seconds.items()}
    lines = [Line("training", "steps/s", pace, _LEAST_PACE, _OURS, least=True, cause=cause)]
    for other in _STOCK:
        ratios: dict[str, float | None] = {name: seconds[other] / seconds[name] for name in _OURS}
        budget = _LEAST_RATIO if other == _STOCK[0] else None
        lines.append(
            Line(f"training, faster than {other}", "×", ratios, budget, _OURS, least=True, cause=cause)
        )
    return lines
