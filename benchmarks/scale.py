"""What 1,000 symbols × 20 models cost, computed from what one task costs here, with its arithmetic.

Trap avoided: a number that nobody can follow, or that only the program's own arithmetic believes: the same
sum is made for a fan-out that was really run, beside its time.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

from benchmarks.programs import ROOT
from core.backtest.fanout import CHUNK, MODELS, count_tasks

SYMBOLS, COMPARED = 1000, 20
CANDLES, EPISODES = 5200, 10
CHECK = (2 * CHUNK, 2)
"""Symbols and models of the fan-out that is really run."""
_MACHINES = (1, 2, 16, 64)
"""Cores."""


def measure(*, quick: bool) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.scale_cost", *(["--quick"] if quick else [])],
        cwd=ROOT,
        capture_output=True,
        check=True,
        timeout=600,
    )
    return cost_text(json.loads(done.stdout), cores=os.cpu_count() or 1)


def core_seconds(cost: dict[str, float], symbols: int, models: int) -> tuple[float, float]:
    """Seconds of one core for the features and for the backtests."""
    chunks = symbols / CHUNK
    features = chunks * -(-models // MODELS) * cost["features"]
    return features, chunks * models * cost["backtest"]


def cost_text(cost: dict[str, float], *, cores: int) -> str:
    """`cost`: what `scale_cost` measured."""
    features, backtests = core_seconds(cost, SYMBOLS, COMPARED)
    total = features + backtests
    tasks = count_tasks(SYMBOLS, COMPARED)
    chunks = SYMBOLS / CHUNK
    groups = -(-COMPARED // MODELS)
    check = sum(core_seconds(cost, *CHECK))
    evidence = chunks * COMPARED * cost["evidence"]
    lines = [
        f"{SYMBOLS:,} symbols × {COMPARED} models: {EPISODES} episodes of 500 candles and the whole period "
        f"of {CANDLES:,}, 64x64 policies; CPU time",
        f"  a task           {CHUNK} symbols × {MODELS} models; "
        f"{-(-SYMBOLS // CHUNK)} × {groups} = {tasks} tasks",
        f"  features         {SYMBOLS:,}/{CHUNK} × {groups} × {cost['features']:.2f} s = {features:,.0f} s",
        f"  backtests        {SYMBOLS:,}/{CHUNK} × {COMPARED} × {cost['backtest']:.2f} s "
        f"= {backtests:,.0f} s",
        f"  together         {total:,.0f} s of one core = {total / 3600:.2f} core-hours",
        "  on               "
        + ", ".join(
            f"{count} core{'s' if count > 1 else ''} {_duration(total / min(count, tasks))}"
            for count in sorted({*_MACHINES, cores})
        ),
        f"  sent             {tasks} × {cost['task_bytes'] / 1e6:.0f} MB of candles to the workers, "
        f"{tasks} × {MODELS} × {cost['result_bytes'] / 1e6:.0f} MB of results back",
        f"  full evidence    {SYMBOLS:,}/{CHUNK} × {COMPARED} × {cost['evidence']:.1f} s = {evidence:,.0f} s "
        "more, were every model revalidated, not only the chosen one",
        "  not counted      starting workers, reading the candle files, the network",
        f"  the same sum     for {CHECK[0]} symbols × {CHECK[1]} models: {check:.1f} s; "
        f"run and timed: {cost['check']:.1f} s",
    ]
    return "\n".join(lines)


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.1f} min"
