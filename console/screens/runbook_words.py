"""A procedure in words: its items for the list, its answer, its text for the clipboard. Pure.

Trap avoided: a check that has not answered shown like one that found nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from console.keyboard import key_of
from core.runbook.escalation import PATHS, EscalationPath
from core.runbook.scenario import Scenario, Step, scenarios
from core.units import age
from widgets.alert_words import ago
from widgets.lines import Row, Span, fit
from widgets.procedure_list import Item
from widgets.tone import Tone, ascii_only, glyph, safe

if TYPE_CHECKING:
    from console.runbook_desk import Procedure, RunbookState
    from core.alerts.view import AlertView
    from core.runbook.context import Sensed

_SENSED_TONE: dict[str, Tone] = {"ok": "good", "bad": "warning", "unknown": "unknown"}
_DEEDS = {
    "stop": "the console can stop it",
    "force_stop": "the console can end it by force",
    "backup_logs": "the console can copy it",
    "backup_checkpoint": "the console can copy it",
}
_GROUPS = (
    ("checklist", "of the checklist"),
    ("manual", "of the training week's manual"),
    ("", "for the other alerts"),
)


def index_items(alerts: Sequence[AlertView], *, narrow: bool = False) -> list[Item]:
    """The list: every scenario under the document it is of, then the escalations. `narrow`: titles alone."""
    firing = [alert for alert in alerts if alert.firing]
    items: list[Item] = []
    last = ""
    for scenario in scenarios().values():
        group = _group_of(scenario)
        heading: list[Row] = [] if group == last else [*_gap(items), [(f"Scenarios {group}", "bright")]]
        last = group
        mine = [alert for alert in firing if alert.runbook == scenario.id]
        items.append(
            Item(scenario.id, [_index_row(scenario.title, scenario.id, mine, narrow)], heading=heading)
        )
    for number, path in enumerate(PATHS.values()):
        heading = [*_gap(items), [("Escalations", "bright")]] if number == 0 else []
        lines: list[Row] = [[(safe(path.title, 80), "plain")]]
        if not narrow:
            lines.append([("  ", "dim"), (f"{path.id}: {_arrow(path.people)}", "dim")])
        items.append(Item(path.id, lines, heading=heading))
    return items


def _group_of(scenario: Scenario) -> str:
    documented = ("troubleshooting" in scenario.source) or scenario.source.startswith("manual, scenario")
    start = scenario.source.split(",")[0] if documented else ""
    return next(words for name, words in _GROUPS if name == start or not name)


def _index_row(title: str, name: str, firing: Sequence[AlertView], narrow: bool) -> Row:
    row: list[Span] = [
        (safe(title, 80) if narrow else fit(safe(title, 80), 30), "bright" if firing else "plain")
    ]
    if not narrow:
        row.append((f" {name}", "dim"))
    if firing:
        tone: Tone = "critical" if any(alert.severity == "critical" for alert in firing) else "warning"
        names = ", ".join(safe(alert.rule, 80) for alert in firing)
        row.append((f" {glyph(tone)}" if narrow else f"  {glyph(tone)} {names}", tone))
    return row


def _gap(items: Sequence[Item]) -> list[Row]:
    return [[]] if items else []


def _arrow(people: Sequence[str]) -> str:
    return (" > " if ascii_only() else " → ").join(people)


def procedure_items(procedure: Procedure, state: RunbookState, now: datetime) -> list[Item]:
    """Symptoms and causes, or whom to call; the steps; the text to send."""
    following = next_step(procedure, state)
    items: list[Item] = []
    if isinstance(procedure, Scenario):
        top: list[Row] = [[("symptom  ", "dim"), (safe(each, 300), "plain")] for each in procedure.symptoms]
        if procedure.note:
            top.append([(f"{glyph('warning')} ", "warning"), (safe(procedure.note, 300), "warning")])
        heading: list[Row] = [*top, [], [("Causes, the likeliest first", "bright")]]
        for number, each in enumerate(state.causes, 1):
            lines: list[Row] = [[(f"{number} ", "dim"), (safe(each.cause.text, 300), "plain")]]
            lines += [[("    ", "dim"), (safe(why, 300), "dim")] for why in each.evidence]
            items.append(Item(f"cause {each.cause.id}", lines, heading=heading if number == 1 else ()))
    else:
        top = [[("call     ", "dim"), (_arrow(procedure.people), "bright")]]
        if procedure.rule:
            top.append([(f"{glyph('warning')} ", "warning"), (procedure.rule, "warning")])
    for number, step in enumerate(procedure.steps, 1):
        heading = [] if number > 1 else [*(_gap(items) or [*top, []]), [("Steps", "bright")]]
        items.append(_step_item(number, step, state, step is following, heading, now))
    for number, line in enumerate(state.message.splitlines()):
        heading = [] if number else [[], [("Text to send", "bright"), ("  y copies it", "dim")]]
        items.append(Item(f"text {number}", [[("  ", "dim"), (safe(line, 400), "plain")]], heading=heading))
    return items


def _step_item(
    number: int, step: Step, state: RunbookState, is_next: bool, heading: Sequence[Row], now: datetime
) -> Item:
    taken, found = state.taken.get(step.id), state.sensed.get(step.id)
    mark: Span = ("  ", "dim")
    if taken is not None:
        mark = ("v " if ascii_only() else "✓ ", "good")
    elif is_next:
        mark = ("* " if ascii_only() else "→ ", "accent-bold")
    lines: list[Row] = [
        [mark, (f"{number} ", "dim"), (safe(step.text, 300), "bright" if is_next else "plain")]
    ]
    if found is not None:
        tone = _SENSED_TONE[found.state]
        lines.append([(f"    {glyph(tone)} ", tone), (safe(found.text, 400), tone)])
    elif step.sense is not None and state.waiting:
        lines.append([("    ", "dim"), ("… looking" if not ascii_only() else "looking", "dim")])
    if taken is not None:
        why = f": {safe(taken.note, 300)}" if taken.note else ""
        lines.append([("    ", "dim"), (f"{safe(taken.operator)}, {ago(taken.at, now)}{why}", "accent")])
    more: list[Row] = []
    if found is not None:
        more += [[("      ", "dim"), (safe(line, 300), "dim")] for line in found.lines]
    if step.command:
        more.append([("      ", "dim"), (f"$ {step.command}", "dim")])
    if step.deed is not None:
        more.append([("      ", "dim"), (f"{_DEEDS[step.deed]}: {key_of('procedure.open')}", "accent")])
    return Item(f"step {step.id}", lines, more, heading)


def next_step(procedure: Procedure, state: RunbookState) -> Step | None:
    """The first one that nobody took."""
    return next((step for step in procedure.steps if step.id not in state.taken), None)


def answer(procedure: Procedure, state: RunbookState, alert: AlertView | None) -> tuple[str, Tone]:
    """`kl_spike fires, ada has it; 1 of 6 steps, next 2; 1 finding`."""
    taken = sum(step.id in state.taken for step in procedure.steps)
    words = f"{taken} of {len(procedure.steps)} steps"
    following = next_step(procedure, state)
    if following is not None and taken:
        words += f", next {procedure.steps.index(following) + 1}"
    if state.doing:
        return f"under way: {state.doing}", "accent"
    if state.problem:
        return state.problem, "warning"
    bad = sum(found.state == "bad" for found in state.sensed.values())
    if bad and not state.waiting:
        words += f"; {bad} finding{'s' if bad > 1 else ''}"
    if alert is None:
        return f"{procedure.title}: {words}", "warning" if bad else "plain"
    owner = f"{safe(alert.acknowledged_by)} has it" if alert.acknowledged_by else "nobody has it (a)"
    tone: Tone = "accent" if alert.acknowledged else "critical" if alert.severity == "critical" else "warning"
    if not alert.firing:
        return f"{alert.rule} is {alert.state}; {words}", "good" if alert.state == "resolved" else "unknown"
    return f"{alert.rule} fires, {owner}; {words}", tone


def checked_words(state: RunbookState, now: datetime) -> Row:
    """At the title's right: how far the checks are, or how old."""
    if state.waiting:
        return [(f"looking, {state.checks - state.waiting} of {state.checks} checks", "accent")]
    if not state.checks or state.looked_at is None:
        return [("no checks", "dim")]
    return [(f"{state.checks} checks, {age((now - state.looked_at).total_seconds())} ago", "dim")]


def as_text(procedure: Procedure, state: RunbookState) -> str:
    """For the clipboard: an escalation's text to send, or the scenario with what was found."""
    if isinstance(procedure, EscalationPath):
        return state.message + "\n"
    lines = [f"{procedure.title} ({procedure.id}; {procedure.source})", ""]
    lines += [f"symptom: {each}" for each in procedure.symptoms]
    lines += ["", "Causes, the likeliest first"]
    for number, each in enumerate(state.causes, 1):
        lines += [f"{number}. {each.cause.text}", *(f"   {why}" for why in each.evidence)]
    lines += ["", "Steps"]
    for number, step in enumerate(procedure.steps, 1):
        taken, found = state.taken.get(step.id), state.sensed.get(step.id)
        lines.append(f"{number}. {step.text}")
        if found is not None:
            lines.append(f"   {_sensed_text(found)}")
        if taken is not None:
            lines.append(f"   taken by {taken.operator}: {taken.line or taken.note}")
    return "\n".join(lines) + "\n"


def _sensed_text(found: Sensed) -> str:
    return f"{'LOOK HERE' if found.state == 'bad' else found.state}: {found.text}"
