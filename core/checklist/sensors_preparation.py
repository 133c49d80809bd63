"""Sensors of the preparation on revalidation day, from what the child process brought.

Trap avoided: a training that still runs, or ended short, taken for a whole one because its newest model is
there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from core.checklist.context import PreflightContext
from core.checklist.item import Reading, SensedState, unknown
from core.checklist.sensors_data import usable
from core.checklist.signoff import Phase
from core.operations.decided import Decided, not_this_runs
from core.units import number

if TYPE_CHECKING:
    from core.checklist.facts import Facts
    from core.operations.training_summary import TrainingSummary
    from core.workspace import Workspace

_LIVE = ("RUNNING", "STALLED")


@dataclass(frozen=True, slots=True)
class DayContext:
    """What all lists of the day share."""

    workspace: Workspace
    now: datetime
    decided: Decided
    phases: tuple[Phase, ...]
    facts: Facts | None
    """Of the slow sensors; None: this list needs none."""
    started_at: datetime | None = None
    """When the run began; None: not known, or there is none."""
    run_id: str = ""

    @property
    def decided_this_run(self) -> bool:
        """The newest decision was made after the run began, on whatever day, and on a model of it."""
        made, result = self.decided.made_at, self.decided.result
        if made is None:
            return False
        return result is None or not not_this_runs(result, made, self.run_id, self.started_at)

    def brought(self, reading: Reading) -> Reading:
        return self.as_preflight().brought(reading)

    def as_preflight(self) -> PreflightContext:
        assert self.facts is not None
        return PreflightContext(self.workspace, self.now, True, "", self.facts)


def _summary(facts: Facts) -> TrainingSummary | Reading:
    if facts.summary is None:
        return unknown(facts.missing or "not looked at")
    return unknown("there is no run") if facts.summary.status == "ABSENT" else facts.summary


def _completed(context: DayContext, facts: Facts) -> Reading:
    """All steps of the run; fewer than approved is a shorter run, and is said."""
    run = _summary(facts)
    approved = context.workspace.settings.approved.total_timesteps
    if isinstance(run, Reading):
        return run
    total = run.total_timesteps
    value = f"{number(run.timestep)} of {number(total)}"
    limit, source = f"{approved:,}", context.workspace.relative(context.workspace.logs)
    evidence = f"{run.run_id} {run.status} at {number(run.timestep)}"
    if run.status in _LIVE:
        return Reading("fail", value, limit, source, message=f"the training is {run.status}")
    if total is None or run.timestep is None:
        return Reading("unknown", value, limit, source, message="the total or the step is not known")
    if run.timestep < total:
        return Reading("fail", value, limit, source, message=f"{number(total - run.timestep)} steps short")
    if total < approved:
        message = f"a run of {number(total)} steps, approved are {approved:,}"
        return Reading("warn", value, limit, source, message=message, evidence=evidence)
    return Reading("pass", value, limit, source, evidence=evidence)


def _model(context: DayContext, facts: Facts) -> Reading:
    model = facts.model
    if model is None:
        return unknown(facts.missing or "not looked at")
    source = context.workspace.relative(context.workspace.models / "best_model.zip")
    limit = "whole, of this run"
    if model.error is not None:
        return Reading("fail", "not usable", limit, source, message=model.error)
    value = f"step {number(model.timesteps)}, {model.created_at}"
    evidence = f"model {(model.sha256 or '')[:12]}"
    run = facts.summary
    if run is not None and run.run_id and model.run_id != run.run_id:
        message = f"it is of run {model.run_id}, not of {run.run_id}"
        return Reading("fail", value, limit, source, message=message)
    if model.synthetic:
        return Reading(
            "warn", value, limit, source, message="trained on the synthetic market", evidence=evidence
        )
    return Reading("pass", value, limit, source, evidence=evidence)


def _metrics(context: DayContext, facts: Facts) -> Reading:
    """What `ppo-console model summary` extracts."""
    run = _summary(facts)
    if isinstance(run, Reading):
        return run
    if not run.metrics:
        return Reading("fail", "none", "extracted", message="no metric was recorded")
    names = ("reward", "approx_kl", "value_loss")
    shown = ", ".join(f"{name} {number(run.metrics[name].last, 4)}" for name in names if name in run.metrics)
    message = "" if run.evaluations else "no evaluation on the validation slice is recorded"
    source = context.workspace.relative(context.workspace.logs)
    state: SensedState = "pass" if run.evaluations else "warn"
    return Reading(state, shown or f"{len(run.metrics)} metrics", "extracted", source, message=message)


def _intact(context: DayContext, facts: Facts) -> Reading:
    run = _summary(facts)
    if isinstance(run, Reading):
        return run
    plural = "s" if len(run.days) != 1 else ""
    value = f"{len(run.days)} day{plural}, {run.checkpoints.count} checkpoints"
    source = context.workspace.relative(context.workspace.logs)
    if run.gaps:
        message = "; ".join(run.gaps[:4])
        if len(run.gaps) > 4:
            message = f"{message} and {len(run.gaps) - 4} more"
        return Reading("fail", value, "no gap", source, message=message)
    if run.unknown or run.checkpoints.expected is None:
        why = (
            "; ".join(run.unknown)
            or "not a run of our trainer: which checkpoints it should have is not known"
        )
        return Reading("unknown", value, "no gap", source, message=why)
    return Reading("pass", value, "no gap", source)


def _log_errors(context: DayContext, facts: Facts) -> Reading:
    run = _summary(facts)
    if isinstance(run, Reading):
        return run
    source = context.workspace.relative(context.workspace.logs / "training.log")
    if run.log is None:
        return unknown("there is no training.log", source=source, limit=0)
    newest = run.log.newest_errors[-1] if run.log.newest_errors else ""
    return Reading("fail" if run.log.errors else "pass", run.log.errors, 0, source, message=newest)


def _shutdown(context: DayContext, facts: Facts) -> Reading:
    run = _summary(facts)
    if isinstance(run, Reading):
        return run
    clean = run.status in ("FINISHED", "STOPPED")
    state: SensedState = "unknown" if run.status == "SILENT" else "pass" if clean else "fail"
    source = context.workspace.relative(context.workspace.logs)
    return Reading(state, run.status, "FINISHED or STOPPED", source, message="" if clean else run.reason)


def _backup(context: DayContext, facts: Facts) -> Reading:
    backup = facts.backup
    if backup is None:
        return unknown(facts.missing or "not looked at")
    if backup.error is not None:
        return unknown(backup.error)
    if backup.folder is None:
        message = f"{backup.others} hold other models" if backup.others else ""
        return Reading("fail", "none", "the models as they are", message=message)
    return Reading("pass", backup.folder, "the models as they are", backup.folder)


def _test_candles(context: DayContext, facts: Facts) -> Reading:
    need = context.workspace.settings.data.test_candles
    return usable(context.as_preflight(), facts.backtest, context.workspace.backtest_data, need)


PREPARATION: dict[str, Callable[[DayContext, Facts], Reading]] = {
    "completed": _completed,
    "model": _model,
    "metrics": _metrics,
    "intact": _intact,
    "log_errors": _log_errors,
    "shutdown": _shutdown,
    "backup": _backup,
    "test_candles": _test_candles,
}
