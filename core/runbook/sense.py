"""Looks at what a step of the runbook asks for: each sensor once, whatever it finds.

Trap avoided: a runbook that ends in a traceback because the disk it asks about is gone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from core.runbook import sense_run as of_run
from core.runbook import sense_setup as of_setup
from core.runbook.context import Context, Sensed
from core.runbook.scenario import Scenario, SensorId, Step
from core.text import visible


def sense(sensor: SensorId, context: Context) -> Sensed:
    """Look now. May take seconds (`data`, `reward_import`); never raises for what it finds."""
    try:
        return _SENSORS[sensor](context)
    except OSError as error:
        return Sensed("unknown", f"could not look: {error.strerror or visible(str(error), 120)}")


def sense_all(steps: Iterable[Step], context: Context) -> dict[str, Sensed]:
    """By step id; each sensor looks once."""
    seen: dict[SensorId, Sensed] = {}
    found = {}
    for step in steps:
        if step.sense is not None:
            if step.sense not in seen:
                seen[step.sense] = sense(step.sense, context)
            found[step.id] = seen[step.sense]
    return found


def sense_scenario(scenario: Scenario, context: Context) -> dict[str, Sensed]:
    return sense_all(scenario.steps, context)


_SENSORS: dict[SensorId, Callable[[Context], Sensed]] = {
    "disk": of_setup.disk,
    "memory": of_setup.memory,
    "process": of_run.process,
    "log": of_run.log,
    "log_age": of_run.log_age,
    "checkpoints": of_run.checkpoints,
    "tensorboard": of_run.tensorboard,
    "data": of_setup.data,
    "hyperparameters": of_setup.hyperparameters,
    "reward_weights": of_setup.reward_weights,
    "reward_import": of_setup.reward_import,
    "reward_trend": of_run.reward_trend,
    "kl": of_run.kl,
    "losses": of_run.losses,
    "gates": of_setup.gates,
    "daily": of_run.daily,
}
