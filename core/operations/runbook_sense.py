"""What the console can look at by itself for a step of the runbook.

Each sensor answers in one line, with the lines that prove it. Trap avoided: *all is well* where nobody could
look: that is `unknown`, with the reason.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from core.operations.runbook import Scenario, SensorId, Step
from core.telemetry.health import Health
from core.telemetry.model import Run
from core.text import visible
from core.units import age, gigabytes, number

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from core.alerts.look import DataFacts
    from core.alerts.view import AlertView
    from core.config.settings import Settings
    from core.workspace import Workspace

SensedState = Literal["ok", "bad", "unknown"]
_TROUBLE = ("Traceback", "Error", "ERROR", "CRITICAL", "Killed", "out of memory")
_LOG_LINES = 100
_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Sensed:
    state: SensedState
    text: str
    """One line: what was seen, against what."""
    lines: tuple[str, ...] = ()
    """What proves it."""


@dataclass(frozen=True)
class Context:
    """What is known when the runbook is opened."""

    workspace: Workspace | None
    settings: Settings
    run: Run
    health: Health
    now: datetime
    alerts: Sequence[AlertView] = ()
    data: DataFacts | None = None
    """A check of the training data, where one was made already."""


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


def _folder(context: Context) -> Path:
    return context.workspace.root if context.workspace is not None else context.run.info.directory


def _disk(context: Context) -> Sensed:
    from core.telemetry.host import HostProbe

    (disk,) = HostProbe().read((_folder(context),)).disks
    if disk.free is None:
        return Sensed("unknown", f"the free space of {disk.path} cannot be seen")
    limit = context.settings.alerts["disk_low"].threshold
    text = f"{gigabytes(disk.free)} free, low below {gigabytes(limit)}"
    return Sensed("bad" if disk.free < limit else "ok", text)


def _memory(context: Context) -> Sensed:
    from core.telemetry.host import HostProbe

    host = HostProbe().read(())
    limit = context.settings.alerts["memory_low"].threshold
    free = host.memory_free_percent
    text = (
        f"{gigabytes(host.memory_available)} of {gigabytes(host.memory_total)} free ({number(free)} %), "
        f"low below {number(limit)} %"
    )
    return Sensed("bad" if free < limit else "ok", text)


def _process(context: Context) -> Sensed:
    run, health = context.run, context.health
    who = f"process {run.info.pid}" if run.info.pid is not None else "the process"
    if run.process == "alive":
        return Sensed("ok", f"{who} is alive; {health.reason}")
    if run.info.outcome in ("finished", "stopped"):
        return Sensed("ok", f"{who} ended by itself: {run.info.outcome}")
    if run.process == "gone":
        return Sensed("bad", f"{who} is gone; {health.reason}")
    return Sensed("unknown", f"{who} cannot be seen from here; {health.reason}")


def _log(context: Context) -> Sensed:
    tail = context.run.log_tail[-_LOG_LINES:]
    if not tail:
        return Sensed("unknown", "there is no training.log, or it is empty")
    trouble = [line for line in tail if any(word in line for word in _TROUBLE)]
    if not trouble:
        return Sensed("ok", f"no error in the newest {len(tail)} lines", tuple(tail[-_SHOWN:]))
    return Sensed(
        "bad", f"{len(trouble)} of the newest {len(tail)} lines are about errors", tuple(trouble[-_SHOWN:])
    )


def _log_age(context: Context) -> Sensed:
    at = context.run.last_row_at
    if at is None:
        return Sensed("unknown", "nothing was ever written, or its time is not known")
    seconds = max(0.0, (context.now - at).total_seconds())
    late = seconds > context.settings.health.stalled_after
    return Sensed("bad" if late else "ok", f"last written {age(seconds)} ago")


def _checkpoints(context: Context) -> Sensed:
    found = context.run.checkpoints
    if not found:
        return Sensed("bad", "no checkpoint yet")
    seconds = max(0.0, (context.now - found[-1].written_at).total_seconds())
    limit = context.settings.checks.checkpoint_hours
    text = f"{len(found)} saved, the newest {age(seconds)} ago, late after {limit:g} h"
    return Sensed("bad" if seconds > limit * 3600 else "ok", text, (visible(found[-1].path.name, 200),))


def _tensorboard(context: Context) -> Sensed:
    folder = context.run.info.directory / "tensorboard"
    if not folder.is_dir():
        return Sensed("bad", f"{folder} is not there")
    mode = f"{folder.stat().st_mode & 0o777:o}"
    events = list(folder.rglob("events.out.tfevents.*"))
    rows = sum(source.rows for source in context.run.sources if source.kind == "tensorboard")
    if not os.access(folder, os.W_OK | os.X_OK):
        return Sensed("bad", f"{folder.name}/ may not be written by this user (mode {mode})")
    text = f"{len(events)} event files, {number(rows)} rows, mode {mode}"
    return Sensed("ok" if rows else "bad", text)


def _data(context: Context) -> Sensed:
    from core.alerts.data_watch import check_data

    facts = context.data
    if facts is None:
        if context.workspace is None:
            return Sensed("unknown", "the training data of a foreign run are not known")
        facts = check_data(context.workspace.train_data, context.now)
    if facts is None:
        return Sensed("unknown", "there are no candle files in the training data folder")
    if facts.problem:
        return Sensed("unknown", facts.problem)
    text = f"{facts.gaps} gaps, {facts.nan} NaN, {facts.duplicates} duplicates"
    return Sensed("bad" if facts.faults else "ok", text, facts.files[:_SHOWN])


def hyperparameter_differences(context: Context) -> tuple[str, ...]:
    """What the run uses otherwise than approved; without a record of the run, what `config.toml` does."""
    approved = context.settings.approved
    used = context.run.info.hyperparameters or {
        name: getattr(context.settings.ppo, name) for name in approved.__struct_fields__
    }
    return tuple(
        f"{name} = {used[name]:g}, approved {getattr(approved, name):g}"
        for name in approved.__struct_fields__
        if name in used and used[name] != getattr(approved, name)
    )


def _hyperparameters(context: Context) -> Sensed:
    different = hyperparameter_differences(context)
    whose = "the run's" if context.run.info.hyperparameters else "config.toml's"
    if not different:
        return Sensed("ok", f"{whose} hyperparameters are the approved ones")
    return Sensed("bad", f"{len(different)} of {whose} hyperparameters are not the approved ones", different)


def _reward_weights(context: Context) -> Sensed:
    reward = context.settings.reward
    weights = {
        "r_pnl": reward.pnl,
        "r_hold_bonus": reward.hold_bonus,
        "r_invalid_action": reward.invalid_action,
        "r_out_of_market": reward.out_of_market,
    }
    words = ", ".join(f"{name} × {weight:g}" for name, weight in weights.items())
    text = f"{words}; clipped to ± {reward.reward_clip:g}"
    off = [name for name, weight in weights.items() if weight == 0]
    if off:
        return Sensed("bad", f"{text}; switched off: {', '.join(off)}")
    return Sensed("ok", text)


def _reward_import(context: Context) -> Sensed:
    from pathlib import Path

    root = str(Path(__file__).resolve().parents[2])
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-c", "import core.trading.reward"],
            env={**os.environ, "PYTHONPATH": root},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Sensed("unknown", "the reward code did not load within a minute")
    if done.returncode == 0:
        return Sensed("ok", "core/trading/reward.py loads")
    last = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["no reason given"]
    return Sensed("bad", f"core/trading/reward.py does not load: {visible(last[0], 200)}")


def _reward_trend(context: Context) -> Sensed:
    from core.telemetry.trend import slope_per_step, trend_word

    series = context.run.series.get("reward")
    if series is None or not len(series):
        return Sensed("unknown", "no reward is recorded")
    slope = slope_per_step(series)
    word = trend_word(series, context.settings.checks.reward_trend)
    if slope is None:
        return Sensed("unknown", "too few rows for a trend: four rows and 5,000 steps are needed")
    text = f"reward {number(series.last_finite, 2)}, {word}: {slope:+.2g} per step over the last 50,000 steps"
    return Sensed("ok" if word == "INCREASING" else "bad", text)


def _kl(context: Context) -> Sensed:
    run = context.run
    kl = run.series.get("approx_kl")
    if kl is None or kl.last_finite is None:
        return Sensed("unknown", "no KL divergence is recorded")
    beside = []
    for name in ("clip_fraction", "explained_variance", "value_loss", "learning_rate"):
        series = run.series.get(name)
        value = None if series is None else series.last_finite
        beside.append(f"{name} {'is not logged' if value is None else f'{value:.4g}'}")
    limit = context.settings.checks.kl_good
    text = f"approx_kl {kl.last_finite:.4g}, highest {kl.maximum:.4g}, good below {limit:g}"
    return Sensed("bad" if kl.last_finite >= limit else "ok", text, tuple(beside))


def _losses(context: Context) -> Sensed:
    from core.telemetry.metrics import METRICS
    from core.telemetry.trend import trend_word

    lines, bad = [], []
    for name in ("reward", "policy_loss", "value_loss", "entropy", "approx_kl"):
        series = context.run.series.get(name)
        if series is None or not len(series):
            continue
        last = series.value[len(series) - 1]
        lines.append(f"{name} {number(last, 4)}, {trend_word(series, METRICS[name].trend_limit)}")
        if name != "reward" and series.last is None:
            bad.append(name)
    if not lines:
        return Sensed("unknown", "no loss is recorded")
    if bad:
        return Sensed("bad", f"not finite: {', '.join(bad)}", tuple(lines))
    return Sensed("ok", "all losses are finite", tuple(lines))


def _gates(context: Context) -> Sensed:
    import msgspec

    from core.revalidation.result import RevalidationResult

    if context.workspace is None:
        return Sensed("unknown", "a revalidation needs a workspace")
    path = context.workspace.reports / "revalidation_result.json"
    try:
        result = msgspec.json.decode(path.read_bytes(), type=RevalidationResult)
    except FileNotFoundError:
        return Sensed("unknown", "no revalidation yet")
    except msgspec.DecodeError:
        return Sensed("unknown", f"{path.name} cannot be read")
    lines = tuple(
        f"{gate.name} {number(gate.value, 2)} {gate.comparison} {gate.limit:g}: {gate.status}"
        for gate in result.gates
    )
    good = result.decision == "GO"
    return Sensed(
        "ok" if good else "bad", f"{result.decision}, {result.gates_passed} of {len(lines)} gates", lines
    )


def _daily(context: Context) -> Sensed:
    firing = [alert for alert in context.alerts if alert.firing and alert.severity != "info"]
    status = context.health.status
    if status not in ("RUNNING", "FINISHED", "STOPPED"):
        return Sensed("bad", f"the run is {status}: {context.health.reason}")
    if firing:
        return Sensed("bad", f"{len(firing)} alerts fire", tuple(alert.message for alert in firing[:_SHOWN]))
    return Sensed("ok", f"the run is {status} and nothing fires")


_SENSORS: dict[SensorId, Callable[[Context], Sensed]] = {
    "disk": _disk,
    "memory": _memory,
    "process": _process,
    "log": _log,
    "log_age": _log_age,
    "checkpoints": _checkpoints,
    "tensorboard": _tensorboard,
    "data": _data,
    "hyperparameters": _hyperparameters,
    "reward_weights": _reward_weights,
    "reward_import": _reward_import,
    "reward_trend": _reward_trend,
    "kl": _kl,
    "losses": _losses,
    "gates": _gates,
    "daily": _daily,
}
