"""The training's desk without a screen: one deed at a time, and what an overtaken one still says."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from console.training_desk import TrainingDesk
from core.errors import ConsoleError
from core.training import operate
from core.workspace import init_workspace


class Stops:
    """Stands for `operate.end`: each call waits until it is let go, in the order of the calls."""

    def __init__(self) -> None:
        self.forced: list[bool] = []
        self.gates: list[threading.Event] = []

    def __call__(self, *_given: Any, force: bool, **_named: Any) -> str:
        gate = threading.Event()
        self.gates.append(gate)
        self.forced.append(force)
        gate.wait(5.0)
        return "killed" if force else "stopped"


@pytest.fixture
def stops(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stops]:
    found = Stops()
    monkeypatch.setattr(operate, "end", found)
    yield found
    for gate in found.gates:
        gate.set()


def wait_for(what: Callable[[], bool]) -> None:
    end = time.monotonic() + 60.0
    while not what() and time.monotonic() < end:
        time.sleep(0.005)
    assert what()


def test_a_second_stop_is_dropped_one_by_force_overtakes_and_the_first_says_no_more(
    tmp_path: Path, stops: Stops
) -> None:
    told: list[str] = []
    complaints: list[ConsoleError] = []
    desk = TrainingDesk(
        init_workspace(tmp_path / "week"),
        lambda: None,  # type: ignore[arg-type,return-value]
        lambda: None,
        told.append,
        complaints.append,
    )
    desk.stop(force=False)
    wait_for(lambda: stops.forced == [False])
    desk.stop(force=False)
    desk.look()
    desk.stop(force=True)
    wait_for(lambda: len(stops.gates) == 2)
    assert stops.forced == [False, True], "the second clean stop and the look were dropped"
    stops.gates[1].set()
    wait_for(lambda: told == ["the training is stopped: it was killed"])
    stops.gates[0].set()
    for thread in threading.enumerate():
        if thread.name == "training":
            thread.join(5.0)
    assert told == ["the training is stopped: it was killed"] and not complaints
    assert (desk.state.phase, desk.state.deeds) == ("idle", 1)
