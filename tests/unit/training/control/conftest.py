"""Processes that stand for a trainer, and what is on record of one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

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


@pytest.fixture(autouse=True)
def candles(workspace: Workspace) -> None:
    """Files that are there by name; nothing here reads them."""
    for symbol in ("OGNUSDT", "ADAUSDT"):
        (workspace.train_data / f"{symbol}_4h.parquet").touch()


@pytest.fixture
def never_launches() -> Iterator[mock.Mock]:
    with mock.patch.object(control, "_launch") as launch:
        yield launch


@pytest.fixture
def record_of(make_record: Callable[..., RunRecord]) -> Callable[..., RunRecord]:
    """Of a run whose trainer is that process."""

    def of(identity: ProcessIdentity, **changes: Any) -> RunRecord:
        known: dict[str, Any] = {
            "pid": identity.pid,
            "process_started": identity.started,
            "boot_id": identity.boot_id,
            "nonce": identity.nonce,
            "host": identity.host,
        }
        return make_record(**{**known, **changes})

    return of
