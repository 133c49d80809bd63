"""The decision that was made, as its newest report and the audit log tell.

Traps avoided: a plan that still says "prepare the revalidation" after it, an earlier run's decision taken for
this one's, and a report on disk that is not the one that was recorded.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from core.clock import iso, parse_iso
from core.errors import ConsoleError
from core.files import sha256_file
from core.text import visible

if TYPE_CHECKING:
    from core.revalidation.result import RevalidationResult
    from core.store.audit import AuditEntry
    from core.store.view import Records
    from core.telemetry.model import Run
    from core.workspace import Workspace


def decision_on(workspace: Workspace, run: Run, moment: datetime) -> RevalidationResult | None:
    """The newest result, when it judged a model of this run after the run began and not after `moment`.

    A report that cannot be read decides nothing.
    """
    from core.revalidation.reports import JSON_NAME, read_result

    path = workspace.reports / JSON_NAME
    if run.info.started_at is None or not path.exists():
        return None
    try:
        result = read_result(path)
        made = parse_iso(result.generated_at)
    except (ConsoleError, ValueError):
        return None
    in_time = run.info.started_at <= made <= moment
    return result if in_time and about(result, run.info.id) else None


def about(result: RevalidationResult, run_id: str) -> bool:
    """Whether a model of this run was judged; a model that does not tell its run may be."""
    judged = "" if result.model.get("role") == "foreign" else result.model.get("run", "")
    return not run_id or not judged or judged == visible(run_id)


def not_this_runs(
    result: RevalidationResult, made: datetime, run_id: str, started_at: datetime | None
) -> str:
    """Why the decision is none on this run, in words; empty where it is one, or nobody knows better."""
    if not about(result, run_id):
        return f"the newest decision, of {iso(made)}, is on a model of run {result.model.get('run')}"
    if started_at is not None and made < started_at:
        return f"the newest decision, of {iso(made)}, is older than the run"
    return ""


@dataclass(frozen=True, slots=True)
class Decided:
    """The newest report, and what the audit log holds of it."""

    path: Path
    result: RevalidationResult | None
    problem: str
    """Why there is no result, or why it is not the recorded one; empty: all is well."""
    sha256: str | None = None
    """Of the report's JSON as it is on disk."""
    made_at: datetime | None = None
    record: AuditEntry | None = None
    """The newest `decision` entry, where the report is the one it names."""

    @property
    def good(self) -> bool:
        """There is a decision, and the report is the recorded one."""
        return self.result is not None and self.record is not None


def newest_decision(workspace: Workspace, store: Records | None) -> Decided:
    """The report in `reports/revalidation`, compared with the newest decision of the audit log."""
    from core.revalidation.reports import JSON_NAME, read_result

    path = workspace.reports / JSON_NAME
    if not path.exists():
        return Decided(path, None, "no decision has been made: ppo-console revalidate")
    try:
        result = read_result(path)
        made, digest = parse_iso(result.generated_at), sha256_file(path)
    except (ConsoleError, ValueError, OSError) as error:
        return Decided(path, None, error.title if isinstance(error, ConsoleError) else str(error))
    entries = store.entries("decision", limit=1) if store is not None else []
    if not entries:
        return Decided(path, result, "the audit log holds no decision", digest, made)
    recorded = entries[0].detail.get("sha256")
    same = recorded == digest if recorded is not None else entries[0].subject == result.decision
    if not same:
        problem = "the report on disk is not the one that the newest decision in the audit log names"
        return Decided(path, result, problem, digest, made)
    return Decided(path, result, "", digest, made, entries[0])
