"""Drives the computing child from a thread: request in, progress out, cancelled within half a second.

Trap avoided: computing in the console's own process, where numpy and torch would hold the interpreter and the
screen would stop. The child is found where this program's code lies, never in the current folder.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from typing import IO

import msgspec

from core import child
from core.errors import CancelledError, ConsoleError
from core.revalidation.pipeline import CANCELLED, Progress, RevalidationRequest
from core.revalidation.result import RevalidationResult
from core.revalidation.wire import (
    ErrorMessage,
    ProgressMessage,
    ResultMessage,
    decode_message,
    encode_request,
    error_from,
)
from core.text import visible

CHILD = "core.revalidation.child"
_POLL = 0.05
_GRACE = 0.3
"""Between asking the child to stop and killing it."""


def run_in_child(
    request: RevalidationRequest, on_progress: Callable[[Progress], None], cancelled: threading.Event
) -> RevalidationResult:
    """`revalidate` in a child process; `on_progress` is called on the calling thread.

    Raises what `revalidate` raises, with class, title and hint; CancelledError within 0.5 s of `cancelled`;
    ConsoleError when the child dies. The child never outlives this call, nor this process.
    """
    with (
        child.last_words() as errors,
        child.talking(child.python(CHILD), errors, child.environment(threads=1)) as process,
    ):
        assert process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it died at once: told below, with its last words
            process.stdin.write(encode_request(request))
            process.stdin.flush()
        for line in _lines(process, errors, cancelled):
            try:
                message = decode_message(line)
            except msgspec.MsgspecError:
                raise ConsoleError(f"the revalidation's process said {visible(repr(line), 200)}") from None
            match message:
                case ProgressMessage(progress):
                    on_progress(progress)
                case ErrorMessage():
                    if cancelled.is_set():
                        break
                    raise error_from(message)
                case ResultMessage(result):
                    return result
        if cancelled.is_set():
            raise CancelledError(CANCELLED)
        raise _died(process, errors)


def _lines(
    process: subprocess.Popen[bytes], errors: IO[bytes], cancelled: threading.Event
) -> Iterator[bytes]:
    """Whole lines from the child until it closes its output or, once cancelled, the grace is over.

    A result that is complete within the grace still comes: its report is on disk.
    """
    assert process.stdout is not None
    pending = bytearray()
    deadline: float | None = None
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while deadline is None or time.monotonic() < deadline:
            if cancelled.is_set() and deadline is None:
                deadline = time.monotonic() + _GRACE
                process.send_signal(signal.SIGTERM)
            child.trim(errors)
            if not selector.select(_POLL):
                continue
            chunk = os.read(process.stdout.fileno(), 1 << 16)
            if not chunk:
                return
            pending += chunk
            *whole, rest = pending.split(b"\n")
            pending = bytearray(rest)
            yield from (bytes(line) for line in whole)


def _died(process: subprocess.Popen[bytes], errors: IO[bytes]) -> ConsoleError:
    """The child ended without a word: its exit status and its last line on stderr."""
    code = process.wait()
    said = child.read_last_words(errors)
    last = f": {said}" if said else ""
    if code < 0:
        how = f"was killed by signal {-code}"
        hint = "Signal 9 without a person behind it is the system out of memory."
    else:
        how, hint = f"ended with exit code {code}", "Nothing was written; revalidate again."
    return ConsoleError(f"the revalidation's process {how}{last}", hint=hint)
