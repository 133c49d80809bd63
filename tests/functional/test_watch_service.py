"""`ppo-console watch` as a service: alerts and notifications without a screen, and a clean end."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from console import watching
from console.alerting import Watcher
from console.stores import open_store
from console.watching import HEARTBEAT_EVERY, Watch, WatchOptions
from core.clock import utc_now
from core.errors import UnreadableError
from core.notify.heartbeat import read_heartbeat, write_heartbeat
from core.workspace import Workspace, init_workspace

ROOT = Path(__file__).resolve().parents[2]
HEADER = "timestep,reward,kl_divergence,value_loss,policy_entropy\n"
HASTY = """
import sys
import core.store.outbox
from console.__main__ import main
from core.store.database import Store
core.store.outbox.back_off = lambda attempts: 0.1 * attempts
Store.claim_deliveries.__kwdefaults__["lease"] = 5.0
sys.exit(main())
"""
"""The program with seconds less between two tries, and until what a killed one had in hand is free again."""
Starter = Callable[..., "subprocess.Popen[str]"]


def wait_for(check: Callable[[], Any], seconds: float = 120.0) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := check():
            return found
        time.sleep(0.02)
    return check()


@pytest.fixture
def hook() -> Iterator[Any]:
    """A local HTTP server that fails twice and then takes what comes."""
    pytest.importorskip("apprise", reason="the extra 'notify' is not installed")
    got: list[dict[str, Any]] = []
    failures = [True, True]
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with lock:
                fails = bool(failures and failures.pop())
                if not fails:
                    got.append(body)
            self.send_response(503 if fails else 200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield got, server.server_address[1]
    server.shutdown()
    server.server_close()


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = init_workspace(tmp_path / "w")
    (made.logs / "convergence_dashboard.csv").write_text(HEADER + "2048,1.0,0.01,0.5,1.2\n")
    return made


@pytest.fixture
def start(workspace: Workspace) -> Iterator[Starter]:
    started: list[subprocess.Popen[str]] = []

    def run(*arguments: str, hasty: bool = False, **environment: str) -> subprocess.Popen[str]:
        program = ["-c", HASTY] if hasty else ["-m", "console"]
        process = subprocess.Popen(
            [sys.executable, *program, "watch", "--interval", "0.2", *arguments],
            cwd=workspace.root,
            env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


def beat(workspace: Workspace) -> Any:
    return read_heartbeat(workspace.store.parent / "watch.json")


def append(workspace: Workspace, *lines: str) -> None:
    with (workspace.logs / "convergence_dashboard.csv").open("a") as stream:
        stream.writelines(f"{line}\n" for line in lines)


def enable(workspace: Workspace, port: int) -> None:
    text = workspace.config.read_text()
    text = text.replace("[notify.targets]", '[notify.targets]\nops = "json://127.0.0.1:${HOOK_PORT}/hook"')
    workspace.config.write_text(text.replace("enabled = false\nseverity", "enabled = true\nseverity", 1))


@pytest.mark.slow
def test_it_evaluates_beats_and_ends_clean(workspace: Workspace, start: Starter, tmp_path: Path) -> None:
    metrics = tmp_path / "ppo.prom"
    process = start("--metrics-file", str(metrics))
    assert wait_for(lambda: beat(workspace) is not None)
    assert beat(workspace).status == "RUNNING" and beat(workspace).pid == process.pid
    append(workspace, "4096,1.0,0.3,0.5,1.2")
    assert wait_for(lambda: (workspace.logs / "alerts.log").exists())
    assert wait_for(lambda: "ppo_alert_firing{" in metrics.read_text())
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0 and out == ""
    assert "[CRITICAL] kl_spike firing: approx_kl 0.3 > 0.1 at step 4,096" in err
    last = beat(workspace)
    assert last.ended_at is not None and last.firing == 1 and last.critical == 1


@pytest.mark.slow
def test_two_watches_tell_each_transition_once(
    workspace: Workspace, start: Starter, hook: tuple[list[dict[str, Any]], int]
) -> None:
    """Against a server that fails at first; a third one is killed with -9 in between."""
    got, port = hook
    enable(workspace, port)
    processes = [start(hasty=True, HOOK_PORT=str(port)) for _ in range(3)]
    assert wait_for(lambda: beat(workspace) is not None)
    append(workspace, "4096,1.0,0.3,0.5,1.2")
    assert wait_for(lambda: (workspace.logs / "alerts.log").exists())
    processes[0].send_signal(signal.SIGKILL)
    assert wait_for(lambda: got)
    append(workspace, "6144,1.0,0.01,0.5,1.2")
    assert wait_for(lambda: len(got) >= 2)
    time.sleep(1.0)
    assert [each["title"].split(":")[0] for each in got] == [
        "[CRITICAL] kl_spike firing",
        "[CRITICAL] kl_spike resolved",
    ]
    lines = (workspace.logs / "alerts.log").read_text().splitlines()
    assert len(lines) == 2 and len(set(lines)) == 2


@pytest.mark.slow
def test_it_waits_for_a_run_that_is_not_there_yet(workspace: Workspace, start: Starter) -> None:
    logs = workspace.logs
    (logs / "convergence_dashboard.csv").unlink()
    logs.rmdir()
    process = start()
    assert wait_for(lambda: (found := beat(workspace)) is not None and found.problem)
    logs.mkdir()
    (logs / "convergence_dashboard.csv").write_text(HEADER + "2048,1.0,0.3,0.5,1.2\n")
    assert wait_for(lambda: (logs / "alerts.log").exists())
    assert process.poll() is None


@pytest.mark.slow
def test_it_tells_systemd_that_it_is_ready_and_alive(
    workspace: Workspace, start: Starter, tmp_path: Path
) -> None:
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(address)
        channel.settimeout(60)
        process = start(NOTIFY_SOCKET=address)
        assert channel.recv(100) == b"READY=1" and channel.recv(100) == b"WATCHDOG=1"
        process.terminate()
        process.communicate(timeout=60)


def test_once_that_could_not_look_is_no_good_answer(cli: Any, workspace: Workspace) -> None:
    done = cli("watch", "--once", "--run", "nowhere", cwd=workspace.root)
    assert done.returncode == 2, done.stderr
    assert "nowhere" in done.stderr


def test_a_disk_that_fails_is_told_and_ends_no_watch(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(self: Watcher, now: datetime) -> Any:
        raise OSError(errno.EIO, "Input/output error", "training.log")

    monkeypatch.setattr(Watcher, "look", failing)
    said: list[str] = []
    with open_store(workspace) as store:
        watch = Watch(workspace, store, WatchOptions(None, 0.0, None, None, once=True), said.append)
        assert watch.run() is None and watch.exit_code == 1
    assert "Input/output error: 'training.log'" in said[-1]


def test_a_look_that_fails_in_a_way_nobody_foresaw_ends_no_watch(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is said once, and when it is over; `--once` leaves its traceback in a file."""
    real, said = Watcher.look, list[str]()
    watch = Watch(workspace, None, WatchOptions(None, 0.2, None, None), said.append)

    def failing(self: Watcher, now: datetime) -> Any:
        raise ValueError("a shape nobody thought of")

    for look in (failing, failing, real):
        monkeypatch.setattr(Watcher, "look", look)
        watch._look(utc_now())
    assert [line.partition("Z ")[2] for line in said] == [
        "the run could not be looked at: ValueError: a shape nobody thought of",
        "all is well again",
    ]
    monkeypatch.setattr(Watcher, "look", failing)
    with pytest.raises(ValueError):
        Watch(workspace, None, WatchOptions(None, 0.2, None, None, once=True), said.append).run()


def test_a_sign_of_life_that_fails_in_a_way_nobody_foresaw_ends_no_watch(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a look's, nor the one that says that the watch ended."""
    said = list[str]()
    heartbeat = workspace.root / "watch.json"
    watch = Watch(workspace, None, WatchOptions(None, 0.2, heartbeat, None), said.append)
    for write in (_fails, _fails, write_heartbeat):
        monkeypatch.setattr(watching, "write_heartbeat", write)
        watch._beaten = -HEARTBEAT_EVERY
        watch._beat(utc_now(), None, "")
    assert [line.partition("Z ")[2] for line in said] == [
        "no sign of life could be written: ValueError: a shape nobody thought of",
        "the signs of life are written again",
    ]
    monkeypatch.setattr(watching, "write_heartbeat", _fails)
    watch._end(None)


def _fails(*_arguments: object) -> None:
    raise ValueError("a shape nobody thought of")


def test_once_looks_and_leaves_with_the_alerts_code(cli: Any, workspace: Workspace) -> None:
    quiet = cli("watch", "--once", cwd=workspace.root)
    assert quiet.returncode == 0 and quiet.stdout == ""
    append(workspace, "4096,1.0,0.3,0.5,1.2")
    loud = cli("watch", "--once", cwd=workspace.root)
    assert loud.returncode == 20 and "kl_spike firing" in loud.stderr
    again = cli("watch", "--once", cwd=workspace.root)
    assert again.returncode == 20 and "kl_spike firing" not in again.stderr


def test_signs_of_life_that_cannot_be_written_are_said_once_and_once_is_no_success(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    full, said = [True], list[str]()

    def write(path: Path, heartbeat: object) -> None:
        if full[0]:
            raise UnreadableError("watch.json could not be written: No space left on device")

    monkeypatch.setattr(watching, "write_heartbeat", write)
    watch = Watch(workspace, None, WatchOptions(None, 0.2, workspace.root / "watch.json", None), said.append)
    for full[0] in (True, True, True, False, False):
        watch._beaten = -1000.0
        watch._look(utc_now())
    assert watch.exit_code == 1
    words = [line.partition("Z ")[2] for line in said]
    assert words == [
        "watch.json could not be written: No space left on device",
        "the signs of life are written again",
    ]


def test_the_unit_is_one_that_systemd_takes_and_runs_this_command(tmp_path: Path) -> None:
    """Unknown keys and wrong values of the hardening are only warnings to systemd: none is left."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    text = (ROOT / "docs" / "systemd" / "ppo-console-watch.service").read_text()
    command = next(line for line in text.splitlines() if line.startswith("ExecStart="))
    assert command.split()[1:] == ["watch", "--workspace", "/srv/training"]
    unit = tmp_path / "ppo-console-watch.service"
    unit.write_text(text.replace(command, "ExecStart=/bin/true").replace("User=ml", "User=root"))
    verify = ("systemd-analyze", "verify", str(unit))
    done = subprocess.run(verify, capture_output=True, text=True, timeout=60, check=False)
    mine = [line for line in done.stderr.splitlines() if unit.name in line]
    assert (done.returncode, mine) == (0, [])
