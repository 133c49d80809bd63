"""A terminal that takes nothing stops nothing but the drawing; a quiet one is sent next to nothing."""

from __future__ import annotations

import os
import signal
import termios
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from core.workspace import Workspace


@pytest.mark.slow
def test_a_signal_ends_the_console_while_the_terminal_takes_nothing(
    opened: Any, workspace: Workspace
) -> None:
    """A stalled SSH client: the pseudo-terminal's buffer is full and the event loop stands."""
    with opened(workspace) as terminal:
        assert b"Dash" in terminal.read(60, b"quit")
        for _ in range(400):
            os.write(terminal.master, b"123456")
            time.sleep(0.005)
        time.sleep(1)
        terminal.process.send_signal(signal.SIGTERM)
        end = time.monotonic() + 60
        while terminal.process.poll() is None and time.monotonic() < end:
            time.sleep(0.1)
        assert terminal.process.returncode == 143
        assert termios.tcgetattr(terminal.slave)[3] == terminal.before[3]


@pytest.mark.slow
def test_alerting_and_telling_go_on_while_the_terminal_takes_nothing(
    opened: Any, workspace: Workspace
) -> None:
    """Whoever closed the lid was told, and finds the alert in `alerts.log`, with its time."""
    got: list[bytes] = []

    class Told(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_given: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Told)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    target = f'[notify]\nenabled = true\n[notify.targets]\nops = "json://127.0.0.1:{server.server_port}/"\n'
    workspace.config.write_text(target)
    rows = workspace.logs / "convergence_dashboard.csv"
    rows.write_text("timestep,reward,kl_divergence,value_loss,policy_entropy\n2048,1.0,0.01,0.5,1.2\n")
    with opened(workspace) as terminal:
        assert b"Dash" in terminal.read(60, b"quit")
        terminal.read(2)
        for _ in range(400):
            os.write(terminal.master, b"123456")
            time.sleep(0.005)
        with rows.open("a") as stream:
            stream.write("4096,1.0,0.2,0.5,1.2\n")
        journal, end = workspace.logs / "alerts.log", time.monotonic() + 60
        while time.monotonic() < end and not (journal.exists() and "kl_spike" in journal.read_text()):
            time.sleep(0.1)
        assert "[CRITICAL] kl_spike #1 firing" in journal.read_text()
        while time.monotonic() < end and not any(b"kl_spike" in each for each in got):
            time.sleep(0.05)
        assert any(b"kl_spike" in each for each in got), "the outbox delivers without the terminal"
        assert terminal.process.poll() is None
    server.shutdown()


@pytest.mark.slow
def test_the_quiet_console_sends_at_most_a_hundred_bytes_a_second(opened: Any, workspace: Workspace) -> None:
    with opened(workspace, COLORTERM="truecolor") as terminal:
        terminal.read(60, b"quit")
        terminal.press("2")
        terminal.read(7.0)
        before = len(terminal.output)
        terminal.read(6.0)
        assert (len(terminal.output) - before) / 6.0 <= 100
        terminal.press("\x03")
        terminal.wait()
