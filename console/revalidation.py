"""From a workspace to a revalidation request, and from its result to the store.

Trap avoided: the command and the screen judging different things, or a decision on a screen that no record
holds.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from core.clock import parse_iso
from core.config.settings import Settings
from core.errors import ConsoleError, UsageError
from core.files import sha256_file
from core.text import visible
from core.units import counted

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.checklist.model import ChecklistResult
    from core.revalidation.comparison import Comparison
    from core.revalidation.pipeline import RevalidationRequest
    from core.revalidation.result import RevalidationResult
    from core.store.database import Store
    from core.workspace import Workspace

DEFAULT_MODEL = "best_model"


def request_for(
    workspace: Workspace | None,
    store: Store | None,
    now: datetime,
    *,
    model_path: Path | None = None,
    data_dir: Path | None = None,
    episodes: int | None = None,
    policy: Literal["manual", "checklist"] | None = None,
    save_report: bool = True,
    normalisation: Path | None = None,
    trusted_model: str | None = None,
) -> RevalidationRequest:
    """What is to be judged; what is not named comes from the workspace.

    Without a workspace both paths are needed, and reports go to `reports/revalidation` of the current folder.
    """
    from core.market.universe import data_hash
    from core.revalidation.pipeline import RevalidationRequest

    settings = workspace.settings if workspace else Settings()
    if workspace is None and (model_path is None or data_dir is None):
        raise ValueError("without a workspace both paths are needed")
    model = model_path or (workspace.models / DEFAULT_MODEL if workspace else Path())
    data = data_dir or (workspace.backtest_data if workspace else Path())
    reports = workspace.reports if workspace else Path(settings.paths.reports).absolute()
    judged = 0
    if store is not None:
        # Data that cannot be read are the pipeline's to report, after the model.
        with contextlib.suppress(ConsoleError):
            judged = judged_before(store, data_hash(data))
    return RevalidationRequest(
        model_path=model.absolute(),
        data_dir=data.absolute(),
        episodes=episodes or settings.revalidation.episodes,
        policy=policy or settings.decision.policy,
        save_report=save_report,
        reports_dir=reports,
        settings=settings,
        config_hash=workspace.config_hash() if workspace else None,
        audit_head=store.audit_head()[1] if store is not None else None,
        judged_before=judged,
        now=now,
        run_folders=(workspace.logs, workspace.archive) if workspace else (),
        normalisation_path=normalisation.absolute() if normalisation else None,
        trusted_model=trusted_model,
        root=workspace.root if workspace else None,
        python_path=tuple(str(workspace.root / folder) for folder in settings.checklist.python_path)
        if workspace
        else (),
    )


def prepare(
    workspace: Workspace, store: Store, now: datetime, *, model_path: Path | None = None, override: str = ""
) -> tuple[ChecklistResult | None, dict[str, Any]]:
    """The preparation list, and what the decision's entry says of it; a model from elsewhere has none.

    Takes a second or more. Raises RejectedError where the list is BLOCKED and no reason is given.
    """
    from core.checklist.day import run_day_list
    from core.checklist.prepared import check_prepared
    from core.training.runfile import read_run

    if model_path is not None and workspace.models.resolve() not in model_path.absolute().resolve().parents:
        return None, {}
    started = None
    with contextlib.suppress(ConsoleError):
        record = read_run(workspace.logs)
        started = None if record is None else parse_iso(record.started_at)
    preparation = run_day_list("preparation", workspace, store, None, now, started_at=started)
    return preparation, check_prepared(preparation, store, now, override)


def leave_summary(workspace: Workspace, now: datetime) -> tuple[Path, ...]:
    """The training summary of the run that was judged, beside the reports."""
    from console.facts import read_facts
    from core.operations.training_summary_text import leave_summary as leave

    facts = read_facts(workspace, None, now)
    return leave(workspace, facts.run, facts.health, now)


def trust_model(
    store: Store | None, model: Path, now: datetime, waiting: Callable[[str], None]
) -> str | None:
    """The SHA-256 of a model whose code may be run, entered into the audit log before it is.

    None where the model can be read without. `waiting` is told what is waited for. Raises UsageError without
    a store, and as `read_foreign`.
    """
    from core.models.artifacts import model_zip
    from core.models.foreign import exported, read_foreign
    from core.models.problems import NeedsCodeError

    target = model_zip(model)
    if exported(target):
        return None
    read = read_foreign(target, waiting)
    if not isinstance(read.model, NeedsCodeError):
        return None
    if store is None:
        raise UsageError(
            "--trust-model is recorded in a workspace's audit log: expected a workspace, got none",
            hint="Name it with --workspace, or make one with ppo-console init.",
        )
    detail = {"sha256": read.model_hash, "reason": str(read.model)}
    store.record("trust_model", visible(str(target.absolute())), detail, now)
    return read.model_hash


def judged_before(store: Store, data: str) -> int:
    """How often this test set has judged a model: decisions, and models compared on it."""
    decided: int = sum(entry.detail.get("data") == data for entry in store.entries("decision"))
    compared: Iterator[int] = (
        len(entry.detail.get("models", ()))
        for entry in store.entries("comparison")
        if entry.detail.get("data") == data
    )
    return decided + sum(compared)


def record_comparison(store: Store, found: Comparison, now: datetime) -> None:
    """Enter into the audit log which models were looked at on which candles, and what was seen."""
    detail = {
        "data": found.data,
        "models": [model.model for model in found.models],
        "paths": [model.path for model in found.models],
        "gates_passed": [model.gates_passed for model in found.models],
    }
    store.record("comparison", counted(len(found.models), "model"), detail, now)


def record_decision(
    store: Store, result: RevalidationResult, now: datetime, detail: Mapping[str, Any] | None = None
) -> None:
    """Enter the decision into the audit log, with the hash of its report, which the sign-offs name."""
    sha256 = None
    if result.reports:
        with contextlib.suppress(OSError):
            sha256 = sha256_file(Path(result.reports[0]))
    store.record(
        "decision",
        result.decision,
        {
            "policy": result.policy,
            "verdicts": dict(result.verdicts),
            "gates_passed": result.gates_passed,
            "evidence": {
                "strength": result.evidence.strength,
                "psr": result.evidence.psr,
                "placebo_p": result.evidence.placebo_p,
            },
            "model": result.hashes.model,
            "data": result.hashes.data,
            "config": result.hashes.config,
            "reports": list(result.reports),
            **({} if sha256 is None else {"sha256": sha256}),
            **(detail or {}),
        },
        now,
    )
