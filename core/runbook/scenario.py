"""The runbook: what a scenario is, and finding the right one.

The scenarios themselves are data, in `documented` and `undocumented`. Trap avoided: an alert that names a
scenario which is not there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from core.errors import UsageError, no_such
from core.text import visible

JournalKind = Literal["ISSUE", "CHECK", "PERFORMANCE"]
"""The documents' words at the start of a journal line."""
SensorId = Literal[
    "disk",
    "memory",
    "process",
    "log",
    "log_age",
    "checkpoints",
    "tensorboard",
    "data",
    "hyperparameters",
    "reward_weights",
    "reward_import",
    "reward_trend",
    "kl",
    "losses",
    "gates",
    "daily",
]
DeedId = Literal["stop", "force_stop", "backup_logs", "backup_checkpoint"]


@dataclass(frozen=True, slots=True)
class Cause:
    id: str
    """Ids are shared between scenarios: `core.runbook.causes` weighs them."""
    text: str


@dataclass(frozen=True, slots=True)
class Step:
    id: str
    text: str
    sense: SensorId | None = None
    """What the console looks at by itself; its result stands beside the step."""
    deed: DeedId | None = None
    """What the console can do when asked, after a confirmation."""
    command: str = ""
    """What a person runs."""
    kind: JournalKind = "CHECK"
    journal: str = ""
    """The line in `alerts.log` when the step is taken; by default the step's text."""

    @property
    def line(self) -> str:
        return self.journal or self.text


@dataclass(frozen=True, slots=True)
class Scenario:
    id: str
    title: str
    source: str
    """Where the documents have it."""
    symptoms: tuple[str, ...]
    causes: tuple[Cause, ...]
    steps: tuple[Step, ...]
    rules: tuple[str, ...] = ()
    """The default rules that lead here."""
    gates: tuple[str, ...] = ()
    """The gates whose failure leads here."""
    escalation: str = ""
    """The id of the escalation path, where there is one."""
    note: str = ""
    """What to know before doing anything."""

    def step(self, step_id: str) -> Step:
        """A step by its id or its number, from 1. Raises UsageError."""
        for number, each in enumerate(self.steps, 1):
            if step_id in (each.id, str(number)):
                return each
        known = ", ".join(f"{number} {each.id}" for number, each in enumerate(self.steps, 1))
        raise UsageError(f"{self.id} has no step {visible(step_id, 80)}; expected one of {known}")


def scenarios() -> dict[str, Scenario]:
    """All scenarios, the documents' ten first."""
    from core.runbook.documented import DOCUMENTED
    from core.runbook.undocumented import MORE

    return {each.id: each for each in (*DOCUMENTED, *MORE)}


def scenario(name: str) -> Scenario:
    """By its id, or the name of a rule or gate that leads there. Raises UsageError with the nearest name."""
    known = scenarios()
    if name in known:
        return known[name]
    for each in known.values():
        if name in each.rules or name in each.gates:
            return each
    rules = [rule for each in known.values() for rule in each.rules]
    raise no_such("runbook scenario", name, known, "`ppo-console runbook` lists them.", also=rules)


def scenario_of_gate(gate: str) -> Scenario | None:
    """The scenario for a gate that failed; None where the documents have none."""
    return next((each for each in scenarios().values() if gate in each.gates), None)
