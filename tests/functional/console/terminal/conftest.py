"""A console in a pseudo-terminal, in a process of its own."""

from __future__ import annotations

import fcntl
import os
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

from core.workspace import Workspace

OPEN = """
import sys
from pathlib import Path
from console.running import run_console
from core.errors import ConsoleError
from core.workspace import open_workspace
try:
    sys.exit(run_console(open_workspace(Path.cwd(), Path(sys.argv[1])), None))
except ConsoleError as error:
    sys.stdout.write(f"{type(error).__name__}: {error.title} | {error.hint}")
    sys.exit(error.exit_code)
"""


class Terminal:
    """A console in a pseudo-terminal, of 80x24 unless `size` says otherwise."""

    def __init__(
        self,
        workspace: Workspace,
        script: str = OPEN,
        *arguments: str,
        size: tuple[int, int] = (24, 80),
        **environ: str,
    ) -> None:
        self.master, self.slave = os.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
        self.before = termios.tcgetattr(self.slave)
        self.output = b""
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("LC_", "TEXTUAL"))}
        self.process = subprocess.Popen(
            [sys.executable, "-c", script, str(workspace.root), *arguments],
            stdin=self.slave,
            stdout=self.slave,
            stderr=self.slave,
            start_new_session=True,
            env={**clean, "TERM": "xterm-256color", "LANG": "C.UTF-8", **environ},
        )

    def read(self, seconds: float, until: bytes = b"\x00never") -> bytes:
        """What comes within `seconds`, or up to `until`."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and until not in self.output:
            ready, _, _ = select.select([self.master], [], [], 0.05)
            if ready:
                self.output += os.read(self.master, 65536)
            elif self.process.poll() is not None:
                break
        return self.output

    def settle(self, quiet: float = 0.08, most: float = 1.0) -> None:
        """Until nothing more is drawn for a moment."""
        end = time.monotonic() + most
        while time.monotonic() < end and select.select([self.master], [], [], quiet)[0]:
            self.output += os.read(self.master, 65536)

    def resize(self, lines: int, columns: int) -> None:
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self.process.send_signal(signal.SIGWINCH)
        while select.select([self.master], [], [], 0.005)[0]:
            self.output += os.read(self.master, 65536)

    def press(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def wait(self, seconds: float = 60) -> int:
        end = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < end:
            self.read(0.1)
        self.read(0.2)
        assert self.process.returncode is not None, "it did not end"
        return self.process.returncode

    def left_as_found(self) -> bool:
        """Echo and line mode are back, the first screen is shown, the cursor is visible."""
        tail = self.output[self.output.rfind(b"\x1b[?1049h") :]
        return (
            termios.tcgetattr(self.slave)[3] == self.before[3]
            and b"\x1b[?1049l" in tail
            and b"\x1b[?25h" in tail
            and b"\x1b[?1003l" in tail
        )


@contextmanager
def terminal(workspace: Workspace, *arguments: str, **named: Any) -> Iterator[Terminal]:
    made = Terminal(workspace, *arguments, **named)
    try:
        yield made
    finally:
        made.process.kill()
        made.process.wait()
        os.close(made.master)
        os.close(made.slave)


@pytest.fixture
def opened() -> Callable[..., AbstractContextManager[Terminal]]:
    """`with opened(workspace) as terminal`: it ends with the block."""
    return terminal


@pytest.fixture
def script() -> str:
    """What opens the console on the workspace that its first argument names."""
    return OPEN
