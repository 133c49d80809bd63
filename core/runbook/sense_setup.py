"""What the runbook senses around the run: machine, training data, hyperparameters, reward, last decision.

Each sensor answers in one line, with the lines that prove it. Traps avoided: loading the trading code into
the console to see whether it loads; `config.toml` told as if it were what a run used that recorded nothing.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from core.child import environment, last_line
from core.runbook.context import SHOWN, Context, Sensed
from core.units import gigabytes, number


def _folder(context: Context) -> Path:
    return context.workspace.root if context.workspace is not None else context.run.info.directory


def disk(context: Context) -> Sensed:
    from core.telemetry.host import HostProbe

    (disk,) = HostProbe().read((_folder(context),)).disks
    if disk.free is None:
        return Sensed("unknown", f"the free space of {disk.path} cannot be seen")
    limit = context.settings.alerts["disk_low"].threshold
    text = f"{gigabytes(disk.free)} free, low below {gigabytes(limit)}"
    return Sensed("bad" if disk.free < limit else "ok", text)


def memory(context: Context) -> Sensed:
    from core.telemetry.host import HostProbe

    host = HostProbe().read(())
    limit = context.settings.alerts["memory_low"].threshold
    free = host.memory_free_percent
    text = (
        f"{gigabytes(host.memory_available)} of {gigabytes(host.memory_total)} free ({number(free)} %), "
        f"low below {number(limit)} %"
    )
    return Sensed("bad" if free < limit else "ok", text)


def data(context: Context) -> Sensed:
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
    return Sensed("bad" if facts.faults else "ok", text, facts.files[:SHOWN])


def hyperparameter_differences(context: Context) -> tuple[str, ...]:
    """What the run recorded otherwise than approved; nothing of a run that recorded none."""
    return _differences(context, context.run.info.hyperparameters)


def _differences(context: Context, used: Mapping[str, float]) -> tuple[str, ...]:
    approved = context.settings.approved
    return tuple(
        f"{name} = {used[name]:g}, approved {getattr(approved, name):g}"
        for name in approved.__struct_fields__
        if name in used and used[name] != getattr(approved, name)
    )


def hyperparameters(context: Context) -> Sensed:
    used = context.run.info.hyperparameters
    if not used:
        return Sensed("unknown", "the run recorded no hyperparameters", _configured(context))
    different = hyperparameter_differences(context)
    if not different:
        return Sensed("ok", "the run's hyperparameters are the approved ones")
    if len(different) == 1:
        return Sensed("bad", f"not as approved: the run's {different[0]}")
    names = ", ".join(each.split(" ", 1)[0] for each in different)
    return Sensed("bad", f"not as approved: the run's {names}", different)


def _configured(context: Context) -> tuple[str, ...]:
    """What `config.toml` holds, where it is the run's workspace; another run's is no business of it."""
    if context.workspace is None:
        return ()
    ppo = context.settings.ppo
    names = context.settings.approved.__struct_fields__
    different = _differences(context, {name: getattr(ppo, name) for name in names})
    lines = tuple(f"config.toml: {each}" for each in different)
    return lines or ("config.toml's hyperparameters are the approved ones",)


def reward_weights(context: Context) -> Sensed:
    if context.workspace is None:
        return Sensed("unknown", "the run recorded no reward weights")
    reward = context.settings.reward
    weights = {
        "r_pnl": reward.pnl,
        "r_hold_bonus": reward.hold_bonus,
        "r_invalid_action": reward.invalid_action,
        "r_out_of_market": reward.out_of_market,
    }
    words = ", ".join(f"{name} × {weight:g}" for name, weight in weights.items())
    text = f"config.toml: {words}; clipped to ± {reward.reward_clip:g}"
    if not context.run.info.hyperparameters:
        return Sensed("unknown", "the run recorded no reward weights", (text,))
    off = [name for name, weight in weights.items() if weight == 0]
    if off:
        return Sensed("bad", f"{text}; switched off: {', '.join(off)}")
    return Sensed("ok", text)


def reward_import(context: Context) -> Sensed:
    if context.workspace is None:
        return Sensed("unknown", "which reward code the run uses is not known")
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-c", "import core.trading.reward"],
            env=environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Sensed("unknown", "the reward code did not load within a minute")
    if done.returncode == 0:
        return Sensed("ok", "core/trading/reward.py loads")
    last = last_line(done.stderr, 200) or "no reason given"
    return Sensed("bad", f"core/trading/reward.py does not load: {last}")


def gates(context: Context) -> Sensed:
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
