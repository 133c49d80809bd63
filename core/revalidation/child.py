"""The computing child of a revalidation: `python -m core.revalidation.child`.

Request as a line on stdin, messages as lines on stdout, everything else that prints goes to stderr. Traps
avoided: outliving a parent that was killed (the end of stdin ends the child at once), stealing the training's
cores (nice; one thread, which the parent sets), and a library's print in the middle of a message.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable

from core.child import ORPHANED, be_nice, end_with_parent
from core.errors import CancelledError, ConsoleError
from core.revalidation.pipeline import CANCELLED, Progress, revalidate
from core.revalidation.wire import (
    ErrorMessage,
    Message,
    ProgressMessage,
    ResultMessage,
    decode_request,
    encode_message,
    error_message,
)

PROGRESS_INTERVAL = 0.1


def main() -> int:
    """Serve one request; returns the exit code."""
    out = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    lock = threading.Lock()

    def send(message: Message) -> None:
        with lock:
            out.write(encode_message(message))

    cancelled = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: cancelled.set())
    be_nice()
    request = decode_request(sys.stdin.buffer.readline())
    threading.Thread(target=end_with_parent, daemon=True).start()
    try:
        result = revalidate(request, _throttled(send), cancelled.is_set)
    except ConsoleError as error:
        send(error_message(error))
        return error.exit_code
    except BrokenPipeError:
        return ORPHANED
    except Exception as error:  # noqa: BLE001 - the parent must learn of it, whatever it is
        traceback.print_exc()
        what = f"the revalidation failed: {type(error).__name__}: {error}"
        send(ErrorMessage(kind=ConsoleError.__name__, title=what, hint="This is a defect of the program."))
        return ConsoleError.exit_code
    if cancelled.is_set() and not result.reports:
        send(error_message(CancelledError(CANCELLED)))
        return CancelledError.exit_code
    send(ResultMessage(result))
    return 0


def _throttled(send: Callable[[Message], None]) -> Callable[[Progress], None]:
    """Sends a progress when its step is new, it is complete, or some time has passed since the last."""
    last_step, last_time = 0, 0.0

    def on_progress(progress: Progress) -> None:
        nonlocal last_step, last_time
        now = time.monotonic()
        complete = 0 < progress.total <= progress.done
        if progress.step == last_step and not complete and now - last_time < PROGRESS_INTERVAL:
            return
        last_step, last_time = progress.step, now
        send(ProgressMessage(progress))

    return on_progress


if __name__ == "__main__":
    sys.exit(main())
