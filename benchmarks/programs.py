"""The programs that are measured: the console, a bare Textual app, and the peers that are installed.

toolong's `tl` and wandb's `wandb` are looked for on the PATH and, first, where `BENCH_TL` and `BENCH_WANDB`
point (each needs an environment of its own: toolong brings an older Textual). Trap avoided: a peer measured
on a file it would never be given; toolong gets the CSV, LEET a run that wandb wrote.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.terminal import Size, Terminal

ROOT = Path(__file__).resolve().parents[1]

_WRITE_WANDB = """
import math, os, sys, time
import wandb
os.chdir(sys.argv[1])
run = wandb.init(project="bench", settings=wandb.Settings(x_disable_stats=True, console="off"))
for row in range(1, int(sys.argv[2]) + 1):
    run.log({"reward": math.sin(row / 40), "approx_kl": 0.008, "value_loss": 0.3, "entropy": 2.3 - row / 1e4,
             "policy_loss": -0.01, "clip_fraction": 0.1}, step=row)
run.finish()
"""


@dataclass(frozen=True, slots=True)
class Program:
    """How to start one of them, and what on its screen says that the first values are there."""

    name: str
    command: tuple[str, ...]
    marker: str
    extra: Mapping[str, str] = field(default_factory=dict)

    def open(self, size: Size) -> Terminal:
        return Terminal(self.command, size, folder=ROOT, extra={**caches(), **self.extra})


def caches() -> dict[str, str]:
    """Compiled modules are kept, as after an installed program's first start, but not in the tree."""
    return {"PYTHONPYCACHEPREFIX": str(Path(os.environ.get("TMPDIR", "/tmp")) / "bench-console-pyc")}


def console(marker: str, *arguments: str) -> Program:
    return Program("console", (sys.executable, "-m", "console", *arguments), marker)


def bare(marker: str, *arguments: str) -> Program:
    command = (sys.executable, "-m", "benchmarks.bare", "--text", marker, *arguments)
    return Program("bare Textual", command, marker)


def toolong() -> str | None:
    """The path of `tl`; None where it is not installed."""
    return os.environ.get("BENCH_TL") or shutil.which("tl")


def wandb() -> str | None:
    return os.environ.get("BENCH_WANDB") or shutil.which("wandb")


def write_wandb_run(folder: Path, rows: int) -> Path | str:
    """A finished offline run of wandb's; words where it could not be made."""
    program = wandb()
    if program is None:
        return "not installed"
    python = Path(program).parent / "python"
    folder.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "WANDB_MODE": "offline", "WANDB_SILENT": "true"}
    try:
        subprocess.run(
            [python, "-c", _WRITE_WANDB, folder, str(rows)],
            env=environment,
            check=True,
            capture_output=True,
            timeout=60,
        )
    except (OSError, subprocess.SubprocessError) as error:
        return f"its run could not be written ({type(error).__name__})"
    found = list(folder.glob("wandb/offline-run-*"))
    return found[0] if found else "its run could not be written"
