"""What a start is going to do: the record of a new run, or of the run that a resume continues.

Trap avoided: a start that mixes with the files of an earlier run, or a resume that silently begins at 0.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from core.clock import iso
from core.errors import UnreadableError, UsageError
from core.market.candles import candle_files, symbol_of
from core.models.manifest import Manifest
from core.text import visible
from core.trading.observation import OBSERVATION_NAMES, difference
from core.training.archive import old_run_files
from core.training.checkpoints import newest_whole
from core.training.runfile import RUN_FILE, Resume, RunRecord, read_run
from core.workspace import Workspace


@dataclass(frozen=True, slots=True)
class TrainRequest:
    """What `ppo-console train` was asked for; None and empty: the configuration's, or the run's on resume."""

    symbols: tuple[str, ...] = ()
    timesteps: int | None = None
    tag: str | None = None
    mode: str = "paper"
    seed: int | None = None
    resume: bool = False
    timestamp: bool = False
    override: str | None = None
    """The reason for starting although the preflight says BLOCKED."""


def make_plan(workspace: Workspace, request: TrainRequest, now: datetime) -> tuple[RunRecord, Path | None]:
    """The record to start with, its process not yet known, and the checkpoint to continue from.

    Raises UsageError: live mode, values out of range, a run in the way, nothing to resume;
    UnreadableError: a run to resume that was trained on other observations.
    """
    check_request(request)
    return (_resumed if request.resume else _new)(workspace, request, now)


def check_request(request: TrainRequest) -> None:
    """Values that no start accepts. Raises UsageError."""
    if request.mode == "live":
        raise UsageError(
            "training in live mode is refused: nothing here places orders",
            hint="Use --mode paper; a model goes live after a GO decision, elsewhere.",
        )
    if request.mode != "paper":
        raise UsageError(f"unknown mode {visible(request.mode, 40)!r}: expected paper")
    if request.timesteps is not None and request.timesteps < 1:
        raise UsageError(f"--timesteps {request.timesteps}: expected 1 or more")
    if request.seed is not None and not 0 <= request.seed < 2**32:
        raise UsageError(f"--seed {request.seed}: expected 0 to {2**32 - 1}")


def other_observations(manifest: Manifest) -> str | None:
    """Why a model cannot go on with the observations that are made now, in words; None where it can."""
    other = difference(manifest.feature_names, OBSERVATION_NAMES)
    return None if other is None else f"it was trained on other observations: {other}"


def check_data(workspace: Workspace, symbols: tuple[str, ...]) -> None:
    """What file names can tell before a process is started; their contents are the trainer's to judge."""
    shown = workspace.relative(workspace.train_data)
    there = {symbol_of(path) for path in candle_files(workspace.train_data)}
    if not there:
        raise UsageError(f"{shown} holds no candles", hint="Fill it with: ppo-console data split SOURCE")
    missing = [symbol for symbol in symbols if symbol not in there]
    if missing:
        raise UsageError(
            f"{shown} holds no candles of {', '.join(missing)}; it holds {', '.join(sorted(there))}",
            hint="Choose with --symbol, or training.symbols in config.toml.",
        )


def _new(workspace: Workspace, request: TrainRequest, now: datetime) -> tuple[RunRecord, Path | None]:
    found = old_run_files(workspace)
    if found:
        raise UsageError(
            f"{workspace.relative(found[0])} belongs to an earlier run: a new run needs empty folders",
            hint="`train --resume` continues it; `train --fresh` moves it to "
            f"{workspace.relative(workspace.archive)} and starts a new one.",
        )
    settings = workspace.settings
    symbols = request.symbols or settings.training.symbols
    check_data(workspace, symbols)
    stamp = f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    tag = visible(request.tag, 100) if request.tag else None
    if request.timestamp:
        tag = f"{tag}_{stamp}" if tag else stamp
    slug = re.sub(r"[^A-Za-z0-9.-]+", "-", request.tag or "run").strip("-.")[:40] or "run"
    ppo = settings.ppo
    if request.timesteps is not None:
        ppo = msgspec.structs.replace(ppo, total_timesteps=request.timesteps)
    record = RunRecord(
        id=f"{stamp}-{slug}-{secrets.token_hex(2)}",
        tag=tag,
        symbols=symbols,
        mode=request.mode,
        total_timesteps=ppo.total_timesteps,
        seed=settings.training.seed if request.seed is None else request.seed,
        hyperparameters=msgspec.structs.asdict(ppo),
        started_at=iso(now),
        lanes=settings.training.lanes,
        torch_threads=settings.training.torch_threads,
        net_arch=settings.training.net_arch,
        nonce=secrets.token_hex(16),
    )
    return record, None


def _resumed(workspace: Workspace, request: TrainRequest, now: datetime) -> tuple[RunRecord, Path | None]:
    earlier = read_run(workspace.logs)
    if earlier is None:
        raise UsageError(
            f"nothing to resume: {workspace.relative(workspace.logs)} holds no {RUN_FILE}",
            hint="Start without --resume.",
        )
    if request.symbols and set(request.symbols) != set(earlier.symbols):
        raise UsageError(
            f"{earlier.id} trains on {', '.join(earlier.symbols) or 'all symbols'}; a resume keeps to that",
            hint="Leave --symbols out, or start a new run with --fresh.",
        )
    found, problems = newest_whole(workspace.checkpoints, earlier.id)
    if found is None:
        details = f" ({problems[0]})" if problems else ""
        raise UsageError(
            f"nothing to resume: no whole checkpoint of {earlier.id} in "
            f"{workspace.relative(workspace.checkpoints)}{details}",
            hint="Start again with --fresh.",
        )
    other = other_observations(found.manifest)
    if other is not None:
        raise UnreadableError(
            f"{earlier.id} cannot go on: {other}",
            hint="Move it away and begin anew: ppo-console train --fresh.",
        )
    total = earlier.total_timesteps if request.timesteps is None else request.timesteps
    if found.manifest.timesteps >= total:
        raise UsageError(
            f"{earlier.id} has reached {found.manifest.timesteps:,} of {total:,} timesteps: nothing is left",
            hint="Give a higher total with --timesteps.",
        )
    settings = workspace.settings
    ppo = msgspec.structs.asdict(msgspec.structs.replace(settings.ppo, total_timesteps=total))
    resume = Resume(
        at=iso(now),
        timestep=found.manifest.timesteps,
        checkpoint=workspace.relative(found.path),
        changes=tuple(
            f"{name} {earlier.hyperparameters.get(name)} -> {value}"
            for name, value in ppo.items()
            if earlier.hyperparameters.get(name) != value
        ),
    )
    record = msgspec.structs.replace(
        earlier,
        total_timesteps=total,
        seed=earlier.seed if request.seed is None else request.seed,
        hyperparameters=ppo,
        ended_at=None,
        outcome=None,
        timestep=found.manifest.timesteps,
        resumes=(*earlier.resumes, resume),
        lanes=settings.training.lanes,
        torch_threads=settings.training.torch_threads,
        net_arch=settings.training.net_arch,
        nonce=secrets.token_hex(16),
    )
    return record, found.path
