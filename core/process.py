"""A process that is really the one meant: pid, start time, boot, and a nonce in its environment.

Owns the identity of the training process, the question whether it lives, and signalling it. Trap avoided: a
pid alone is reused, and a start time is only good to a hundredth of a second, so that a stranger started at
once under the old pid looks like the trainer; the nonce cannot be met by chance.
"""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

from core.errors import UnreadableError

ProcessState = Literal["alive", "gone", "unseen"]

NONCE_VARIABLE = "PPO_CONSOLE_NONCE"
"""The environment variable that carries the nonce; set for the trainer by `core.training.control`."""

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_MAX_PID = 2**22
"""Linux gives no greater one."""
_START_TOLERANCE = 2.0
_START_TOLERANCE_PROVEN = 3600.0
"""The kernel keeps start times relative to boot: a clock that is set later moves them all. With the nonce
seen, the start time need only agree to this."""


class ProcessIdentity(msgspec.Struct, frozen=True):
    """One process for ever. An empty `nonce` or `boot_id` is not known and not compared."""

    pid: int
    started: float
    """Start time, epoch seconds."""
    boot_id: str
    nonce: str
    host: str


def this_boot() -> str:
    """What tells this boot of this machine from any other."""
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        import psutil

        return f"boot-{psutil.boot_time():.0f}"


@functools.cache
def this_host() -> str:
    return socket.gethostname()


def identify(pid: int, nonce: str) -> ProcessIdentity:
    """The identity of the running process `pid`. Raises ProcessLookupError when there is none."""
    import psutil

    try:
        started = psutil.Process(pid).create_time()
    except psutil.NoSuchProcess as error:
        raise ProcessLookupError(f"no process {pid}") from error
    return ProcessIdentity(pid, started, this_boot(), nonce, this_host())


def process_state(identity: ProcessIdentity) -> ProcessState:
    """Whether that very process lives. A zombie is gone; `unseen` is another host's or another user's."""
    if not 1 <= identity.pid <= _MAX_PID:
        return "gone"
    if identity.host and identity.host != this_host():
        return "unseen"
    if identity.boot_id and identity.boot_id != this_boot():
        return "gone"
    return _state_from_proc(identity) or _state_from_psutil(identity)


def _state_from_proc(identity: ProcessIdentity) -> ProcessState | None:
    """The same from Linux's `/proc`, where psutil's import would delay the first screen; None where it cannot
    be read: gone, another user's, or no Linux."""
    folder = Path("/proc") / str(identity.pid)
    try:
        if (started := _start_of(folder)) is None:
            return "gone"
        difference = abs(started - identity.started)
        if not identity.nonce:
            return "alive" if difference <= _START_TOLERANCE else "gone"
        mark = f"{NONCE_VARIABLE}={identity.nonce}".encode()
        if difference > _START_TOLERANCE_PROVEN or mark not in _environment(folder):
            return "gone"
        return "alive" if _start_of(folder) is not None else "gone"
    except (OSError, ValueError, IndexError):
        with contextlib.suppress(PermissionError):
            try:
                os.kill(identity.pid, 0)
            except ProcessLookupError:
                return "gone"
        return None


def _environment(folder: Path) -> list[bytes]:
    """The environment of this `/proc` folder's process. It reads as empty for a moment while a program is
    being started: then it is read again."""
    for _ in range(20):
        if environment := (folder / "environ").read_bytes():
            return environment.split(b"\0")
        time.sleep(0.005)
    return []


def _start_of(folder: Path) -> float | None:
    """When the process of this `/proc` folder began, epoch seconds; None for a zombie."""
    fields = (folder / "stat").read_bytes().rpartition(b") ")[2].split()
    if fields[0] in (b"Z", b"X", b"x"):
        return None
    for line in (folder.parent / "stat").read_bytes().splitlines():
        if line.startswith(b"btime "):
            return int(fields[19]) / os.sysconf("SC_CLK_TCK") + int(line.split()[1])
    raise ValueError("no boot time in /proc/stat")


def _state_from_psutil(identity: ProcessIdentity) -> ProcessState:
    import psutil

    try:
        process = psutil.Process(identity.pid)
        with process.oneshot():
            if process.status() in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD):
                return "gone"
            difference = abs(process.create_time() - identity.started)
        if not identity.nonce:
            return "alive" if difference <= _START_TOLERANCE else "gone"
        try:
            nonce = process.environ().get(NONCE_VARIABLE, "")
        except psutil.AccessDenied:
            return "unseen" if difference <= _START_TOLERANCE else "gone"
        if nonce != identity.nonce or difference > _START_TOLERANCE_PROVEN:
            return "gone"
        return "gone" if process.status() == psutil.STATUS_ZOMBIE else "alive"
    except psutil.NoSuchProcess:
        return "gone"
    except (psutil.AccessDenied, OSError):
        return "unseen"


def signal_process(identity: ProcessIdentity, sig: signal.Signals) -> bool:
    """Send `sig` to that very process; False when it is gone.

    The process is checked after it is held by a pidfd, so that the signal cannot reach a stranger who got
    the pid in between. Raises UnreadableError when it cannot be seen or may not be signalled.
    """
    with _held(identity.pid) as handle:
        state = process_state(identity)
        if state == "gone":
            return False
        if state == "unseen":
            raise UnreadableError(
                f"process {identity.pid} cannot be seen from {this_host()}: not signalled",
                hint=f"It was started on {identity.host or 'an unknown host'}; "
                "stop it there, as the user who started it.",
            )
        try:
            if handle is None:
                os.kill(identity.pid, sig)
            else:
                signal.pidfd_send_signal(handle, sig)
        except ProcessLookupError:
            return False
        except PermissionError as error:
            raise UnreadableError(
                f"process {identity.pid} may not be signalled: {error.strerror}",
                hint="Stop it as the user who started it.",
            ) from error
        return True


@contextlib.contextmanager
def _held(pid: int) -> Iterator[int | None]:
    """A pidfd of `pid`; None where it is gone or the system has no pidfds."""
    handle: int | None = None
    if hasattr(os, "pidfd_open"):
        with contextlib.suppress(OSError, OverflowError):
            handle = os.pidfd_open(pid)
    try:
        yield handle
    finally:
        if handle is not None:
            os.close(handle)
