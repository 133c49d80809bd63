"""A signal or a hang-up ends or stops the console, gives the terminal back and leaves the training alone."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from core.workspace import Workspace

START = """
import sys
from pathlib import Path
from core.clock import utc_now
from core.training import control
from core.training.plan import TrainRequest
from core.workspace import open_workspace
control.python = lambda *given: [sys.executable, "-S", "-c", "import time; time.sleep(120)"]
control.start_training(open_workspace(Path.cwd(), Path(sys.argv[1])), TrainRequest(), utc_now())
"""
"""Starts a training, with something that sleeps in the trainer's place."""


def trains(workspace: Workspace) -> bool:
    """The training that the console started lives and is not stopped."""
    pid = json.loads((workspace.logs / "run.json").read_text())["pid"]
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state in "SR"


@pytest.fixture
def training(workspace: Workspace) -> Iterator[Workspace]:
    """The workspace in which `START` starts one; it ends with the test."""
    workspace.train_data.mkdir(parents=True, exist_ok=True)
    (workspace.train_data / "OGNUSDT_4h.parquet").touch()
    yield workspace
    with suppress(FileNotFoundError, ProcessLookupError):
        os.kill(json.loads((workspace.logs / "run.json").read_text())["pid"], signal.SIGKILL)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_ends_the_console_restores_the_terminal_and_leaves_its_training(
    opened: Any, training: Workspace, script: str, number: signal.Signals, code: int
) -> None:
    """The signal goes to the whole group, as a terminal sends it."""
    with opened(training, START + script) as terminal:
        assert b"Dash" in terminal.read(60, b"quit")
        os.killpg(terminal.process.pid, number)
        assert terminal.wait() == code
        assert terminal.left_as_found()
    assert trains(training)


def test_a_terminal_that_goes_away_leaves_no_console_behind(opened: Any, workspace: Workspace) -> None:
    """The other end hangs up, and no signal comes: it ends instead of reading nothing for ever."""
    with opened(workspace) as terminal:
        assert b"Dash" in terminal.read(60, b"quit")
        os.close(terminal.slave)
        os.close(terminal.master)
        try:
            assert terminal.process.wait(10) == 129
        finally:
            terminal.master, terminal.slave = os.openpty()


def test_a_stop_gives_the_terminal_back_going_on_draws_all_again_and_q_quits_with_zero(
    opened: Any,
    training: Workspace,
    script: str,
) -> None:
    """SIGTSTP to the group, what the shell then shows, SIGCONT: header, tabs and footer too stand there
    again; the training goes on meanwhile."""
    with opened(training, START + script) as terminal:
        assert b"Dash" in terminal.read(60, b"quit")
        os.killpg(terminal.process.pid, signal.SIGTSTP)
        assert os.WIFSTOPPED(os.waitpid(terminal.process.pid, os.WUNTRACED)[1])
        assert trains(training)
        terminal.read(0.1)
        assert terminal.left_as_found()
        terminal.output = b""
        terminal.process.send_signal(signal.SIGCONT)
        again = terminal.read(60, b"quit")
        assert b"\x1b[?1049h" in again and b"Dash" in again and b"quit" in again
        terminal.press("q")
        assert terminal.wait() == 0
        assert terminal.left_as_found()
