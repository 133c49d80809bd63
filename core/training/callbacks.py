"""How stable-baselines3 calls a training session: its callback and its log writer, both thin.

Trap avoided: a class over a stable-baselines3 base at module level, which would load torch wherever the
module is imported.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from stable_baselines3.common.callbacks import BaseCallback
    from stable_baselines3.common.logger import KVWriter


class Listener(Protocol):
    """What is told about a training."""

    def rollout_started(self) -> None:
        """Before a rollout; every earlier one has been learnt from."""

    def step_made(self) -> bool:
        """After each step of all lanes; False ends the training."""

    def logged(self, values: Mapping[str, Any], timestep: int) -> None:
        """Once per rollout, with what TensorBoard gets: this rollout's rewards, the last update's losses."""


def callback_for(listener: Listener) -> BaseCallback:
    """A stable-baselines3 callback that tells `listener`."""
    from stable_baselines3.common.callbacks import BaseCallback

    class _Callback(BaseCallback):
        def _on_rollout_start(self) -> None:
            listener.rollout_started()

        def _on_step(self) -> bool:
            return listener.step_made()

    return _Callback()


def log_writer_for(listener: Listener) -> KVWriter:
    """A stable-baselines3 log output that tells `listener`."""
    from stable_baselines3.common.logger import KVWriter

    class _Writer(KVWriter):
        def write(
            self, key_values: dict[str, Any], key_excluded: dict[str, tuple[str, ...]], step: int = 0
        ) -> None:
            listener.logged(key_values, step)

        def close(self) -> None:
            """Nothing is held open."""

    return _Writer()
