"""The decision that was made about a run, as its newest report tells.

Trap avoided: a plan that still says "prepare the revalidation" after it, or that takes an earlier run's
decision for this one's.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from core.clock import parse_iso
from core.errors import ConsoleError

if TYPE_CHECKING:
    from core.revalidation.result import RevalidationResult
    from core.telemetry.model import Run
    from core.workspace import Workspace


def decision_on(workspace: Workspace, run: Run, moment: datetime) -> RevalidationResult | None:
    """The newest result, when it was made after the run began and not after `moment`; else None.

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
    return result if run.info.started_at <= made <= moment else None
