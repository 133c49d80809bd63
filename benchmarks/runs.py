"""Runs on disk to measure with, written as `core.training` writes them, and a workspace around them.

Trap avoided: measuring on a file whose values all look alike; the rewards here wander, and the first ones are
far above the later ones, so that a chart without the beginning looks different from one with it.
"""

from __future__ import annotations

import math
import os
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from core.clock import from_epoch, iso
from core.files import append_line
from core.process import identify
from core.training.writers import DASHBOARD_CSV, HEADERS, METRICS_CSV, TRAINING_LOG, log_line
from core.workspace import Workspace

STEPS_PER_ROW = 64
MILLION = 1_000_000
EARLY_REWARD = 900.0


@dataclass(slots=True)
class BenchRun:
    """A run folder that grows by `append`."""

    folder: Path
    tag: str
    total_steps: int
    rows: int = 0
    lines: int = 0

    @property
    def csv(self) -> Path:
        return self.folder / DASHBOARD_CSV

    @property
    def last_step(self) -> str:
        """As screens write it: `64,000,000`."""
        return f"{self.rows * STEPS_PER_ROW:,}"

    def log(self) -> None:
        """One line in the log."""
        self.lines += 1
        append_line(self.folder / TRAINING_LOG, log_line(f"line {self.lines}", from_epoch(time.time())))

    def append(self) -> None:
        """One rollout as the trainer writes it: a row in each CSV and a line in the log."""
        self.rows += 1
        step = self.rows * STEPS_PER_ROW
        metrics = f"{step},-0.0123456789,0.{self.rows % 9973:08d},2.3{step % 9973:07d},0.008,0.1234"
        append_line(self.folder / METRICS_CSV, metrics)
        message = f"Step {step}/{self.total_steps} reward 1.2345"
        append_line(self.folder / TRAINING_LOG, log_line(message, from_epoch(time.time())))
        append_line(self.folder / DASHBOARD_CSV, next(_rows(self.rows, self.rows + 1)))


def make_run(folder: Path, tag: str, *, rows: int, total_rows: int) -> BenchRun:
    """A live run of `rows` rows; this very process stands in for its trainer."""
    folder.mkdir(parents=True, exist_ok=True)
    run = BenchRun(folder, tag, total_rows * STEPS_PER_ROW, rows)
    me = identify(os.getpid(), "")
    now = time.time()
    record = {
        "schema_version": 1,
        "id": tag,
        "tag": tag,
        "symbols": ["SYN01"],
        "mode": "paper",
        "total_timesteps": run.total_steps,
        "seed": 0,
        "hyperparameters": {"learning_rate": 3e-4, "n_steps": 2048},
        "started_at": iso(from_epoch(now - 3600)),
        "pid": me.pid,
        "process_started": me.started,
        "boot_id": me.boot_id,
        "nonce": "",
        "host": me.host,
    }
    (folder / "run.json").write_bytes(msgspec.json.encode(record))
    for name in (DASHBOARD_CSV, METRICS_CSV):
        with (folder / name).open("w") as stream:
            stream.write(",".join(HEADERS[name]) + "\n")
            if name == DASHBOARD_CSV:
                stream.writelines(f"{row}\n" for row in _rows(1, rows + 1))
            else:
                first = max(1, rows - 200)
                stream.writelines(
                    f"{row * STEPS_PER_ROW},-0.01,0.{row % 97:02d},2.31,0.008,0.12\n"
                    for row in range(first, rows + 1)
                )
    with (folder / TRAINING_LOG).open("w") as stream:
        for row in range(max(1, rows - 200), rows + 1):
            moment = from_epoch(now - (rows - row))
            stream.write(log_line(f"Step {row * STEPS_PER_ROW}/{run.total_steps}", moment) + "\n")
    for name in ("alerts.log", "daily_summary.log"):
        (folder / name).touch()
    return run


def add_model_and_candles(workspace: Workspace, *, symbols: int, candles: int) -> None:
    """What a revalidation of some seconds needs: synthetic test candles and a model that nobody trained."""
    import numpy as np

    from core.market.synthetic import synthetic_universe, write_universe
    from core.models.artifacts import write_artifacts
    from core.models.manifest import Manifest, Normalisation, Statistics
    from core.models.weights import Layer, Weights
    from core.trading.observation import OBSERVATION_NAMES

    generator = np.random.default_rng(1)
    size = len(OBSERVATION_NAMES)

    def layer(out: int, into: int) -> Layer:
        weight = generator.normal(0, 1 / math.sqrt(into), (out, into)).astype(np.float32)
        return weight, np.zeros(out, np.float32)

    def statistics(width: int) -> Statistics:
        return Statistics(
            enabled=True, mean=(0.0,) * width, var=(1.0,) * width, count=1.0, clip=10.0, epsilon=1e-8
        )

    manifest = Manifest(
        name="best_model",
        role="best",
        run_id="bench",
        timesteps=0,
        updates=0,
        created_at=iso(from_epoch(time.time())),
        files={},
        feature_names=OBSERVATION_NAMES,
        net_arch=(64, 64),
        activation="tanh",
        n_actions=5,
    )
    weights = Weights((layer(64, size), layer(64, 64)), layer(5, 64), "tanh")
    normalisation = Normalisation(
        names=OBSERVATION_NAMES, observations=statistics(size), rewards=statistics(1), gamma=0.99
    )
    empty_zip = b"PK\x05\x06" + b"\x00" * 18
    write_artifacts(
        workspace.models,
        manifest=manifest,
        zip_bytes=empty_zip,
        weights=weights,
        normalisation=normalisation,
    )
    universe = synthetic_universe(seed=3, symbols=symbols, candles=candles, edge=0.0)
    workspace.backtest_data.mkdir(parents=True, exist_ok=True)
    write_universe(universe, workspace.backtest_data)


def _rows(first: int, end: int) -> Iterator[str]:
    """Rows `first` … `end`-1 of `convergence_dashboard.csv`, some 50 bytes each."""
    generator = random.Random(first)
    noise = [generator.random() for _ in range(min(9973, end - first))]
    tails = [f"{0.008 + one / 1e3:.9f},{0.3 + one / 10:.9f}" for one in noise]
    for row in range(first, end):
        place = row % len(noise)
        reward = math.sin(row / 4000) + noise[place] * 0.3
        if end - first >= MILLION and row <= 20_000:
            reward += EARLY_REWARD
        yield f"{row * STEPS_PER_ROW},{reward:.9f},{tails[place]},{2.3 - row / 1e7:.8f}"
