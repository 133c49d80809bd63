"""Sensors of revalidation day after the preparation, from the newest decision and the audit log.

Trap avoided: an output ticked because an earlier decision left a file of that name.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from core.checklist.item import Item, Reading, SensedState, unknown
from core.checklist.sensors_data import own_check
from core.checklist.sensors_preparation import PREPARATION, DayContext
from core.clock import parse_iso
from core.operations.decided import not_this_runs
from core.units import number

if TYPE_CHECKING:
    pass


def sense_day(context: DayContext, item: Item) -> Reading:
    """An item's reading; what belongs to preparation comes with the child's age."""
    if item.sensor in PREPARATION:
        if context.facts is None:
            return unknown("not looked at")
        return context.brought(PREPARATION[item.sensor](context, context.facts))
    if item.sensor == "own_check":
        return own_check(context.as_preflight(), item.argument)
    return AFTER[item.sensor](context, item)


def _judged(context: DayContext, item: Item) -> Reading:
    """A step of the timetable: done with the decision about this run."""
    decided = context.decided
    if decided.result is None or decided.made_at is None:
        return Reading("pending", limit="done", message=decided.problem)
    if not context.decided_this_run:
        return Reading(
            "pending",
            limit="done",
            message=not_this_runs(decided.result, decided.made_at, context.run_id, context.started_at),
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
    return report_paths(context.workspace.reports, made)._asdict()


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
