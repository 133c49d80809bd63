"""The host's NVIDIA GPUs through NVML, where there are any and `nvidia-ml-py` is installed.

Never a requirement: without the package, the driver or a card there are no GPUs and one sentence why. Trap
avoided: a missing figure shown as 0 % (a driver in a container often hides some of them); it is None.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from core.text import visible

PACKAGE = "nvidia-ml-py"
"""The maintained bindings; their module is called `pynvml`."""


@dataclass(frozen=True, slots=True)
class Gpu:
    """One card. Bytes; None where the driver does not tell."""

    index: int
    name: str
    percent: float | None
    """Share of the last sample period in which a kernel ran."""
    memory_used: int | None
    memory_total: int | None
    temperature: int | None
    """Degrees Celsius."""
    watts: float | None
    trainer_memory: int | None = None
    """What the training process holds of it; None where it uses none or cannot be seen."""


@dataclass(frozen=True, slots=True)
class Gpus:
    cards: tuple[Gpu, ...] = ()
    reason: str = ""
    """Why there are none, one sentence; empty where there are."""


class GpuProbe:
    """Opens NVML at the first look; a host without it is not asked again."""

    def __init__(self, load: Callable[[], Any] = lambda: importlib.import_module("pynvml")) -> None:
        self._load = load
        self._nvml: Any = None
        self._failures: tuple[type[Exception], ...] = ()
        self._none: Gpus | None = None

    def read(self, trainer_pid: int | None = None) -> Gpus:
        """One sample of every card; some 2 ms a card. Never raises."""
        if self._none is not None:
            return self._none
        if self._nvml is None:
            self._none = self._open()
            if self._none is not None:
                return self._none
        nvml = self._nvml
        try:
            count = int(nvml.nvmlDeviceGetCount())
            cards = tuple(self._card(index, trainer_pid) for index in range(count))
        except self._failures as error:  # the driver was unloaded, a card was lost: it may come back
            return Gpus(reason=f"NVML failed: {visible(str(error), 100)}.")
        return Gpus(cards) if cards else Gpus(reason="The NVIDIA driver sees no GPU.")

    def _open(self) -> Gpus | None:
        try:
            nvml = self._load()
        except ImportError:
            return Gpus(reason=f"{PACKAGE} is not installed.")
        # What an older driver lacks is raised as the second, which is no NVMLError.
        self._failures = (nvml.NVMLError, getattr(nvml, "NVMLLibraryMismatchError", nvml.NVMLError))
        try:
            nvml.nvmlInit()
        except self._failures as error:
            return Gpus(reason=f"No NVIDIA GPU: {visible(str(error), 100)}.")
        self._nvml = nvml
        return None

    def _card(self, index: int, trainer_pid: int | None) -> Gpu:
        nvml = self._nvml
        handle = nvml.nvmlDeviceGetHandleByIndex(index)
        name = self._told(lambda: nvml.nvmlDeviceGetName(handle))
        memory = self._told(lambda: nvml.nvmlDeviceGetMemoryInfo(handle))
        percent = self._told(lambda: float(nvml.nvmlDeviceGetUtilizationRates(handle).gpu))
        milliwatts = self._told(lambda: int(nvml.nvmlDeviceGetPowerUsage(handle)))
        if isinstance(name, bytes):
            name = name.decode("utf-8", "replace")
        return Gpu(
            index=index,
            name=visible(name, 80) if isinstance(name, str) else f"GPU {index}",
            percent=percent,
            memory_used=None if memory is None else int(memory.used),
            memory_total=None if memory is None else int(memory.total),
            temperature=self._told(
                lambda: int(nvml.nvmlDeviceGetTemperature(handle, nvml.NVML_TEMPERATURE_GPU))
            ),
            watts=None if milliwatts is None else milliwatts / 1000,
            trainer_memory=self._of_process(handle, trainer_pid),
        )

    def _of_process(self, handle: Any, pid: int | None) -> int | None:
        nvml = self._nvml
        if pid is None:
            return None
        for ask in (nvml.nvmlDeviceGetComputeRunningProcesses, nvml.nvmlDeviceGetGraphicsRunningProcesses):
            for process in self._told(partial(ask, handle)) or ():
                if process.pid == pid and process.usedGpuMemory is not None:
                    return int(process.usedGpuMemory)
        return None

    def _told(self, ask: Callable[[], Any]) -> Any:
        """The answer, None where the driver has none."""
        try:
            return ask()
        except self._failures:
            return None
