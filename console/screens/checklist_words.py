"""What the Checklist screen says: the verdict, how many items passed, all that is known of one. Pure.

Trap avoided: a list that looks whole while items are unknown; each state is counted under its own word.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

from core import units
from widgets.checklist_list import OPEN_STATES, STATE_TONE, value_text
from widgets.list_index import IndexRow
from widgets.tone import Tone, safe

if TYPE_CHECKING:
    from console.list_keys import ListKey
    from console.states import ChecklistState
    from core.checklist.model import ChecklistResult, ItemResult

_READINESS_TONE: dict[str, Tone] = {"READY": "good", "FIX": "warning", "BLOCKED": "critical"}


def passed(items: tuple[ItemResult, ...]) -> int:
    """Items that do not keep from READY: passed, overridden, or a warning."""
    return sum(item.state in ("pass", "overridden", "warn") for item in items)


def applicable(items: tuple[ItemResult, ...]) -> int:
    return sum(item.state != "not_applicable" for item in items)


def counts(result: ChecklistResult) -> str:
    if not applicable(result.items):
        return "not applicable: nothing of this list is about this run"
    return f"{result.status}: {passed(result.items)} of {applicable(result.items)}"


def answer(result: ChecklistResult | None, state: ChecklistState, now: str = "") -> tuple[str, Tone]:
    """`now`, ISO 8601: what is due after it is later."""
    if result is None:
        return (
            ("There is no list to show", "warning") if state.problem else ("Looking at every item…", "plain")
        )
    states: Counter[str] = Counter(item.state for item in result.items)
    parts = [
        f"{states[kind]} {word}"
        for kind, word in (
            ("fail", "failing"),
            ("unknown", "unknown"),
            ("pending", "to do"),
            ("warn", "warning" if states["warn"] == 1 else "warnings"),
            ("overridden", "overridden"),
        )
        if states[kind]
    ]
    later = sum(item.state == "pending" and (item.due or "") > now > "" for item in result.items)
    if later:
        rest = states["pending"] - later
        place = next(index for index, part in enumerate(parts) if part.endswith(" to do"))
        parts[place : place + 1] = [*([f"{rest} to do"] if rest else []), f"{later} later"]
    if unticked := sum(item.unticked_at is not None and item.state in OPEN_STATES for item in result.items):
        parts.insert(0, f"{unticked} un-ticked")
    words = counts(result) + (f"   {', '.join(parts)}" if parts else "")
    first = next((item for item in result.items if item.state == "fail"), None)
    if first is not None:
        words += f"   first: {safe(first.text, 80)}"
    if state.problem:
        words += f"   ({safe(state.problem, 120)})"
    return words, _READINESS_TONE[result.status] if applicable(result.items) else "plain"


def empty(state: ChecklistState, run_known: bool) -> str:
    if state.problem:
        return state.problem
    if state.evaluated_at is None or run_known:
        return "Each item is being looked at; the list stands here in a second."
    return "There is no list for this day: the run has not been read yet."


def index_rows(
    keys: tuple[ListKey, ...], results: Mapping[str, ChecklistResult | None], now: str
) -> list[IndexRow]:
    """Each list with its readiness; `now`, ISO 8601: one that begins after it comes later."""
    rows = []
    for each in keys:
        result = results.get(each.key)
        if each.begins > now:
            state, count = "later", f"{len(result.items)}" if result is not None else ""
        elif result is None:
            state, count = "looking", ""
        elif not applicable(result.items):
            state, count = "n/a", ""
        else:
            state, count = result.status, f"{passed(result.items)}/{applicable(result.items)}"
        rows.append(IndexRow(each.key, each.label, state, count, each.heading))
    return rows


def details(item: ItemResult) -> tuple[tuple[str, str, str], ...]:
    """Everything known of an item, as (label, text, tone)."""
    facts: list[tuple[str, str, str]] = []
    if item.message and item.message != f"due {item.due}":
        tone = "plain" if item.state not in OPEN_STATES else STATE_TONE[item.state]
        facts.append(("", safe(item.message), tone))
    value, limit = value_text(item.value), value_text(item.limit)
    if value:
        facts.append(("value", value, "bright"))
    if limit:
        facts.append(("limit", limit, "plain"))
    if item.source:
        age = f", {units.age(item.age_seconds)} ago" if item.age_seconds is not None else ""
        facts.append(("source", safe(item.source) + age, "plain"))
    if item.due:
        owner = f", {safe(item.owner, 60)}" if item.owner else ""
        facts.append(("due", f"{item.due[:10]} {item.due[11:16]}Z{owner}", "plain"))
    elif item.owner:
        facts.append(("owner", safe(item.owner, 60), "plain"))
    if item.action:
        facts.append(("if not", safe(item.action, 300), "plain"))
    if item.ticked_by:
        words = {"overridden": "overridden by", "not_applicable": "n/a, says"}
        what = words.get(item.state, "ticked by")
        at = f", {item.ticked_at}" if item.ticked_at else ""
        facts.append((what, f"{safe(item.ticked_by)}{at}", "accent"))
    means = "blocks the start" if item.on_fail == "block" else "is to be fixed; it does not block"
    kinds = {
        "sensed": "sensed: it judges itself",
        "manual": "manual: only a person knows; space ticks it",
        "sensed_look": "sensed, and a person looks; space ticks it",
    }
    facts.append(("kind", f"{kinds[item.kind]}. A failure {means}.", "dim"))
    return tuple(facts)
