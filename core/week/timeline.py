"""Where the week stands: what is due, now, overdue, done or not applicable, who owns it, what comes next.

Each event is judged in `events`. Trap avoided: a headline that tells another number than the list below it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from core.clock import iso
from core.telemetry.health import Health
from core.units import duration
from core.week.events import Event, WeekEvents
from core.week.plan import plan

if TYPE_CHECKING:
    from core.alerts.view import AlertView
    from core.checklist.model import ChecklistResult
    from core.store.database import Store
    from core.telemetry.model import Run
    from core.workspace import Workspace


class Next(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    text: str
    owner: str
    at: str
    seconds: float
    """Until then."""


class Timeline(msgspec.Struct, frozen=True, kw_only=True):
    schema_version: int = 1
    generated_at: str
    as_of: str
    start: str
    """Launch day."""
    headline: str
    counts: dict[str, int]
    """By state."""
    next: Next | None
    """The next event that is due; None when nothing lies ahead."""
    events: tuple[Event, ...]


def build_timeline(
    workspace: Workspace,
    run: Run,
    health: Health,
    alerts: Sequence[AlertView] | None,
    store: Store | None,
    now: datetime,
    *,
    at: datetime | None = None,
    preparation: ChecklistResult | None = None,
) -> Timeline:
    """The week at `at` (else now). Writes nothing. Evaluates the lists of every day so far: not quick.

    For an earlier moment it uses what was recorded until then; for a later one what is known now.
    `preparation`: that list where somebody has looked (it needs a child process); else it is open until
    there is a decision.
    """
    moment = at or now
    states = WeekEvents(workspace, run, health, alerts, store, moment, now, preparation)
    events = tuple(states.event(planned) for planned in plan(workspace.settings))
    ahead = [each for each in events if each.state == "due"]
    following = None
    if ahead:
        first = min(ahead, key=lambda each: each.at)
        seconds = (datetime.fromisoformat(first.at) - moment).total_seconds()
        following = Next(id=first.id, text=first.text, owner=first.owner, at=first.at, seconds=seconds)
    counts = {
        state: sum(each.state == state for each in events)
        for state in ("due", "now", "overdue", "done", "not_applicable")
    }
    return Timeline(
        generated_at=iso(now),
        as_of=iso(moment),
        start=workspace.settings.week.start.isoformat(),
        headline=_headline(counts, events, following),
        counts=counts,
        next=following,
        events=events,
    )


def settled_ahead(
    workspace: Workspace, run: Run, health: Health, store: Store | None, now: datetime
) -> frozenset[str]:
    """Ids of the events that lie ahead and are done or do not apply. Quick: what lies ahead needs no list of
    a day evaluated."""
    states = WeekEvents(workspace, run, health, None, store, now, now, None)
    ahead = (planned for planned in plan(workspace.settings) if planned.at > now)
    return frozenset(planned.id for planned in ahead if states.event(planned).state != "due")


def _headline(counts: dict[str, int], events: tuple[Event, ...], following: Next | None) -> str:
    parts = []
    if counts["overdue"]:
        first = next(each for each in events if each.state == "overdue")
        parts.append(f"{counts['overdue']} overdue, first {first.text} ({first.at[5:16].replace('T', ' ')})")
    if counts["now"]:
        names = ", ".join(each.text for each in events if each.state == "now")
        parts.append(f"now: {names}")
    if following is not None:
        parts.append(f"next: {following.text} in {duration(following.seconds)}")
    return "; ".join(parts) or "nothing is due any more"
