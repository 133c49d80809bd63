"""The machine: cores, memory, GPUs, and the kernel's services that following and stopping rely on.

Trap avoided: a service that is silently replaced by a slower or weaker one. Each such limit is said.
"""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Iterator
from pathlib import Path

from core.doctor.finding import Finding, good, limit
from core.doctor.program import install
from core.telemetry.gpu import PACKAGE, GpuProbe
from core.units import gigabytes

AREA = "machine"
_INOTIFY = Path("/proc/sys/fs/inotify/max_user_watches")
_FEW_WATCHES = 8192
_LARGE_FILE = 1 << 30


def look(probe: GpuProbe | None = None) -> Iterator[Finding]:
    import psutil

    memory = psutil.virtual_memory()
    yield good(
        AREA,
        "cpu, memory",
        f"{os.cpu_count() or 1} cores, {gigabytes(memory.available)} of {gigabytes(memory.total)} free",
    )
    yield _gpus(probe or GpuProbe())
    yield watches(_INOTIFY)
    yield _process_handles()
    yield file_size(resource.getrlimit(resource.RLIMIT_FSIZE)[0])


def _gpus(probe: GpuProbe) -> Finding:
    found = probe.read()
    if not found.cards:
        add = install(PACKAGE, f"pip install {PACKAGE}")
        do = f"{add}, where there is an NVIDIA GPU; PPO's small networks train on the CPU."
        return limit(AREA, "gpu", found.reason, do, "unknown")
    cards = (f"{card.name}, {gigabytes(card.memory_total)}" for card in found.cards)
    return good(AREA, "gpu", "; ".join(cards))


def watches(allowed: Path) -> Finding:
    """How many files and folders one user may have the kernel watch."""
    name = "file changes"
    try:
        count = int(allowed.read_text(encoding="ascii"))
    except (OSError, ValueError):
        do = "Nothing: files are looked at twice a second."
        return limit(AREA, name, "the kernel does not tell of them (no inotify)", do, "unknown")
    if count < _FEW_WATCHES:
        do = f"sysctl fs.inotify.max_user_watches={16 * _FEW_WATCHES}; until then some are seen by the clock"
        return limit(AREA, name, f"inotify, only {count:,} watches a user", do)
    return good(AREA, name, f"inotify, {count:,} watches a user")


def _process_handles() -> Finding:
    """A training process is signalled through a handle, so that a reused number is never hit."""
    name = "processes"
    try:
        handle = os.pidfd_open(os.getpid())
    except (AttributeError, OSError):
        do = "Linux 5.3 or newer; until then `stop` compares start times just before it signals."
        return limit(AREA, name, "no process handles (pidfd)", do)
    try:
        signal.pidfd_send_signal(handle, 0)
    except (AttributeError, OSError):
        return limit(
            AREA, name, "process handles take no signal", "Allow pidfd_send_signal in the container."
        )
    finally:
        os.close(handle)
    return good(AREA, name, "stopped through handles (pidfd): a reused process number is never hit")


def file_size(allowed: int) -> Finding:
    """The largest file this user's processes may write, bytes; -1 without a limit."""
    name = "file size"
    if allowed == resource.RLIM_INFINITY or allowed >= _LARGE_FILE:
        told = "no limit" if allowed == resource.RLIM_INFINITY else f"up to {gigabytes(allowed)}"
        return good(AREA, name, told)
    do = "ulimit -f unlimited, before the training is started: its files stop growing there"
    return limit(AREA, name, f"files end at {allowed / 1e6:,.1f} MB", do)
