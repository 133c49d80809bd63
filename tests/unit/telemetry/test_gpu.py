"""GPUs through NVML: what a driver tells is shown, what it does not tell is None, and none says why."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from core.telemetry.gpu import Gpu, GpuProbe
from core.telemetry.host import host_metrics


class NVMLError(Exception):
    pass


class NVMLLibraryMismatchError(Exception):
    pass


def fake(**changes: Any) -> SimpleNamespace:
    """The module `pynvml` of nvidia-ml-py 13, as far as it is used."""

    def no_power(_handle: object) -> int:
        raise NVMLError("Not Supported")

    def too_new(_handle: object) -> list[Any]:
        raise NVMLLibraryMismatchError("Function Not Found")

    functions: dict[str, Any] = {
        "NVMLError": NVMLError,
        "NVMLLibraryMismatchError": NVMLLibraryMismatchError,
        "NVML_TEMPERATURE_GPU": 0,
        "nvmlInit": lambda: None,
        "nvmlDeviceGetCount": lambda: 1,
        "nvmlDeviceGetHandleByIndex": lambda index: index,
        "nvmlDeviceGetName": lambda _handle: "NVIDIA H100\x1b[2J",
        "nvmlDeviceGetMemoryInfo": lambda _handle: SimpleNamespace(used=10, total=80),
        "nvmlDeviceGetUtilizationRates": lambda _handle: SimpleNamespace(gpu=37, memory=5),
        "nvmlDeviceGetTemperature": lambda _handle, _sensor: 55,
        "nvmlDeviceGetPowerUsage": no_power,
        "nvmlDeviceGetComputeRunningProcesses": lambda _handle: [
            SimpleNamespace(pid=1, usedGpuMemory=1),
            SimpleNamespace(pid=77, usedGpuMemory=9),
        ],
        "nvmlDeviceGetGraphicsRunningProcesses": too_new,
    }
    return SimpleNamespace(**{**functions, **changes})


def test_a_card_is_told_as_far_as_the_driver_tells() -> None:
    (card,) = GpuProbe(fake).read(trainer_pid=77).cards
    assert card == Gpu(0, "NVIDIA H100␛[2J", 37.0, 10, 80, 55, None, 9)


def test_a_trainer_that_uses_no_card_has_no_memory_there() -> None:
    (card,) = GpuProbe(fake).read(trainer_pid=5).cards
    assert card.trainer_memory is None


def test_without_the_package_there_are_none_and_it_is_asked_once() -> None:
    asked: list[int] = []

    def missing() -> Any:
        asked.append(1)
        raise ImportError("No module named 'pynvml'")

    probe = GpuProbe(missing)
    assert probe.read().reason == probe.read().reason == "nvidia-ml-py is not installed."
    assert probe.read().cards == () and asked == [1]


def test_without_a_driver_the_reason_is_nvmls() -> None:
    def no_library() -> None:
        raise NVMLError("NVML Shared Library Not Found")

    found = GpuProbe(lambda: fake(nvmlInit=no_library)).read()
    assert found.reason == "No NVIDIA GPU: NVML Shared Library Not Found." and found.cards == ()


def test_a_card_that_is_lost_is_said_and_may_come_back() -> None:
    lost = [True]

    def count() -> int:
        if lost[0]:
            raise NVMLError("GPU is lost")
        return 1

    probe = GpuProbe(lambda: fake(nvmlDeviceGetCount=count))
    assert probe.read().reason == "NVML failed: GPU is lost."
    lost[0] = False
    assert len(probe.read().cards) == 1


def test_the_host_sample_always_has_gpus_or_a_reason() -> None:
    gpus = host_metrics([]).gpus
    assert bool(gpus.cards) != bool(gpus.reason)
