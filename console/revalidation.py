"""From a workspace to a revalidation request, and from its result to the store.

Trap avoided: the command and the screen judging different things, or a decision on a screen that no record
holds.
"""

from __future__ import annotations

import contextlib
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from core.config.settings import Settings
from core.errors import ConsoleError

if TYPE_CHECKING:
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
    )


def judged_before(store: Store, data: str) -> int:
    """How many decisions have been made on this test set."""
    return sum(entry.detail.get("data") == data for entry in store.entries("decision"))


def record_decision(store: Store, result: RevalidationResult, now: datetime) -> None:
    """Enter the decision into the audit log."""
    store.record(
        "decision",
        result.decision,
        {
            "policy": result.policy,
            "verdicts": dict(result.verdicts),
            "gates_passed": result.gates_passed,
            "model": result.hashes.model,
            "data": result.hashes.data,
            "config": result.hashes.config,
            "reports": list(result.reports),
        },
        now,
    )
