"""The manual's three escalation paths as guided lists: what to do, whom to call, what to write.

The text to send is filled from the run, with what is known and nothing else. A step taken is recorded like a
runbook step, under the path's id. Trap avoided: calling somebody at night with a message that leaves out
which run, since when, and what was done already.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from core.clock import iso
from core.errors import UsageError, no_such
from core.runbook.context import Context, Sensed
from core.runbook.scenario import Step
from core.runbook.sense import sense_all
from core.store.steps import StepTaken
from core.text import visible
from core.units import MISSING, age, number

PathId = Literal["crash", "performance", "data"]


@dataclass(frozen=True, slots=True)
class EscalationPath:
    id: PathId
    title: str
    people: tuple[str, ...]
    """In the order they are called."""
    opening: str
    """The first words of the message, the manual's own."""
    steps: tuple[Step, ...]
    rule: str = ""
    """What must not be done meanwhile."""

    def step(self, step_id: str) -> Step:
        """By its id or its number, from 1. Raises UsageError."""
        for position, each in enumerate(self.steps, 1):
            if step_id in (each.id, str(position)):
                return each
        known = ", ".join(f"{position} {each.id}" for position, each in enumerate(self.steps, 1))
        raise UsageError(f"{self.id} has no step {visible(step_id, 80)}; expected one of {known}")


PATHS: dict[str, EscalationPath] = {
    "crash": EscalationPath(
        id="crash",
        title="Critical issue: the training crashed",
        people=("ML Engineer", "ML Lead", "SWE Lead"),
        opening="Critical crash in RL training loop",
        steps=(
            Step(
                "stop",
                "Stop what still runs",
                sense="process",
                deed="stop",
                kind="ISSUE",
                journal="Crash: training stopped",
            ),
            Step(
                "backup_logs",
                "Back up the log: training.log to CRASH_backup.log",
                deed="backup_logs",
                kind="ISSUE",
                journal="Crash: training.log backed up",
            ),
            Step(
                "log", "Go through the last 100 lines of the log", sense="log", journal="Crash: log examined"
            ),
            Step(
                "contact",
                "Call the SWE Lead with the text below",
                kind="ISSUE",
                journal="Crash: SWE Lead contacted",
            ),
            Step(
                "wait",
                "Do not restart before the cause is known",
                journal="Crash: waiting for the cause before a restart",
            ),
        ),
        rule="Do not restart before the cause is known.",
    ),
    "performance": EscalationPath(
        id="performance",
        title="Performance degradation: the reward stands still or falls",
        people=("ML Engineer", "ML Lead"),
        opening="Reward plateau in RL training",
        steps=(
            Step(
                "confirm",
                "Confirm in numbers that the reward is flat, not only to the eye",
                sense="reward_trend",
                kind="PERFORMANCE",
                journal="Reward plateau detected",
            ),
            Step(
                "reward",
                "Check the reward function: did it change lately?",
                sense="reward_weights",
                kind="PERFORMANCE",
                journal="Reward plateau: reward function checked",
            ),
            Step(
                "contact",
                "If it lasts longer than 2 h call the ML Lead with the text below",
                kind="PERFORMANCE",
                journal="Reward plateau: ML Lead contacted",
            ),
            Step(
                "retrain",
                "If agreed: stop, change parameters, train again",
                sense="hyperparameters",
                deed="stop",
                kind="PERFORMANCE",
                journal="Reward plateau: training stopped to change parameters",
            ),
        ),
    ),
    "data": EscalationPath(
        id="data",
        title="Data issue: gaps or NaN in the training data",
        people=("ML Engineer", "SWE Lead"),
        opening="Data integrity issue detected",
        steps=(
            Step(
                "stop",
                "Stop the training at once",
                sense="process",
                deed="stop",
                kind="ISSUE",
                journal="Data issue: training stopped",
            ),
            Step(
                "data",
                "Check the data: ppo-console data check",
                sense="data",
                journal="Data issue: data checked",
            ),
            Step(
                "backup_checkpoint",
                "Back up the model: best_model.zip to backup_before_bad_data.zip",
                deed="backup_checkpoint",
                kind="ISSUE",
                journal="Data issue: best_model backed up",
            ),
            Step(
                "contact",
                "Call the SWE Lead with the text below",
                kind="ISSUE",
                journal="Data issue: SWE Lead contacted",
            ),
            Step(
                "wait",
                "Wait for the repaired data, then restart",
                journal="Data issue: waiting for repaired data",
            ),
        ),
        rule="Do not restart before the data are repaired.",
    ),
}


@dataclass(frozen=True, slots=True)
class GuidedStep:
    step: Step
    taken: StepTaken | None
    """The newest time it was taken for this run."""
    sensed: Sensed | None


@dataclass(frozen=True, slots=True)
class Guide:
    path: EscalationPath
    steps: tuple[GuidedStep, ...]
    message: str
    """The text to send; several lines of plain text."""

    @property
    def next_step(self) -> Step | None:
        return next((each.step for each in self.steps if each.taken is None), None)


def escalation_path(name: str) -> EscalationPath:
    """Raises UsageError with the nearest name."""
    if name in PATHS:
        return PATHS[name]
    raise no_such("escalation path", name, PATHS)


def guide(path_id: str, context: Context, taken: Sequence[StepTaken], *, look: bool = True) -> Guide:
    """The path for this run: what was done, what the sensors see, the text to send.

    `taken`: the run's steps, from the store. `look` False: no sensor looks (they may take seconds).
    """
    path = escalation_path(path_id)
    mine = {each.step: each for each in taken if each.procedure == path_id}
    sensed = sense_all(path.steps, context) if look else {}
    steps = tuple(GuidedStep(step, mine.get(step.id), sensed.get(step.id)) for step in path.steps)
    return Guide(path, steps, message(path, context, list(mine.values()), sensed))


def message(
    path: EscalationPath,
    context: Context,
    taken: Sequence[StepTaken] = (),
    sensed: dict[str, Sensed] | None = None,
) -> str:
    """The text to send, filled from the run."""
    run, health, info = context.run, context.health, context.run.info
    name = info.tag or info.id or MISSING
    symbols = ", ".join(info.symbols) or MISSING
    reward, kl = (run.series.get(metric) for metric in ("reward", "approx_kl"))
    checkpoint = MISSING
    if run.checkpoints:
        newest = run.checkpoints[-1]
        seconds = (context.now - newest.written_at).total_seconds()
        checkpoint = f"{visible(newest.path.name, 120)}, {age(seconds)} old"
    lines = [
        f"{path.opening}: {name}",
        "",
        f"Run:        {info.id or MISSING} ({symbols}, {info.mode or MISSING})",
        f"Status:     {health.status}: {health.reason}",
        f"Step:       {number(run.timestep)} of {number(info.total_timesteps)}",
        f"Reward:     {number(reward.last if reward else None, 2)}",
        f"KL:         {number(kl.last if kl else None, 4)}",
        f"Checkpoint: {checkpoint}",
        f"Host:       {info.host or MISSING}, {visible(str(info.directory), 300)}",
        f"At:         {iso(context.now)}",
    ]
    firing = [alert for alert in context.alerts if alert.firing]
    if firing:
        lines += ["", "Alerts that fire:"]
        lines += [f"- {alert.rule} ({alert.severity}): {alert.message}" for alert in firing[:8]]
    seen = [f"- {each.text}" for each in (sensed or {}).values() if each.state == "bad"]
    if seen:
        lines += ["", "Seen:", *dict.fromkeys(seen)]
    if path.id == "crash" and run.log_tail:
        lines += ["", "End of training.log:", *(f"  {line}" for line in run.log_tail[-8:])]
    if taken:
        lines += ["", "Done so far:"]
        lines += [f"- {iso(each.at)} {each.step} ({each.operator}) {each.note}".rstrip() for each in taken]
    if path.rule:
        lines += ["", path.rule]
    return "\n".join(lines)
