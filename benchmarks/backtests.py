"""How much faster a backtest is than the loops that stock stable-baselines3 offers, as ratios."""

from __future__ import annotations

import json
import subprocess
import sys

from benchmarks.programs import ROOT
from benchmarks.subjects import Subjects
from benchmarks.table import Line

COLUMNS = ("engine", "one env + predict", "predict alone", "DummyVecEnv", "batched predict alone")
_ENGINE = COLUMNS[0]
_SIDES = dict(zip(("engine", "one", "predict", "dummy", "bare"), COLUMNS, strict=True))
_LEAST = {"62": 45.0, "620": 100.0}
"""Lanes → times as fast as one environment with `predict`."""
_MOST_OF_BARE = 3.0
Times = dict[str, dict[str, float]]


def measure(subjects: Subjects) -> list[Line]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.backtest_speed", *(["--quick"] if subjects.quick else [])],
        cwd=ROOT,
        capture_output=True,
        check=True,
        timeout=300,
    )
    return backtest_lines(json.loads(done.stdout))


def backtest_lines(times: Times) -> list[Line]:
    """`times`: lanes → side → CPU seconds a lane and candle."""
    lines = []
    for lanes, sides in times.items():
        engine = sides["engine"]
        ratios: dict[str, float | None] = {
            _SIDES[name]: seconds / engine
            for name, seconds in sides.items()
            if name not in ("engine", "bare")
        }
        micro = {_SIDES[name]: seconds * 1e6 for name, seconds in sides.items()}
        lines += [
            Line(f"backtest, {lanes} lanes", "µs a candle", {**micro}),
            Line(
                f"backtest, {lanes} lanes, the engine is faster than",
                "×",
                ratios,
                _LEAST[lanes],
                (_SIDES["one"],),
                least=True,
                cause=lambda sides=sides: _where(sides),  # type: ignore[misc]
            ),
            Line(
                f"backtest, {lanes} lanes, the whole of it",
                "× batched predict",
                {_ENGINE: engine / sides["bare"]},
                _MOST_OF_BARE,
                (_ENGINE,),
                cause=lambda sides=sides: _where(sides),  # type: ignore[misc]
            ),
        ]
    return lines


def _where(sides: dict[str, float]) -> str:
    return (
        f"the engine takes {sides['engine'] * 1e6:.2f} µs a candle, {sides['bare'] * 1e6:.2f} µs go into "
        "bare predict calls."
    )
