"""What the Timeline screen says: rows, the answer, all about one event. Pure.

Trap avoided: a list of things overdue for a week that was never this run's: it says where the start is set.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from console.countdown import until
from console.keyboard import key_of
from core.clock import parse_iso
from widgets.event_list import STATE_TONE, EventRow, state_mark
from widgets.lines import Row, wrapped
from widgets.tone import Tone, safe

if TYPE_CHECKING:
    from console.week_desk import WeekState
    from core.week.events import Event
    from core.week.timeline import Timeline

DAYS = {1: "launch day", 5: "revalidation day", 6: "deployment"}
_WEEK = 6
_EMPTY = 70
"""Cells of the empty state's lines: they fit at 80 columns."""
_COUNTED = ("done", "now", "overdue", "due")
HOW_TO_SET = "the week's start is [week] start in config.toml; ppo-console init DIR --start DATE sets it"


def state_word(event: Event, now: datetime) -> str:
    """`due` for what comes today, `later` for another day."""
    if event.state == "not_applicable":
        return "n/a"
    if event.state == "due":
        return "due" if parse_iso(event.at).date() == now.date() else "later"
    return event.state


def event_rows(timeline: Timeline, now: datetime) -> tuple[EventRow, ...]:
    return tuple(_row(event, now) for event in timeline.events)


def _row(event: Event, now: datetime) -> EventRow:
    at = parse_iso(event.at)
    named = f"  {DAYS[event.day]}" if event.day in DAYS else ""
    deployment = event.day > 5
    return EventRow(
        id=event.id,
        day=f"{at:%a} {at.day} {at:%b}  day {event.day}{named}",
        time="" if deployment else f"{at:%H:%M}",
        text=event.text,
        owner=event.owner,
        state=state_word(event, now),
        ahead=at > now,
        detail=f"in {until((at - now).total_seconds())}"
        if at > now and at.date() == now.date()
        else event.detail,
    )


def counts(rows: Sequence[EventRow]) -> Row:
    """`12 done  1 now  2 overdue`, for the title."""
    numbers = [(state, sum(row.state == state for row in rows)) for state in _COUNTED]
    said = [(f"{number} {state}", STATE_TONE[state]) for state, number in numbers if number]
    return [span for each in said for span in (("  ", "dim"), each)][1:]


def answer(state: WeekState, now: datetime) -> tuple[str, Tone]:
    timeline = state.timeline
    if timeline is None:
        return (
            ("There is no week to show", "warning")
            if state.problem
            else ("The week is being looked at…", "plain")
        )
    overdue = [event for event in timeline.events if event.state == "overdue"]
    waiting = [event for event in timeline.events if event.state == "now"]
    parts = []
    if overdue:
        first = parse_iso(overdue[0].at)
        parts.append(f"{len(overdue)} overdue, first {overdue[0].text} ({first.day} {first:%b %H:%M}Z)")
    if waiting:
        more = f" and {len(waiting) - 1} more" if len(waiting) > 1 else ""
        parts.append(f"now: {waiting[0].text}{more}")
    ahead = [event for event in timeline.events if event.state == "due" and parse_iso(event.at) > now]
    if ahead:
        parts.append(f"next: {ahead[0].text} in {until((parse_iso(ahead[0].at) - now).total_seconds())}")
    tone: Tone = "critical" if overdue else "warning" if waiting else "good" if timeline.events else "plain"
    if not parts:
        parts.append("nothing is due any more")
    if elsewhere := outside(timeline, now):
        parts.append(elsewhere)
    return "; ".join(parts), tone


def outside(timeline: Timeline, now: datetime) -> str:
    """Where the present is not in the week: that, and where its start is set; else empty."""
    start = date.fromisoformat(timeline.start)
    if start <= now.date() < start + timedelta(days=_WEEK):
        return ""
    began = f"the week begins {start}" if now.date() < start else f"the week began {start} and is over"
    return f"{began}: {HOW_TO_SET}"


def empty(state: WeekState) -> list[Row]:
    if not state.problem:
        return [[("Every time of both documents stands here, as soon as it is looked at.", "dim")]]
    return [*wrapped(safe(state.problem, 400), _EMPTY, "warning"), [], *wrapped(HOW_TO_SET, _EMPTY)]


def details(event: Event, now: datetime) -> tuple[tuple[str, str, str], ...]:
    """Everything known of an event, as (label, text, tone)."""
    word = state_word(event, now)
    begin, end = parse_iso(event.at), parse_iso(event.until)
    facts: list[tuple[str, str, str]] = []
    if event.detail:
        facts.append(
            ("", safe(event.detail, 600), STATE_TONE[word] if word in ("overdue", "now") else "plain")
        )
    waits = "" if event.day > 5 else f", overdue after {end:%H:%M}Z"
    left = f", in {until((begin - now).total_seconds())}" if begin > now else ""
    facts.append(("when", f"{begin:%a} {begin.day} {begin:%b %Y %H:%M}Z{left}{waits}", "plain"))
    facts.append(("owner", safe(event.owner, 80), "plain"))
    facts.append((key_of("event.open"), leads_to(event), "accent"))
    if event.command:
        facts.append(("command", safe(event.command, 200), "dim"))
    documents = {"000": "the checklist document", "001": "the operations manual"}
    facts.append(("from", documents.get(event.source, event.source), "dim"))
    return tuple(facts)


def leads_to(event: Event) -> str:
    """What enter does on it, in words."""
    if event.checklist:
        return f"to its checklist ({event.checklist.replace('_', ' ')})"
    if event.command == "ppo-console train":
        return "to the training: start, resume or stop"
    return "to the sign-off" if "signoff" in event.command else "to Revalidate"


def value(event: Event, now: datetime) -> Row:
    word = state_word(event, now)
    return [(state_mark(word).strip(), STATE_TONE[word])]
