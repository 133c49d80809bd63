"""The eleven hyperparameters: what a run uses beside what was approved.

Trap avoided: comparing only the configuration while `--timesteps` changes one of the eleven.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from core.config.settings import Hyperparameters

NAMES: tuple[str, ...] = tuple(field.name for field in msgspec.structs.fields(Hyperparameters))
"""In the checklist's order."""


@dataclass(frozen=True, slots=True)
class Difference:
    name: str
    value: float
    approved: float

    def __str__(self) -> str:
        return f"{self.name} = {self.value}, approved {self.approved}"


def effective(ppo: Hyperparameters, timesteps: int | None = None) -> Hyperparameters:
    """`ppo` with `total_timesteps` replaced by the command's `--timesteps` where given."""
    return ppo if timesteps is None else msgspec.structs.replace(ppo, total_timesteps=timesteps)


def differences(ppo: Hyperparameters, approved: Hyperparameters) -> tuple[Difference, ...]:
    """The hyperparameters of `ppo` that are not exactly the approved ones."""
    return tuple(
        Difference(name, getattr(ppo, name), getattr(approved, name))
        for name in NAMES
        if getattr(ppo, name) != getattr(approved, name)
    )


def as_dict(ppo: Hyperparameters) -> dict[str, int | float]:
    """Name → value, as `run.json` holds them."""
    return {name: getattr(ppo, name) for name in NAMES}
