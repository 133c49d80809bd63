"""Sensors of infrastructure, configuration and environment.

Each takes the context and its item's argument and returns a `Reading`. What cannot be known is UNKNOWN.
"""

from __future__ import annotations

import os
from pathlib import Path

from core.checklist.context import PreflightContext
from core.checklist.item import Reading, unknown
from core.config.settings import Hyperparameters
from core.files import nearest
from core.units import apart

DISK_FLOOR_GB = 2.0
"""Below it a run cannot be written: blocks, where the documents' 50 GB ask for a fix."""
MEMORY_FLOOR_GB = 1.0
REWARD_CLIP = 10.0
"""The checklist's reward_clip."""

_NO_CONFIG = "config.toml does not load, so its values are not known"


def folder(context: PreflightContext, which: str) -> Reading:
    """Whether a folder is there and can be written; TensorBoard's is made at training start."""
    workspace = context.workspace
    path = workspace.logs / "tensorboard" if which == "tensorboard" else Path(getattr(workspace, which))
    shown = workspace.relative(path)
    if path.is_dir():
        if not os.access(path, os.W_OK | os.X_OK):
            return Reading(
                "fail",
                "not writable",
                "a writable folder",
                shown,
                0.0,
                message="no right to write",
                on_fail="block",
            )
        return Reading("pass", "there", "a writable folder", shown, 0.0)
    if path.exists() or path.is_symlink():
        return Reading("fail", "not a folder", "a writable folder", shown, 0.0, on_fail="block")
    if which == "tensorboard":
        if path.parent.is_dir() and os.access(path.parent, os.W_OK | os.X_OK):
            return Reading("pass", "not there yet", "made at start", shown, 0.0, message="training makes it")
        return Reading("fail", "cannot be made", "made at start", shown, 0.0)
    return Reading("fail", "missing", "a writable folder", shown, 0.0, message=f"make it: mkdir -p {shown}")


def disk(context: PreflightContext, _: str) -> Reading:
    """Free space where the logs and checkpoints go (the least of the two)."""
    import psutil

    limit = context.workspace.settings.checks.disk_free_gb
    folders = {nearest(context.workspace.logs), nearest(context.workspace.checkpoints)}
    free = {path: psutil.disk_usage(str(path)).free / 1e9 for path in folders}
    path = min(free, key=lambda key: free[key])
    return _amount(free[path], limit, DISK_FLOOR_GB, context.workspace.relative(path))


def memory(context: PreflightContext, _: str) -> Reading:
    """Memory a new process can have without swapping."""
    import psutil

    limit = context.workspace.settings.checks.memory_free_gb
    return _amount(psutil.virtual_memory().available / 1e9, limit, MEMORY_FLOOR_GB, "this host")


def _amount(value: float, limit: float, floor: float, source: str) -> Reading:
    shown, wanted = f"{apart(value, limit, 1)} GB", f"≥ {limit:g} GB"
    if value >= limit:
        return Reading("pass", shown, wanted, source, 0.0)
    if value < min(floor, limit):
        return Reading(
            "fail",
            shown,
            wanted,
            source,
            0.0,
            message=f"below {floor:g} GB a run cannot live",
            on_fail="block",
        )
    return Reading("fail", shown, wanted, source, 0.0, message=f"{apart(limit - value, 0.0, 1)} GB short")


def config(context: PreflightContext, _: str) -> Reading:
    """Whether `config.toml` loads, as it is on disk now."""
    name = context.workspace.relative(context.workspace.config)
    if not context.config_loads:
        return Reading("fail", "refused", "loads", name, 0.0, message=context.config_problem)
    return Reading("pass", "loads", "loads", name, 0.0)


def hyperparameter(context: PreflightContext, name: str) -> Reading:
    """One of the eleven against its approved value; another total of steps is to be fixed, not a block."""
    if not context.config_loads:
        return unknown(_NO_CONFIG)
    value = getattr(context.workspace.settings.ppo, name)
    source = "config.toml [ppo]"
    if name == "total_timesteps" and context.timesteps is not None:
        value, source = context.timesteps, "--timesteps"
    approved = getattr(context.workspace.settings.approved, name)
    documented = getattr(Hyperparameters(), name)
    evidence = f"{name} {value:.10g}"
    if value != approved:
        return Reading(
            "fail",
            value,
            approved,
            source,
            0.0,
            message=f"{value:.10g} in {source} differs from the approved {approved:.10g}",
            on_fail="fix" if name == "total_timesteps" else None,
        )
    if approved != documented:
        return Reading(
            "warn",
            value,
            approved,
            source,
            0.0,
            message=f"approved, but the documents say {documented:.10g}",
            evidence=evidence,
        )
    return Reading("pass", value, approved, source, 0.0, evidence=evidence)


def environment(context: PreflightContext, _: str) -> Reading:
    """Whether the trading environment imports (tried in the child process)."""
    facts = context.facts.environment
    if facts is None:
        return unknown(context.facts.missing or "not looked at")
    if facts.error is not None:
        return Reading("fail", "refused", "imports", "core.trading.env", 0.0, message=facts.error)
    return Reading("pass", "imports", "imports", "core.trading.env", 0.0)


def reward_component(context: PreflightContext, name: str) -> Reading:
    """Whether the reward has this component and its weight is not zero."""
    facts = context.facts.environment
    if facts is None or facts.error is not None:
        return unknown((facts.error if facts else context.facts.missing) or "not looked at")
    source = "core.trading.reward"
    if name not in facts.reward_components:
        return Reading("fail", "absent", "present", source, 0.0)
    if not context.config_loads:
        return unknown(_NO_CONFIG, source=source)
    weight = float(getattr(context.workspace.settings.reward, name.removeprefix("r_")))
    if weight == 0.0:
        return Reading(
            "fail",
            "weight 0",
            "weight ≠ 0",
            "config.toml [reward]",
            0.0,
            message="its weight switches it off",
        )
    return Reading("pass", f"weight {weight:g}", "present", source, 0.0, evidence=f"weight {weight:g}")


def reward_clip(context: PreflightContext, _: str) -> Reading:
    """The clip of the summed reward against the checklist's 10."""
    if not context.config_loads:
        return unknown(_NO_CONFIG, limit=REWARD_CLIP)
    value = context.workspace.settings.reward.reward_clip
    state_is_good = value == REWARD_CLIP
    return Reading(
        "pass" if state_is_good else "fail",
        value,
        REWARD_CLIP,
        "config.toml [reward]",
        0.0,
        message="" if state_is_good else f"the checklist asks for {REWARD_CLIP:g}",
        evidence=f"reward_clip {value:g}",
    )


def normalise(context: PreflightContext, _: str) -> Reading:
    """Whether observations and rewards are both normalised."""
    if not context.config_loads:
        return unknown(_NO_CONFIG)
    chosen = context.workspace.settings.normalise
    on = [name for name in ("observations", "rewards") if getattr(chosen, name)]
    good = len(on) == 2
    return Reading(
        "pass" if good else "fail",
        " and ".join(on) or "off",
        "observations and rewards",
        "config.toml [normalise]",
        0.0,
        message="" if good else "switch both on in [normalise]",
        evidence=" and ".join(on) or "off",
    )
