"""The standup as a form: its lines, which of them a person may write, and what of theirs a refill would drop.

Trap avoided: a measured answer typed over. Where a person's words stand for a measured line, the measured one
stays stored and shown beside them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.text import visible
from widgets.entry_list import FormEntry
from widgets.tone import Tone

if TYPE_CHECKING:
    from core.operations.standup import Standup
    from core.operations.standup_entries import Mark

_TONE: dict[Mark, Tone] = {"good": "good", "attention": "warning", "bad": "critical", "unknown": "unknown"}
PROGRESS, PLAN, BLOCKERS, CONFIDENCE, NOTE = (
    "Yesterday's progress",
    "Today's plan",
    "Blockers",
    "Confidence level",
    "Note",
)
FIELDS = {
    "issues": ("issues", "Issues"),
    "plan": ("own_plan", "Plan"),
    "monitoring": ("own_monitoring", "Monitoring"),
    "tuning": ("tuning", "Tuning needed"),
    "blockers": ("blockers", "Blockers"),
    "note": ("note", "Note"),
}
"""Of each line a person may write: the field of `Standup` with their words, and the question's title."""
_SEVERAL = ("issues", "blockers")


def form_entries(standup: Standup) -> tuple[FormEntry, ...]:
    """The template's lines, in its order."""

    say = standup.say

    def sensed(field: str, label: str, heading: str) -> FormEntry:
        entry = getattr(standup, field)
        return FormEntry(field, say(heading), say(label), entry.text, _TONE[entry.mark], entry.source)

    def written(field: str, label: str, heading: str, answer: str, tone: Tone, source: str = "") -> FormEntry:
        return FormEntry(field, say(heading), say(label), answer, tone, source, editable=True)

    none = "None" if standup.issues_known else "unknown: the alerts of that time are not known"
    issue_tone: Tone = "warning" if standup.issues else "good" if standup.issues_known else "unknown"
    plan, own_plan = standup.plan, standup.own_plan
    measured = (f"measured: {plan.text}", plan.source) if own_plan else (plan.source,)
    return (
        sensed("training", "Training status", PROGRESS),
        sensed("reward", "Reward trend", PROGRESS),
        sensed("kl", "KL divergence", PROGRESS),
        sensed("checkpoint", "Last checkpoint", PROGRESS),
        written("issues", "Issues", PROGRESS, "; ".join(standup.issues) or say(none), issue_tone),
        written(
            "plan",
            "Continue",
            PLAN,
            own_plan or plan.text,
            "plain" if own_plan else _TONE[plan.mark],
            "; ".join(part for part in measured if part),
        ),
        written("monitoring", "Monitor", PLAN, standup.own_monitoring or standup.monitoring, "plain"),
        written(
            "tuning",
            "Tuning needed?",
            PLAN,
            f"{say('Yes')}: {standup.tuning}"
            if standup.tuning
            else say("No" if standup.tuning_known else "unknown"),
            "warning" if standup.tuning else "good" if standup.tuning_known else "unknown",
        ),
        written(
            "blockers",
            "Blockers",
            BLOCKERS,
            "; ".join(standup.blockers) or say("None"),
            "critical" if standup.blockers else "good",
        ),
        sensed("confidence", "On track, 5-6/6", CONFIDENCE),
        written("note", "Note", NOTE, standup.note, "plain"),
    )


def value_of(standup: Standup, line: str) -> str:
    """The words that an edit of this line begins with."""
    if line in _SEVERAL:
        return "; ".join(getattr(standup, line))
    own = str(getattr(standup, FIELDS[line][0]))
    return own or _template(standup, line)


def hint_of(standup: Standup, line: str) -> tuple[tuple[str, str], ...]:
    """What to know before writing: how several are told apart, what an empty line means."""
    if line in _SEVERAL:
        return (("", "Several are separated by ;"),)
    template = _template(standup, line)
    return (("template", template), ("", "Empty: the template's line stands again.")) if template else ()


def changes(standup: Standup, line: str, text: str) -> dict[str, object]:
    """The fields of `Standup` that these words replace."""
    field, _title = FIELDS[line]
    text = visible(text, 600)
    if line in _SEVERAL:
        parts = tuple(part.strip() for part in text.split(";") if part.strip())
        return {field: parts, "issues_known": True} if line == "issues" else {field: parts}
    if line == "tuning":
        return {field: text, "tuning_known": True}
    return {field: "" if text == _template(standup, line) else text}


def written_lines(filled: Standup | None, standup: Standup) -> tuple[str, ...]:
    """The titles of the lines that are a person's now, not as the run filled them."""
    if filled is None:
        return ()
    return tuple(
        title for field, title in FIELDS.values() if getattr(standup, field) != getattr(filled, field)
    )


def _template(standup: Standup, line: str) -> str:
    """What stands in this line where no person writes another."""
    return {"plan": standup.plan.text, "monitoring": standup.monitoring}.get(line, "")
