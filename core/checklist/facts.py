"""What the slow sensors' child process saw: plain values, the same on both sides of the pipe."""

from __future__ import annotations

import msgspec

from core.checklist.own_checks import Answer
from core.operations.training_summary import TrainingSummary


class EnvironmentFacts(msgspec.Struct, frozen=True, kw_only=True):
    error: str | None = None
    """Why the environment cannot be imported."""
    reward_components: tuple[str, ...] = ()
    features: tuple[str, ...] = ()


class DataFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One folder of candles."""

    error: str | None = None
    """Why there is nothing to judge: no folder, no file, no universe."""
    verdict: str | None = None
    """`ok`, `warn`, `reject` of the quality report."""
    files: int = 0
    gaps: int = 0
    """Missing stretches in all files together."""
    problems: tuple[str, ...] = ()
    """What was found, file by file."""
    symbols: int = 0
    candles: int = 0
    """On the common axis."""
    scored: int = 0
    """After the warm-up."""
    first: str | None = None
    first_scored: str | None = None
    last: str | None = None
    synthetic: bool = False
    hash: str | None = None
    side: dict[str, float] = {}
    """Macro and sentiment values that are known, with the share of scored candles for which each is."""
    silent: tuple[str, ...] = ()
    """Features that have one value on all of the newest candles; of the training folder only."""


class BaselineFacts(msgspec.Struct, frozen=True, kw_only=True):
    error: str | None = None
    saved: bool = False
    metrics: dict[str, float | None] = {}


class ModelFacts(msgspec.Struct, frozen=True, kw_only=True):
    """`best_model` of the workspace."""

    error: str | None = None
    """Why it cannot be used."""
    run_id: str | None = None
    timesteps: int | None = None
    created_at: str | None = None
    sha256: str | None = None
    """Of its zip."""
    synthetic: bool = False


class BackupFacts(msgspec.Struct, frozen=True, kw_only=True):
    error: str | None = None
    folder: str | None = None
    """The newest backup that holds the models as they are now."""
    made_at: str | None = None
    others: int = 0
    """Backups of other models."""


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What the child saw; None where it gave no answer, with the reason in `missing`."""

    environment: EnvironmentFacts | None = None
    train: DataFacts | None = None
    backtest: DataFacts | None = None
    baseline: BaselineFacts | None = None
    summary: TrainingSummary | None = None
    model: ModelFacts | None = None
    backup: BackupFacts | None = None
    own: dict[str, Answer] = {}
    """The user's own checks, by name."""
    looked_at: str | None = None
    missing: str = ""
