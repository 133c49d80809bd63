"""What tests of several packages need: a week's workspace and run; kills at random, full disks."""

from __future__ import annotations

import ctypes
import itertools
import math
import os
import random
import resource
import select
import signal
import time
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.store.database import Store
from core.store.operator import OperatorIdentity
from core.telemetry.health import Health
from core.telemetry.model import Checkpoint, Run, RunInfo, Series, Source
from core.workspace import Workspace, init_workspace

SMALL = 256 * 1024
"""Bytes that fit on a full disk."""
START = datetime(2026, 2, 23, 14, 0, tzinfo=UTC)
ROLLOUT = 2048
EVERY = timedelta(minutes=20)
"""A rollout in 20 minutes: 500,000 steps in 3.4 days, as in the manual."""


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return init_workspace(tmp_path / "week")


@pytest.fixture
def store(workspace: Workspace) -> Any:
    with Store(workspace.store, OperatorIdentity("ana", "ML Engineer", "box", "")) as opened:
        yield opened


@pytest.fixture
def make_run(workspace: Workspace) -> Callable[..., Run]:
    """`make_run(rows=…, reward=f(row), kl=f(row), …)`: row n ends at step n·2048, n·20 min after 14:00."""

    def make(
        rows: int = 60,
        *,
        reward: Callable[[int], float] = lambda row: 1.0 + 0.5 * row,
        kl: Callable[[int], float] = lambda row: 0.008,
        timed: bool = True,
        checkpoint_steps: tuple[int, ...] = (50_000, 100_000),
        files: bool = True,
        **info: Any,
    ) -> Run:
        names = ("reward", "approx_kl", "value_loss", "entropy", "policy_loss")
        series = {name: Series(name) for name in names}
        for row in range(1, rows + 1):
            when = (START + row * EVERY).timestamp() if timed else math.nan
            values = (reward(row), kl(row), 10.0 / row, 1.6 - 0.005 * row, -0.02)
            for name, value in zip(names, values, strict=True):
                series[name].append(row * ROLLOUT, value, when)
        known: dict[str, Any] = {"total_timesteps": 500_000, "started_at": START, "tag": "F12", "pid": 4711}
        run = Run(RunInfo(id="run-1", directory=workspace.logs, **{**known, **info}))
        run.series = series if rows else {}
        run.sources = [Source(workspace.logs / "convergence_dashboard.csv", "csv", rows)]
        run.process = "alive"
        reached = rows * ROLLOUT
        run.checkpoints = [
            Checkpoint(workspace.checkpoints / f"ppo_{step}_steps.zip", step, at_step(step))
            for step in checkpoint_steps
            if step <= reached
        ]
        run.last_row_at = run.last_step_at = START + rows * EVERY if rows else None
        if files:
            write_logs(workspace)
        return run

    return make


def at_step(step: float) -> datetime:
    return START + math.ceil(step / ROLLOUT) * EVERY


def write_logs(workspace: Workspace) -> None:
    names = ("run.json", "training.log", "convergence_dashboard.csv", "training_metrics.csv", "alerts.log")
    for name in names:
        (workspace.logs / name).write_text("")
    (workspace.logs / "tensorboard").mkdir(exist_ok=True)
    (workspace.logs / "tensorboard" / "events.out.tfevents.1.box").write_bytes(b"")


@pytest.fixture
def make_health() -> Callable[..., Health]:
    def make(status: Any = "RUNNING", reason: str = "", **fields: Any) -> Health:
        known: dict[str, Any] = {
            "steps_per_second": ROLLOUT / EVERY.total_seconds(),
            "eta_seconds": 216_000.0,
        }
        if status != "RUNNING":
            known["eta_seconds"] = None
        return Health(status, reason or f"it is {status}", **{**known, **fields})

    return make


@pytest.fixture
def write_evaluations(workspace: Workspace) -> Callable[..., None]:
    """`write_evaluations((step, sharpe, drawdown, win rate, factor, trades), …)`."""

    def write(*rows: tuple[Any, ...]) -> None:
        lines = ["timestep,mean_reward,sharpe,max_drawdown_pct,win_rate_pct,profit_factor,trades"]
        lines += [f"{step},1.0," + ",".join(str(value) for value in rest) for step, *rest in rows]
        (workspace.logs / "evaluations.csv").write_text("\n".join(lines) + "\n")

    return write


@pytest.fixture
def no_hang() -> Iterator[None]:
    """Opening a FIFO for reading waits for a writer: here it fails the test instead."""

    def give_up(*_: object) -> None:
        raise AssertionError("it waits for a FIFO's writer")

    earlier = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, 10)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, earlier)


@pytest.fixture
def kill_at_random() -> Callable[[Callable[[int], object]], int]:
    """`kill_at_random(write)` runs `write(0)`, `write(1)`, … in a process of its own and kills it -9 at a
    random instant after the first; returns how many calls were confirmed. One more may have come to its end.
    """

    def run(write: Callable[[int], object]) -> int:
        hears, says = os.pipe()
        victim = os.fork()
        if victim == 0:
            try:
                for number in itertools.count():
                    write(number)
                    os.write(says, b".")
            except Exception:
                os.write(2, traceback.format_exc().encode())
            finally:
                os._exit(1)
        os.close(says)
        try:
            assert select.select([hears], [], [], 30)[0], "it wrote nothing"
            confirmed = len(os.read(hears, 1))
            time.sleep(random.uniform(0, 0.02))
            os.kill(victim, signal.SIGKILL)
            assert os.WIFSIGNALED(os.waitpid(victim, 0)[1]), "it ended by itself"
            while more := os.read(hears, 65536):
                confirmed += len(more)
        finally:
            os.close(hears)
        return confirmed

    return run


@pytest.fixture
def on_a_full_disk() -> Callable[[str, Path, Callable[[], object]], str]:
    """`on_a_full_disk(how, folder, work)` calls `work` in a process of its own where soon nothing more fits;
    returns the words of the error it ended with, beginning with its class.

    `how` is `file size`, a limit on the length of every file, or `tmpfs`, a volume of 256 KiB over `folder`.
    """

    def run(how: str, folder: Path, work: Callable[[], object]) -> str:
        hears, says = os.pipe()
        child = os.fork()
        if child == 0:
            words = "nothing: it went well"
            try:
                words = _fill(how, folder, work)
            finally:
                os.write(says, words.encode())
                os._exit(0)
        os.close(says)
        with open(hears, "rb") as stream:
            words = stream.read().decode()
        os.waitpid(child, 0)
        if words.startswith("denied"):
            pytest.skip(f"this system gives no small volume: {words}")
        return words

    return run


def _fill(how: str, folder: Path, work: Callable[[], object]) -> str:
    if how == "file size":
        resource.setrlimit(resource.RLIMIT_FSIZE, (SMALL, SMALL))
    else:
        libc = ctypes.CDLL(None, use_errno=True)
        own_mounts, private = 0x20000, 0x44000
        if (
            libc.unshare(own_mounts)
            or libc.mount(b"none", b"/", None, private, None)
            or libc.mount(b"tmpfs", str(folder).encode(), b"tmpfs", 0, f"size={SMALL}".encode())
        ):
            return f"denied: {os.strerror(ctypes.get_errno())}"
    try:
        work()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "nothing: it went well"
