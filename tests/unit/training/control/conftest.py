"""Processes that stand for a trainer, and what is on record of one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import msgspec
import pytest

from core.process import NONCE_VARIABLE, ProcessIdentity, identify
from core.training import control, plan
from core.training.runfile import RunRecord
from core.workspace import Workspace

SLEEP = "import time; time.sleep(60)"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(60)"
NAMES = ("return", "volatility", "position")
"""What the models of `write_model` observe."""


@pytest.fixture(autouse=True)
def observed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "OBSERVATION_NAMES", NAMES)


@pytest.fixture
def process() -> Iterator[Callable[..., ProcessIdentity]]:
    children: list[subprocess.Popen[bytes]] = []

    def start(nonce: str = "nonce", *, deaf: bool = False) -> ProcessIdentity:
        """`deaf`: to SIGTERM."""
        child = subprocess.Popen(
            [sys.executable, "-S", "-c", DEAF if deaf else SLEEP],
            env={**os.environ, NONCE_VARIABLE: nonce},
            stdout=subprocess.PIPE,
        )
        children.append(child)
        if deaf:
            assert child.stdout is not None
            child.stdout.readline()
        return identify(child.pid, nonce)

    yield start
    for child in children:
        child.kill()
        child.communicate()


def record_of(identity: ProcessIdentity, **changes: object) -> RunRecord:
    record = RunRecord(
        id="run-1",
        mode="paper",
        total_timesteps=500_000,
        seed=0,
        hyperparameters={},
        started_at="2026-02-23T14:00:00Z",
        pid=identity.pid,
        process_started=identity.started,
        boot_id=identity.boot_id,
        nonce=identity.nonce,
        host=identity.host,
        lanes=16,
        torch_threads=1,
        net_arch=(64, 64),
    )
    return msgspec.structs.replace(record, **changes)


@pytest.fixture(autouse=True)
def candles(workspace: Workspace) -> None:
    """Files that are there by name; nothing here reads them."""
    for symbol in ("OGNUSDT", "ADAUSDT"):
        (workspace.train_data / f"{symbol}_4h.parquet").touch()


@pytest.fixture
def never_launches() -> Iterator[mock.Mock]:
    with mock.patch.object(control, "_launch") as launch:
        yield launch


@pytest.fixture(name="record_of")
def _record_of() -> Callable[..., Any]:
    return record_of
