"""A stop asks, waits, and says how it ended."""

from __future__ import annotations

import signal
from collections.abc import Callable
from datetime import datetime
from threading import Event
from typing import Any

import msgspec
import pytest

from core.errors import UnreadableError, UsageError
from core.process import ProcessIdentity
from core.training import control, trainer
from core.training.control import running_trainer, stop_training
from core.training.runfile import write_run
from core.workspace import Workspace


def test_stop_asks_and_waits(
    record_of: Any, workspace: Workspace, now: datetime, process: Callable[..., ProcessIdentity]
) -> None:
    with pytest.raises(UsageError, match="no training is running"):
        stop_training(workspace)
    record = record_of(process())
    write_run(workspace.logs, record)
    assert stop_training(workspace, timeout=60) == "unrecorded", "it went without a word, as on a full disk"
    assert running_trainer(workspace) is None


def test_a_stop_is_clean_where_the_trainer_wrote_its_end(
    record_of: Any,
    workspace: Workspace,
    process: Callable[..., ProcessIdentity],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def gone(identity: ProcessIdentity, timeout: float) -> bool:
        write_run(workspace.logs, after[0])
        return True

    monkeypatch.setattr(control, "_wait_gone", gone)
    monkeypatch.setattr(control, "signal_process", lambda *_: None)
    record = record_of(process())
    for outcome, said in (("stopped", "stopped"), ("finished", "stopped"), ("crashed", "unrecorded")):
        write_run(workspace.logs, record)
        after = [msgspec.structs.replace(record, ended_at="2026-02-23T15:00:00Z", outcome=outcome)]
        assert stop_training(workspace) == said


def test_a_second_signal_that_comes_while_the_first_is_taken_is_ignored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Stop(Event):
        times = 0

        def set(self) -> None:
            self.times += 1
            if self.times < 10:
                signal.raise_signal(signal.SIGUSR1)
            super().set()

    monkeypatch.setattr(trainer, "END_SIGNALS", (signal.SIGUSR1,))
    before = signal.getsignal(signal.SIGUSR1)
    try:
        stop = Stop()
        trainer.end_on_signals(stop)
        signal.raise_signal(signal.SIGUSR1)
        assert stop.is_set() and stop.times == 1
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_stop_says_when_it_does_not_end_and_force_kills(
    record_of: Any, workspace: Workspace, now: datetime, process: Callable[..., ProcessIdentity]
) -> None:
    write_run(workspace.logs, record_of(process(deaf=True)))
    with pytest.raises(UnreadableError, match="still running") as caught:
        stop_training(workspace, timeout=0.2)
    assert "--force" in caught.value.hint
    assert stop_training(workspace, force=True, timeout=0.2) == "killed"
