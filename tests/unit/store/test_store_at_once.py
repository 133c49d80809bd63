"""Kills, full disks, many processes and threads: what was confirmed stays, and nobody is stuck."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from core.errors import UnreadableError
from core.store import connection
from core.store.alert_states import TransitionRecord, alert_key
from core.store.audit import verify
from core.store.database import Store
from core.store.operator import OperatorIdentity

ROOT = Path(__file__).parents[3]


CHILD = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from core.store.database import Store
from core.store.operator import OperatorIdentity

name, path, count = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
store = Store(path, OperatorIdentity(name, "ML", "host", ""))
print("open", flush=True)
sys.stdin.readline()
for index in range(count):
    store.tick(f"{name}.{index}", datetime(2026, 2, 23, tzinfo=UTC))
    print(f"{name}.{index}", flush=True)
sys.stdin.readline()
"""


def child(name: str, path: Path, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, name, str(path), str(count)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def say(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def hear(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_acknowledged_tick_survives_sigkill(path: Path, ada: OperatorIdentity) -> None:
    """Every tick the program confirmed is in the store after kill -9, with its audit entry."""
    process = child("victim", path, 200)
    hear(process)
    say(process)
    confirmed = [hear(process) for _ in range(20)]
    process.send_signal(signal.SIGKILL)
    confirmed += [line.strip() for line in process.communicate()[0].splitlines() if line.strip()]
    with Store(path, ada) as store:
        assert set(confirmed) <= set(store.ticks())
        assert {entry.subject for entry in store.entries()} == set(store.ticks())
    assert verify(path).whole


def test_a_kill_at_any_instant_leaves_each_record_with_its_entry(
    path: Path, ada: OperatorIdentity, now: datetime, kill_at_random: Callable[[Callable[[int], object]], int]
) -> None:
    """Ticks and acknowledgements by turns: what was confirmed is there, and the log is one whole chain."""
    confirmed = 0
    for turn in range(4):

        def write(number: int, turn: int = turn) -> None:
            with Store(path, ada) as store:
                store.tick(f"{turn}.{number}", now)
                fired = TransitionRecord(
                    rule="kl_spike",
                    state="firing",
                    generation=1,
                    severity="critical",
                    timestep=4096,
                    value=0.2,
                    at=now,
                    message="",
                    by_row=True,
                    seen_at=now,
                )
                store.save_alert_states(f"run {turn}.{number}", [fired])
                store.acknowledge(alert_key(f"run {turn}.{number}", fired.rule, 1), "seen", now)

        confirmed += kill_at_random(write)
        with Store(path, ada) as store:
            kinds = [entry.kind for entry in store.entries()]
            assert kinds.count("tick") == len(store.ticks()) >= confirmed
            assert kinds.count("acknowledge") == len(store.acknowledgements()) >= confirmed
        assert verify(path).whole


def test_five_consoles_at_once_lose_nothing(path: Path, now: datetime) -> None:
    consoles = []
    for number in range(5):
        consoles.append(os.fork())
        if consoles[-1] == 0:
            try:
                with Store(path, OperatorIdentity(f"console {number}", "ML", "host", "")) as store:
                    for index in range(8):
                        store.tick(f"{number}.{index}", now)
                os._exit(0)
            finally:
                os._exit(1)
    assert [os.waitpid(console, 0)[1] for console in consoles] == [0] * 5
    with Store(path, OperatorIdentity("ada", "ML", "host", "")) as store:
        assert len(store.ticks()) == 40
    report = verify(path)
    assert report.whole and report.entries == 40


@pytest.mark.parametrize("how", ["file size", "tmpfs"])
def test_a_volume_that_is_full_keeps_what_was_confirmed(
    path: Path,
    ada: OperatorIdentity,
    now: datetime,
    how: str,
    on_a_full_disk: Callable[[str, Path, Callable[[], object]], str],
) -> None:
    path.parent.mkdir()

    def write() -> None:
        with Store(path, ada) as store:
            for number in range(200):
                try:
                    store.record("note", str(number), {"text": "y" * 15_000}, now)
                except UnreadableError:
                    assert len(store.entries()) == number > 2 and verify(path).whole
                    raise

    said = on_a_full_disk(how, path.parent, write)
    words = "disk is full" if how == "tmpfs" else "disk I/O error"
    assert said.startswith("UnreadableError: ") and words in said


def test_two_processes_tick_at_once(path: Path, ada: OperatorIdentity) -> None:
    """Neither loses a tick, and the chain is one chain."""
    processes = [child(name, path, 25) for name in ("left", "right")]
    for process in processes:
        assert hear(process) == "open"
    for process in processes:
        say(process)
    for process in processes:
        process.communicate("\n", timeout=60)
        assert process.returncode == 0
    with Store(path, ada) as store:
        assert len(store.ticks()) == 50
    report = verify(path)
    assert report.whole and report.entries == 50


def test_two_processes_make_one_database(path: Path, ada: OperatorIdentity) -> None:
    processes = [child(f"maker{index}", path, 1) for index in range(3)]
    for process in processes:
        say(process)
    for process in processes:
        process.communicate("\n", timeout=60)
        assert process.returncode == 0
    with Store(path, ada) as store:
        assert len(store.ticks()) == 3


def test_threads_share_a_store(store: Store, now: datetime) -> None:
    errors: list[BaseException] = []

    def work(name: str) -> None:
        try:
            for index in range(10):
                store.tick(f"{name}.{index}", now)
                store.ticks()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(f"t{index}",)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors and len(store.ticks()) == 40


def test_reader_is_not_held_up_by_a_waiting_writer(
    store: Store, path: Path, bob: OperatorIdentity, now: datetime
) -> None:
    with Store(path, bob) as other, other._connections.transaction():
        waiting = threading.Thread(target=store.tick, args=("item", now))
        waiting.start()
        assert store.ticks() == {}
    waiting.join()
    assert list(store.ticks()) == ["item"]


def test_locked_database_says_so(
    path: Path, ada: OperatorIdentity, bob: OperatorIdentity, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "BUSY_SECONDS", 0.05)
    with (
        Store(path, ada) as store,
        Store(path, bob) as other,
        other._connections.transaction(),
        pytest.raises(UnreadableError, match="locked"),
    ):
        store.tick("item", now)
