"""A process is known by more than its pid, and a signal reaches only the one meant."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from core.errors import UnreadableError
from core.process import NONCE_VARIABLE, ProcessIdentity, identify, process_state, signal_process

Spawn = Callable[[str], "subprocess.Popen[bytes]"]


@pytest.fixture
def spawn() -> Iterator[Spawn]:
    children: list[subprocess.Popen[bytes]] = []

    def start(nonce: str) -> subprocess.Popen[bytes]:
        child = subprocess.Popen(
            [sys.executable, "-S", "-c", "import time; time.sleep(60)"],
            env={**os.environ, NONCE_VARIABLE: nonce},
        )
        children.append(child)
        return child

    yield start
    for child in children:
        child.kill()
        child.wait()


def test_the_process_that_was_started_is_alive(spawn: Spawn) -> None:
    assert process_state(identify(spawn("abc").pid, "abc")) == "alive"


def test_a_reused_pid_is_not_the_trainer(spawn: Spawn) -> None:
    """Same pid, same start time to the tick, another nonce: a stranger."""
    stranger = identify(spawn("theirs").pid, "theirs")
    assert process_state(msgspec.structs.replace(stranger, nonce="ours")) == "gone"


def test_without_a_nonce_the_start_time_decides(spawn: Spawn) -> None:
    foreign = identify(spawn("x").pid, "")
    assert process_state(foreign) == "alive"
    assert process_state(msgspec.structs.replace(foreign, started=foreign.started - 10)) == "gone"


def test_a_clock_that_was_set_does_not_kill_a_proven_trainer(spawn: Spawn) -> None:
    identity = identify(spawn("abc").pid, "abc")
    assert process_state(msgspec.structs.replace(identity, started=identity.started - 30)) == "alive"


def test_a_zombie_is_gone(spawn: Spawn) -> None:
    child = spawn("abc")
    identity = identify(child.pid, "abc")
    child.kill()
    end = time.monotonic() + 60
    while process_state(identity) == "alive" and time.monotonic() < end:
        time.sleep(0.01)
    assert process_state(identity) == "gone"
    assert child.returncode is None, "never waited for: it is a zombie still"


def test_an_earlier_boot_is_gone_and_another_host_unseen(spawn: Spawn) -> None:
    identity = identify(spawn("abc").pid, "abc")
    assert process_state(msgspec.structs.replace(identity, boot_id="earlier")) == "gone"
    assert process_state(msgspec.structs.replace(identity, host="elsewhere")) == "unseen"


def test_a_signal_reaches_only_the_one_meant(spawn: Spawn) -> None:
    child = spawn("abc")
    identity = identify(child.pid, "abc")
    assert not signal_process(msgspec.structs.replace(identity, nonce="other"), signal.SIGTERM)
    with pytest.raises(UnreadableError, match="cannot be seen"):
        signal_process(msgspec.structs.replace(identity, host="elsewhere"), signal.SIGTERM)
    assert process_state(identity) == "alive"
    assert signal_process(identity, signal.SIGTERM)
    assert child.wait(5) == -signal.SIGTERM
    assert not signal_process(identity, signal.SIGTERM), "gone"


def test_identify_names_a_missing_process() -> None:
    child = subprocess.Popen([sys.executable, "-S", "-c", ""])
    child.wait()
    with pytest.raises(ProcessLookupError, match=str(child.pid)):
        identify(child.pid, "")


@pytest.mark.parametrize("pid", [0, -1, -(2**70), 2**31 - 1, 2**31, 2**70])
def test_a_pid_that_no_process_has_is_gone_and_never_signalled(pid: int) -> None:
    identity = ProcessIdentity(pid, time.time(), "", "", "")
    assert process_state(identity) == "gone"
    assert not signal_process(identity, signal.SIGTERM)


def test_a_process_that_is_just_being_started_is_alive(spawn: Spawn, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between exec and the set-up of its memory, /proc shows an empty environment."""
    identity = identify(spawn("abc").pid, "abc")
    read = Path.read_bytes
    empty = iter([True, True])

    def read_bytes(path: Path) -> bytes:
        return b"" if path.name == "environ" and next(empty, False) else read(path)

    monkeypatch.setattr(Path, "read_bytes", read_bytes)
    assert process_state(identity) == "alive"
    assert next(empty, False) is False, "the empty environment was met"
