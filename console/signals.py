"""SIGTERM, SIGHUP and a terminal that hung up end the console and restore the terminal, also while it is
stalled; a command that works in another thread or process ends clean by an event.

`signal.signal`, not an event-loop handler: a loop that is blocked on a full terminal never runs one. Traps
avoided: the default action of SIGTERM, which leaves the terminal without echo in its other screen; a terminal
that is gone without a signal, of which Textual reads nothing again and again with half a core.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import termios
import threading
from collections.abc import Iterator
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from textual.app import App

PATIENCE = 3.0
"""Seconds for a clean end, before the terminal is restored by force."""

_RESTORE = (
    b"\x1b[?2026l\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1004l\x1b[?2004l\x1b[?2048l\x1b[?7h"
    b"\x1b[<u\x1b[?1049l\x1b[?25h\x1b[0m"
)


@contextlib.contextmanager
def asked_to_end(asked: threading.Event) -> Iterator[None]:
    """SIGINT, SIGTERM and SIGHUP set `asked` instead of ending the process."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, lambda *_: asked.set()) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class EndOnSignal:
    """A context around `app.run()`; `exit_code` is 128 + the signal's number when one ended it."""

    def __init__(self, app: App[Any]) -> None:
        self._app = app
        self._before: dict[int, Any] = {}
        self.exit_code: int | None = None
        self._left: int | None = None
        """Closed when the app has ended: the watch over the terminal ends with it."""

    def __enter__(self) -> EndOnSignal:
        for number in (signal.SIGTERM, signal.SIGHUP):
            self._before[number] = signal.signal(number, self._end)
        heard, self._left = os.pipe()
        threading.Thread(target=_watch_terminal, args=(heard,), name="terminal", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._left is not None:
            os.close(self._left)
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _end(self, number: int, _frame: FrameType | None) -> None:
        if self.exit_code is not None:
            return
        self.exit_code = 128 + number
        timer = threading.Timer(PATIENCE, self._force)
        timer.daemon = True
        timer.start()
        loop = self._app._loop
        if loop is not None:
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(self._app.exit, self.exit_code)

    def _force(self) -> None:
        """The loop did not end in time: it stands before a terminal that takes nothing."""
        driver = self._app._driver
        before = getattr(driver, "attrs_before", None)
        with contextlib.suppress(OSError, termios.error, ValueError):
            if before is not None:
                termios.tcsetattr(0, termios.TCSANOW, before)
        with contextlib.suppress(OSError):
            os.set_blocking(2, False)
            os.write(2, _RESTORE)
        os._exit(self.exit_code or 1)


def _watch_terminal(left: int) -> None:
    """Waits, without a poll, until the terminal hangs up or `left` is closed; a hang-up counts as SIGHUP."""
    poll = select.poll()
    poll.register(0, 0)
    poll.register(left, 0)
    ended = [handle for handle, _ in poll.poll()]
    os.close(left)
    if left not in ended:
        os.kill(os.getpid(), signal.SIGHUP)
