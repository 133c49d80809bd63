"""The machine the console runs on: CPU, memory, free disk, GPUs, and the training process where it can be
seen.

Trap avoided: a CPU figure from the first sample, which is always 0; it is None until there are two.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from core.telemetry.gpu import GpuProbe, Gpus

if TYPE_CHECKING:
    import psutil

    from core.process import ProcessIdentity
    from core.telemetry.model import Run


@dataclass(frozen=True, slots=True)
class Disk:
    """The volume that holds `path`; None where it cannot be seen. Bytes."""

    path: Path
    free: int | None
    total: int | None


@dataclass(frozen=True, slots=True)
class ProcessUse:
    pid: int
    cpu_percent: float | None
    """Of one core; None at the first look."""
    memory: int
    """Resident bytes."""


@dataclass(frozen=True, slots=True)
class Host:
    cpu_percent: float | None
    """Over all cores since the last look; None at the first."""
    cores: int
    memory_used: int
    memory_total: int
    memory_available: int
    disks: tuple[Disk, ...]
    trainer: ProcessUse | None = None
    """None when it is gone or not ours to see."""
    gpus: Gpus = field(default_factory=Gpus)

    @property
    def memory_free_percent(self) -> float:
        return 100.0 * self.memory_available / self.memory_total


class HostProbe:
    """Samples the host; keeps what the next sample is measured against."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sampled = False
        self._process: psutil.Process | None = None
        self._gpus = GpuProbe()

    def read(self, folders: Iterable[Path], trainer: ProcessIdentity | None = None) -> Host:
        """One sample. Folders that do not exist yet stand for the nearest folder above them."""
        import psutil

        with self._lock:
            percent: float | None = psutil.cpu_percent(interval=None)
            if not self._sampled:
                self._sampled, percent = True, None
            memory = psutil.virtual_memory()
            use = self._trainer(trainer)
            return Host(
                cpu_percent=percent,
                cores=os.cpu_count() or 1,
                memory_used=memory.total - memory.available,
                memory_total=memory.total,
                memory_available=memory.available,
                disks=tuple(_disk(folder) for folder in folders),
                trainer=use,
                gpus=self._gpus.read(use.pid if use is not None else None),
            )

    def _trainer(self, identity: ProcessIdentity | None) -> ProcessUse | None:
        import psutil

        from core.process import process_state

        if identity is None or process_state(identity) != "alive":
            self._process = None
            return None
        try:
            first = self._process is None or self._process.pid != identity.pid
            process = psutil.Process(identity.pid) if self._process is None or first else self._process
            self._process = process
            with process.oneshot():
                percent = process.cpu_percent(interval=None)
                return ProcessUse(identity.pid, None if first else percent, process.memory_info().rss)
        except psutil.Error:
            self._process = None
            return None


_PROBE = HostProbe()


def host_metrics(folders: Iterable[Path], trainer: ProcessIdentity | None = None) -> Host:
    """One sample through the program's own probe; CPU figures are since the last call."""
    return _PROBE.read(folders, trainer)


def trainer_of(run: Run) -> ProcessIdentity | None:
    """The training process, as far as the run says which it is."""
    from core.process import ProcessIdentity

    info = run.info
    if info.pid is None or info.process_started is None:
        return None
    return ProcessIdentity(
        info.pid, info.process_started, info.boot_id or "", info.nonce or "", info.host or ""
    )


def _disk(folder: Path) -> Disk:
    import psutil

    for place in (folder, *folder.parents):
        try:
            usage = psutil.disk_usage(str(place))
        except FileNotFoundError:
            continue
        except OSError:
            break
        return Disk(folder, usage.free, usage.total)
    return Disk(folder, None, None)
