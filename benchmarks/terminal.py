"""A program in a pseudo-terminal of a fixed size: every byte it writes, with the time it came.

Answers what programs ask a terminal, so that none of them waits for a reply. Trap avoided: a harness that
reads too slowly and measures its own backlog; it reads all that is there before it looks at the screen.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil

from benchmarks.screen import Screen

Size = tuple[int, int]
"""Columns and rows."""

_ANSWERS = {
    "[?2026$p": b"\x1b[?2026;2$y",
    "[?2048$p": b"\x1b[?2048;0$y",
    "[c": b"\x1b[?62;22c",
    "[>c": b"\x1b[>41;390;0c",
    "[>0q": b"\x1bP>|XTerm(390)\x1b\\",
    "[>q": b"\x1bP>|XTerm(390)\x1b\\",
    "[6n": b"\x1b[1;1R",
    "[?6n": b"\x1b[?1;1R",
}
_COLOURS = {"]10;": b"\x1b]10;rgb:c0c0/c0c0/c0c0\x1b\\", "]11;": b"\x1b]11;rgb:0000/0000/0000\x1b\\"}

_MORE = 0.002
"""Seconds that the rest of a paint may take to come before the screen is looked at."""


class Terminal:
    """Starts `command`; close it, or use it as a context."""

    def __init__(
        self, command: Sequence[str], size: Size, *, folder: Path, extra: Mapping[str, str] | None = None
    ) -> None:
        environment = {
            **os.environ,
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "LANG": "C.UTF-8",
            "LC_ALL": "C.UTF-8",
            "COLUMNS": str(size[0]),
            "LINES": str(size[1]),
            **(extra or {}),
        }
        for name in ("NO_COLOR", "PYTHONDONTWRITEBYTECODE"):
            environment.pop(name, None)
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        self.screen = Screen(*size)
        self.count = 0
        """Bytes so far."""
        self.events: list[tuple[float, int]] = []
        """(when, how many bytes) of every read."""
        self.ended = False
        self._master = master
        self.began = time.monotonic()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.close(master)
                os.login_tty(slave)
                os.chdir(folder)
                os.execvpe(command[0], list(command), environment)
            finally:
                os._exit(127)
        os.close(slave)
        os.set_blocking(master, False)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the program: SIGTERM, and after three seconds SIGKILL; it and its children."""
        if not self.ended or psutil.pid_exists(self.pid):
            family = _family(self.pid)
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGTERM)
            limit = time.monotonic() + 3.0
            while not self._gone() and time.monotonic() < limit:
                self.pump(0.02)
            for process in family:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
            self._gone(wait=True)
        with contextlib.suppress(OSError):
            os.close(self._master)

    def _gone(self, *, wait: bool = False) -> bool:
        try:
            return os.waitpid(self.pid, 0 if wait else os.WNOHANG)[0] == self.pid
        except ChildProcessError:
            return True

    def send(self, keys: str) -> float:
        """Type; returns the moment."""
        now = time.monotonic()
        os.write(self._master, keys.encode())
        return now

    def pump(self, seconds: float) -> bool:
        """Read what there is, waiting at most `seconds` for it. True when something came."""
        return pump([self], seconds)

    def run(self, seconds: float) -> None:
        """Let it run for a while."""
        run([self], seconds)

    def wait(self, condition: Callable[[Screen], bool], seconds: float) -> float | None:
        """The moment when `condition` held on what the terminal shows; None when it did not in time."""
        limit = time.monotonic() + seconds
        while time.monotonic() < limit and not self.ended:
            if self.pump(0.05) and not self.screen.held and condition(self.screen):
                return self.events[-1][0]
        return None

    def wait_text(self, text: str, seconds: float) -> float | None:
        """Seconds from the program's start until `text` was on the screen; None when it did not come."""
        came = self.wait(lambda screen: text in screen.text(), seconds)
        return None if came is None else came - self.began

    def last_words(self) -> str:
        """The first line on the screen: why a program left, where it said so."""
        return next((line.strip() for line in self.screen.text().splitlines() if line.strip()), "nothing")

    def cpu_seconds(self) -> float:
        """User and system time so far, of the program and its living children."""
        return sum(_cpu(process) for process in _family(self.pid))

    def resident(self) -> int:
        """Bytes of memory in use now, of the program and its children."""
        total = 0
        for process in _family(self.pid):
            with contextlib.suppress(psutil.Error):
                total += process.memory_info().rss
        return total

    def _take(self) -> None:
        chunks = []
        while True:
            try:
                chunk = os.read(self._master, 1 << 16)
            except BlockingIOError:
                if chunks and select.select([self._master], [], [], _MORE)[0]:
                    continue
                break
            except OSError:  # the program has left
                self.ended = True
                break
            if not chunk:
                self.ended = True
                break
            chunks.append(chunk)
            self.count += len(chunk)
            self.events.append((time.monotonic(), len(chunk)))
        data = b"".join(chunks)
        if not data:
            return
        for question in self.screen.feed(data):
            answer = _ANSWERS.get(question) or _COLOURS.get(question[:4])
            if answer is not None:
                with contextlib.suppress(OSError):
                    os.write(self._master, answer)


def pump(terminals: Sequence[Terminal], seconds: float) -> bool:
    """Read what there is on all of them, waiting at most `seconds`. True when something came."""
    living = {terminal._master: terminal for terminal in terminals if not terminal.ended}
    if not living:
        time.sleep(seconds)
        return False
    ready, _, _ = select.select(list(living), [], [], seconds)
    for handle in ready:
        living[handle]._take()
    return bool(ready)


def run(terminals: Sequence[Terminal], seconds: float) -> None:
    """Let them all run side by side for a while."""
    limit = time.monotonic() + seconds
    while (left := limit - time.monotonic()) > 0:
        pump(terminals, min(left, 0.05))


def _family(pid: int) -> list[psutil.Process]:
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _cpu(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.Error:
        return 0.0
    return float(times.user + times.system)
