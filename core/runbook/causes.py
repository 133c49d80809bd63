"""Which of a scenario's causes is the likeliest, read off the run as somebody who knows PPO would.

The clip fraction says how many samples an update pushed to the edge of the trust region, the explained
variance whether the value function knows what a state is worth. A high KL with much clipping is a step that
is too large; a high KL with little clipping is a few samples that went far: an outlier. Trap avoided: a rank
without its reason; each point of a score is a sentence.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import median

from core.runbook.context import Context, Sensed
from core.runbook.scenario import Cause, Scenario
from core.runbook.sense_setup import hyperparameter_differences
from core.telemetry.model import Run

_ROWS = 20
_MUCH_CLIPPING = 0.3
_LITTLE_CLIPPING = 0.1
_GOOD_VALUE = 0.5
_JUMP = 5.0
_LOW_ENTROPY = 0.2
_STILL_KL = 0.002

Hint = tuple[str, float, str]
"""Cause, points, why."""


@dataclass(frozen=True, slots=True)
class RankedCause:
    cause: Cause
    score: float
    """Points for it minus points against it; 0: nothing speaks for or against."""
    evidence: tuple[str, ...]


def rank_causes(
    scenario: Scenario, context: Context, sensed: Mapping[str, Sensed] | None = None
) -> list[RankedCause]:
    """The scenario's causes, likeliest first; equals in the documents' order. `sensed`: by step id."""
    results: dict[str, Sensed] = {}
    for step in scenario.steps:
        if step.sense is not None and sensed is not None and step.id in sensed:
            results[step.sense] = sensed[step.id]
    hints = [*_update_hints(context), *_run_hints(context), *_sensed_hints(results)]
    ranked = []
    for cause in scenario.causes:
        mine = [(points, why) for name, points, why in hints if name == cause.id]
        ranked.append(RankedCause(cause, sum(points for points, _ in mine), tuple(why for _, why in mine)))
    return sorted(ranked, key=lambda each: -each.score)


def _update_hints(context: Context) -> Iterator[Hint]:
    """From the KL with clip fraction and explained variance."""
    run, limit = context.run, context.settings.checks.kl_good
    kl, clip, explained = (
        _peak(run, "approx_kl"),
        _recent(run, "clip_fraction"),
        _recent(run, "explained_variance"),
    )
    if kl is not None and kl > limit:
        if clip is None:
            yield (
                "learning_rate",
                0.5,
                f"KL {kl:.3g} is high; clip_fraction is not logged, so its kind is open",
            )
        elif clip > _MUCH_CLIPPING:
            yield (
                "learning_rate",
                2.0,
                f"KL {kl:.3g} with clip_fraction {clip:.2f}: too many samples hit the clip, too large steps",
            )
            yield "unstable", 1.0, f"clip_fraction {clip:.2f}: update after update moves the whole policy"
        elif clip < _LITTLE_CLIPPING:
            why = f"KL {kl:.3g} with clip_fraction {clip:.2f}: few samples moved, but far"
            yield "outlier", 2.0, why
            yield "data", 1.0, why
            yield "learning_rate", -1.0, f"clip_fraction {clip:.2f} is low: the step size is not the matter"
        if explained is not None and explained > _GOOD_VALUE:
            yield (
                "learning_rate",
                1.0,
                f"explained_variance {explained:.2f}: the advantages are sound, so it is the step size",
            )
    if explained is not None and explained < 0:
        why = f"explained_variance {explained:.2f}: the value function predicts worse than a constant"
        yield "reward_scale", 1.5, why
        yield "outlier", 1.0, why
        yield "data", 1.0, why
    jump = _jump(run, "value_loss")
    if jump is not None and jump > _JUMP:
        why = f"value_loss rose to {jump:.0f} × its median"
        yield "outlier", 1.0, why
        yield "reward_scale", 1.0, why


def _run_hints(context: Context) -> Iterator[Hint]:
    run = context.run
    for difference in hyperparameter_differences(context):
        name = difference.split(" ", 1)[0]
        if name == "learning_rate":
            yield "learning_rate", 1.5, difference
        elif name in ("batch_size", "n_steps"):
            yield "batch", 1.5, difference
            yield "batch_memory", 1.0, difference
    entropy, kl = _recent(run, "entropy"), _recent(run, "approx_kl")
    if entropy is not None:
        if entropy < _LOW_ENTROPY:
            yield "saturated", 2.0, f"entropy {entropy:.2f}: the policy has all but decided"
        else:
            yield (
                "reward_components",
                1.0,
                f"entropy {entropy:.2f}: it still explores, and gains nothing by it",
            )
    if kl is not None and kl < _STILL_KL:
        yield "saturated", 1.0, f"KL {kl:.2g}: updates hardly change the policy"
    step = run.timestep
    if step is not None and step < 100_000:
        yield "normal", 2.0, f"step {step:,} is in the first 100,000"
    elif step is not None and kl is not None and kl < _STILL_KL:
        yield "early", 1.5, f"KL {kl:.2g} after step {step:,}: the policy has settled"
    if any("out of memory" in line or "OutOfMemoryError" in line for line in run.log_tail):
        yield "memory", 3.0, "training.log says out of memory"
        yield "batch_memory", 3.0, "training.log says out of memory"
    if run.traceback:
        yield "exception", 3.0, "a traceback ends training.log"


def _sensed_hints(sensed: Mapping[str, Sensed]) -> Iterator[Hint]:
    """From what the steps' sensors saw."""
    causes = {
        "disk": ("disk", "checkpoints"),
        "memory": ("memory", "other_process"),
        "data": ("data", "collector"),
        "reward_weights": ("reward_scale", "reward_components"),
    }
    for sensor, names in causes.items():
        found = sensed.get(sensor)
        if found is None or found.state == "unknown":
            continue
        for name in names:
            yield name, 3.0 if found.state == "bad" else -1.0, found.text
    process = sensed.get("process")
    if process is not None and process.state == "bad":
        yield "silent_crash", 3.0, process.text
    elif process is not None and process.state == "ok":
        written = sensed.get("log_age")
        if written is not None and written.state == "ok":
            yield "deadlock", -1.0, f"alive, and {written.text}"
        else:
            yield "deadlock", 1.0, f"{process.text}: alive without progress"
        yield "silent_crash", -2.0, process.text
    folder = sensed.get("tensorboard")
    if folder is not None and folder.state == "bad":
        denied = "may not be written" in folder.text
        yield ("permission" if denied else "writer"), 3.0, folder.text


def _values(run: Run, name: str) -> list[float]:
    """The newest finite values of the current segment."""
    series = run.series.get(name)
    if series is None or not len(series):
        return []
    begin = max(series.segments[-1] if series.segments else 0, len(series) - _ROWS)
    return [value for value in series.value[begin : len(series)] if math.isfinite(value)]


def _recent(run: Run, name: str) -> float | None:
    values = _values(run, name)
    return median(values[-5:]) if values else None


def _peak(run: Run, name: str) -> float | None:
    return max(_values(run, name), default=None)


def _jump(run: Run, name: str) -> float | None:
    values = _values(run, name)
    usual = median(values) if len(values) >= 5 else 0.0
    return max(values[-3:]) / usual if usual > 0 else None
