"""Which of the documents' log files a run should have by now, and does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.operations.facts import RunFacts
    from core.telemetry.model import Run
    from core.workspace import Workspace

FROM_THE_START = ("training.log", "convergence_dashboard.csv", "training_metrics.csv", "alerts.log")
AFTER_A_DAY = ("daily_summary.log",)


def missing_files(workspace: Workspace, run: Run, facts: RunFacts) -> tuple[str, ...]:
    """The names that should be there; a run by another trainer has its own, so none is missed."""
    folder = run.info.directory
    if not folder.is_dir():
        return (workspace.relative(folder) + "/",)
    if not (folder / "run.json").is_file() and any(source.rows for source in run.sources):
        return ()
    wanted = list(FROM_THE_START)
    if (facts.elapsed_seconds or 0.0) >= 86_400:
        wanted += AFTER_A_DAY
    missing = [name for name in wanted if not (folder / name).is_file()]
    if not any(folder.glob("tensorboard/**/events.out.tfevents.*")):
        missing.append("tensorboard/")
    return tuple(missing)
