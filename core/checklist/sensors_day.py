"""Sensors of revalidation day: preparation, timetable, outputs, escalation, sign-off.

Preparation looks at what the child process brought; the rest at the newest decision and the audit log. Trap
avoided: an output ticked because an earlier decision left a file of that name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from core.checklist.context import PreflightContext
from core.checklist.item import Item, Reading, SensedState, unknown
from core.checklist.sensors_data import own_check, usable
from core.clock import iso, parse_iso
from core.operations.decided import Decided
from core.operations.signoff import Phase
from core.units import number

if TYPE_CHECKING:
    from core.checklist.probe import Facts
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

    @property
    def decided_this_run(self) -> bool:
        """The newest decision was made after the run began, on whatever day."""
        made = self.decided.made_at
        return made is not None and (self.started_at is None or made >= self.started_at)

    def brought(self, reading: Reading) -> Reading:
        return self._preflight().brought(reading)

    def _preflight(self) -> PreflightContext:
        assert self.facts is not None
        return PreflightContext(self.workspace, self.now, True, "", self.facts)


def sense_day(context: DayContext, item: Item) -> Reading:
    """An item's reading; what belongs to preparation comes with the child's age."""
    if item.sensor in PREPARATION:
        if context.facts is None:
            return unknown("not looked at")
        return context.brought(PREPARATION[item.sensor](context, context.facts))
    if item.sensor == "own_check":
        return own_check(context._preflight(), item.argument)
    return AFTER[item.sensor](context, item)


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
    days = f"{len(run.days)} day" + ("s" if len(run.days) != 1 else "")
    value = f"{days}, {run.checkpoints.count} checkpoints"
    source = context.workspace.relative(context.workspace.logs)
    if run.gaps:
        more = f" and {len(run.gaps) - 4} more" if len(run.gaps) > 4 else ""
        return Reading("fail", value, "no gap", source, message="; ".join(run.gaps[:4]) + more)
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
        others = f"; {backup.others} hold other models" if backup.others else ""
        return Reading("fail", "none", "the models as they are", message=f"ppo-console model backup{others}")
    return Reading("pass", backup.folder, "the models as they are", backup.folder)


def _test_candles(context: DayContext, facts: Facts) -> Reading:
    need = context.workspace.settings.data.test_candles
    return usable(context._preflight(), facts.backtest, context.workspace.backtest_data, need)


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


def _judged(context: DayContext, item: Item) -> Reading:
    """A step of the timetable: done with the decision about this run."""
    decided = context.decided
    if decided.result is None or decided.made_at is None:
        return Reading("pending", limit="done", message=decided.problem)
    if not context.decided_this_run:
        return Reading(
            "pending",
            limit="done",
            message=f"the newest decision, of {iso(decided.made_at)}, is older than the run",
        )
    result = decided.result
    values: dict[str, str] = {
        "model": result.model.get("path", "") or "loaded",
        "data": f"{result.data.get('symbols', '?')} symbols, "
        f"{number(result.metrics.get('unique_candles'))} candles",
        "backtest": f"{number(result.metrics.get('trades'))} trades",
        "gates": f"{result.gates_passed} of {len(result.gates)}",
        "report": result.decision_text,
    }
    source = context.workspace.relative(decided.path)
    age = (context.now - decided.made_at).total_seconds()
    return Reading("pass", values[item.argument], "done", source, age)


def _after_decision(context: DayContext, item: Item) -> Reading:
    """A person does it; a later decision takes the tick back."""
    decided = context.decided
    if decided.result is None or not context.decided_this_run:
        return Reading("pending", message="after the decision")
    return Reading("pending", evidence=f"report {(decided.sha256 or '')[:12]}")


def _gates_read(context: DayContext, item: Item) -> Reading:
    decided = context.decided
    if decided.result is None or not context.decided_this_run:
        return Reading("pending", message="after the decision")
    result = decided.result
    missed = [gate.name for gate in result.gates if gate.status != "PASS"]
    value = f"{result.gates_passed} of {len(result.gates)}"
    message = f"not passed: {', '.join(missed)}" if missed else ""
    evidence = f"report {(decided.sha256 or '')[:12]}"
    return Reading(
        "pass", value, "read", context.workspace.relative(decided.path), message=message, evidence=evidence
    )


def _paths(context: DayContext) -> dict[str, Path]:
    from core.revalidation.reports import report_paths

    made = context.decided.made_at or context.now
    names = ("result_json", "result_md", "decision_json", "metrics_csv")
    return dict(zip(names, report_paths(context.workspace.reports, made), strict=True))


def _output(context: DayContext, item: Item) -> Reading:
    """A report file of the newest decision."""
    return _file_of_decision(context, _paths(context)[item.argument], item)


def _file_of_decision(context: DayContext, path: Path, item: Item) -> Reading:
    decided = context.decided
    source = context.workspace.relative(path)
    if decided.result is None or decided.made_at is None or not context.decided_this_run:
        return Reading("pending", limit="written", source=source, message="after the decision")
    try:
        written = path.stat()
    except OSError:
        return Reading("fail", "missing", "written", source, message="the newest decision did not leave it")
    age = max(0.0, context.now.timestamp() - written.st_mtime)
    if written.st_size == 0:
        return Reading("fail", "empty", "written", source, age)
    if written.st_mtime < decided.made_at.timestamp() - 1:
        return Reading("fail", "older than the decision", "written", source, age)
    evidence = f"report {(decided.sha256 or '')[:12]}"
    return Reading("pass", f"{written.st_size:,} bytes", "written", source, age, evidence=evidence)


def _decision(context: DayContext, item: Item) -> Reading:
    decided = context.decided
    if decided.result is None or not context.decided_this_run:
        return Reading(
            "pending", limit="GO, PARTIAL-GO or NO-GO", message=decided.problem or "after the decision"
        )
    text = decided.result.decision_text
    source = context.workspace.relative(decided.path)
    state: SensedState = "pass" if decided.good else "fail"
    return Reading(state, text, "in the audit log", source, message=decided.problem)


def _deliverable(context: DayContext, item: Item) -> Reading:
    """What the CTO gets: it is there, and of this decision; a person hands it over."""
    from core.operations.training_summary_text import summary_paths

    paths = _paths(context)
    if item.argument in ("decision_document", "recommendation"):
        reading = _decision(context, item)
        if reading.state == "pass" and context.decided.result is not None:
            result = context.decided.result
            value = result.recommendation if item.argument == "recommendation" else result.decision_text
            evidence = f"report {(context.decided.sha256 or '')[:12]}"
            return Reading("pass", value, "there", reading.source, evidence=evidence)
        return reading
    if item.argument == "training_summary":
        path = summary_paths(context.workspace)[1]
        if context.decided.result is not None and not path.exists():
            source = context.workspace.relative(path)
            return Reading("fail", "missing", "written", source, message="ppo-console model summary --save")
        return _file_of_decision(context, path, item) if not path.exists() else _there(context, path, item)
    return _file_of_decision(context, paths["metrics_csv" if item.argument == "gates" else "result_md"], item)


def _there(context: DayContext, path: Path, item: Item) -> Reading:
    if context.decided.result is None or not context.decided_this_run:
        return Reading("pending", message="after the decision")
    age = max(0.0, context.now.timestamp() - path.stat().st_mtime)
    evidence = f"report {(context.decided.sha256 or '')[:12]}"
    return Reading("pass", "there", "written", context.workspace.relative(path), age, evidence=evidence)


def _signed(context: DayContext, item: Item) -> Reading:
    phase = next(each for each in context.phases if each.phase == item.argument)
    if phase.status == "not_applicable":
        return Reading("not_applicable", message=phase.problem)
    signature = phase.signature
    if signature is None or signature.void:
        void = f"the earlier signature is void: {signature.void}" if signature is not None else phase.problem
        return Reading("pending", limit=f"signed by {phase.responsible}", message=void)
    state: SensedState = "pass" if signature.verdict == "approved" else "fail"
    value = f"{signature.verdict} by {signature.name} ({signature.role})"
    age = (context.now - parse_iso(signature.at)).total_seconds()
    return Reading(state, value, f"signed by {phase.responsible}", "audit log", age, message=signature.note)


AFTER: dict[str, Callable[[DayContext, Item], Reading]] = {
    "judged": _judged,
    "after_decision": _after_decision,
    "gates_read": _gates_read,
    "output": _output,
    "decided": _decision,
    "deliverable": _deliverable,
    "signed": _signed,
}
