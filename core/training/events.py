"""TensorBoard's event files of a training.

Trap avoided: a full disk. The library's writer dies of the first failed write, raises at every later one, and
so ends the training; here the failure is said, the scalars of that time are left out (the CSV files have
them), and a new event file is begun once one can be written.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from stable_baselines3.common.logger import KVWriter

_LONGEST = 64
"""Rollouts between two tries at most."""


class _Output(Protocol):
    def write(
        self, key_values: dict[str, Any], key_excluded: dict[str, tuple[str, ...]], step: int = 0
    ) -> None: ...

    def close(self) -> None: ...


def event_writer(
    folder: Path, say: Callable[[str], object], create: Callable[[Path], _Output] | None = None
) -> KVWriter:
    """A stable-baselines3 log output into `folder` that never raises; `say` is told of the first failure, and
    when it goes on."""
    from stable_baselines3.common.logger import KVWriter

    class _Writer(KVWriter):
        def __init__(self) -> None:
            self._output: _Output | None = None
            self._failures = 0
            self._skip = 0

        def write(
            self, key_values: dict[str, Any], key_excluded: dict[str, tuple[str, ...]], step: int = 0
        ) -> None:
            if self._skip:
                self._skip -= 1
                return
            try:
                if self._output is None:
                    self._output = (create or _create)(folder)
                self._output.write(key_values, key_excluded, step)
            except Exception as error:  # noqa: BLE001 - no fault of a second copy may end the training
                self._failed(error)
                return
            if self._failures:
                say(f"TensorBoard's event file is written again from step {step} on")
            self._failures = 0

        def _failed(self, error: Exception) -> None:
            self._output = None
            self._skip = min(2**self._failures, _LONGEST) - 1
            self._failures += 1
            if self._failures == 1:
                reason = getattr(error, "strerror", None) or str(error)
                say(f"TensorBoard's event file could not be written: {reason}; the CSV files go on")
            with contextlib.suppress(OSError):
                for path in folder.glob("events.out.tfevents.*"):
                    if path.stat().st_size == 0:
                        path.unlink()

        def close(self) -> None:
            if self._output is not None:
                with contextlib.suppress(Exception):
                    self._output.close()

    return _Writer()


def _create(folder: Path) -> _Output:
    from stable_baselines3.common.logger import TensorBoardOutputFormat

    folder.mkdir(parents=True, exist_ok=True)
    return TensorBoardOutputFormat(str(folder))
