"""Handover: all that happened and fell due since this operator last looked.

The mark of the last look stands in the store, one for each operator. Trap avoided: a mark by the clock, which
misses what another console wrote in the same second; it names the last entry and the last transition seen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Literal

import msgspec

from core.clock import iso, parse_iso
from core.store.alert_states import ALERTS_ENTRY
from core.store.last_looks import Recorded
from core.text import visible
from core.units import counted

if TYPE_CHECKING:
    from core.store.audit import AuditEntry
    from core.store.database import Store
    from core.week.timeline import Timeline

Group = Literal[
    "fired",
    "alerts",
    "checklists",
    "preflights",
    "overridden",
    "decisions",
    "training",
    "other",
    "due",
]
GROUPS: tuple[tuple[Group, str], ...] = (
    ("fired", "fired and resolved"),
    ("alerts", "acknowledged and silenced"),
    ("checklists", "checklists"),
    ("preflights", "preflights"),
    ("overridden", "overridden or set aside"),
    ("decisions", "decided and signed"),
    ("training", "training"),
    ("other", "also recorded"),
    ("due", "fell due"),
)
_COUNTED: dict[Group, tuple[str, str]] = {
    "preflights": ("preflight", "preflights"),
    "training": ("act on the training", "acts on the training"),
    "other": ("other entry", "other entries"),
}
"""One and many in the headline, where that is not the group's name."""
_KINDS: dict[str, Group] = {
    "acknowledge": "alerts",
    "silence": "alerts",
    "silence_end": "alerts",
    "tick": "checklists",
    "untick": "checklists",
    "preflight": "preflights",
    "standup": "checklists",
    "override": "overridden",
    "not_applicable": "overridden",
    "decision": "decisions",
    "comparison": "decisions",
    "sign_off": "decisions",
    "training_start": "training",
    "training_failed": "training",
    "run_archive": "training",
    "training_stop": "training",
}
_SHOWN = (
    "name",
    "role",
    "verdict",
    "what",
    "note",
    "reason",
    "comment",
    "status",
    "preparation",
    "tag",
    "rule",
)
_NAMED = ("preparation", "tag", "rule", "status")
"""Details that say nothing without their name."""


class Happened(msgspec.Struct, frozen=True, kw_only=True):
    group: Group
    at: str
    who: str
    """Empty: nobody; it happened."""
    what: str
    """`tick`, `firing`, `overdue`."""
    subject: str
    text: str = ""
    """Note, reason, message."""
    severity: str = ""
    """Of an alert."""


class Handover(msgspec.Struct, frozen=True, kw_only=True):
    schema_version: int = 1
    generated_at: str
    operator: str
    since: str | None
    """When this operator last looked; None: never, so everything is told."""
    headline: str
    counts: dict[str, int]
    """By group."""
    happened: tuple[Happened, ...]
    """By group in the order of `GROUPS`, oldest first."""
    last_entry: int = 0
    last_transition: int = 0
    """The newest ones that this tells of: give them to `store.mark_look`."""

    def of(self, group: Group) -> tuple[Happened, ...]:
        return tuple(each for each in self.happened if each.group == group)


def build_handover(
    store: Store, now: datetime, *, since: datetime | None = None, timeline: Timeline | None = None
) -> Handover:
    """What happened since this operator last looked, or `since` a time. Marks nothing: `store.mark_look`.

    `timeline`: for what fell due in between; None leaves it out.
    """
    recorded = store.since_last_look(since)
    entries = [each for each in recorded.entries if each.kind != ALERTS_ENTRY]  # each transition is told
    begin = since or recorded.since
    found = [*_alerts(recorded), *(_entry(each) for each in entries), *_due(timeline, begin)]
    order = {group: index for index, (group, _) in enumerate(GROUPS)}
    found.sort(key=lambda each: (order[each.group], each.at))
    counts: dict[str, int] = {group: sum(each.group == group for each in found) for group, _ in GROUPS}
    return Handover(
        generated_at=iso(now),
        operator=store.operator.name,
        since=None if begin is None else iso(begin),
        headline=_headline(found, counts, begin),
        counts=counts,
        happened=tuple(found),
        last_entry=max((each.number for each in recorded.entries), default=0),
        last_transition=max((each.id for each in recorded.transitions), default=0),
    )


def _headline(found: Sequence[Happened], counts: dict[str, int], begin: datetime | None) -> str:
    since = "on record" if begin is None else f"since {iso(begin)}"
    if not found:
        return f"nothing happened {since}"
    alerts = [each for each in found if each.group == "fired"]
    fired = [each for each in alerts if each.what == "firing"]
    parts = []
    if fired:
        critical = sum(each.severity == "critical" for each in fired)
        parts.append(f"{len(fired)} fired" + (f" ({critical} critical)" if critical else ""))
    if resolved := sum(each.what == "resolved" for each in alerts):
        parts.append(f"{resolved} resolved")
    for group, words in GROUPS:
        if group == "checklists":
            parts += _checklist_words(each.what for each in found if each.group == group)
        elif group != "fired" and counts[group]:
            parts.append(counted(counts[group], *_COUNTED.get(group, (words, words))))
    return f"{', '.join(parts)} {since}"


def _checklist_words(kinds: Iterable[str]) -> list[str]:
    """`2 ticked`, `1 un-ticked`, `1 standup`."""
    words = {"tick": ("ticked", "ticked"), "untick": ("un-ticked", "un-ticked"), "standup": ("standup", "")}
    seen = Counter(kinds)
    return [counted(seen[kind], *words[kind]) for kind in words if seen[kind]]


def _alerts(recorded: Recorded) -> list[Happened]:
    return [
        Happened(
            group="fired",
            at=each.at,
            who="",
            what=each.state,
            subject=each.rule,
            text=each.message,
            severity=each.severity,
        )
        for each in recorded.transitions
    ]


def _entry(entry: AuditEntry) -> Happened:
    told = [
        f"{key} {entry.detail[key]}" if key in _NAMED else str(entry.detail[key])
        for key in _SHOWN
        if entry.detail.get(key) not in (None, "", [], {})
    ]
    return Happened(
        group=_KINDS.get(entry.kind, "other"),
        at=iso(entry.at),
        who=entry.operator,
        what=entry.kind,
        subject=entry.subject,
        text=visible("; ".join(told), 300),
    )


def _due(timeline: Timeline | None, begin: datetime | None) -> list[Happened]:
    """Events that came in between and are still open, and whatever is overdue."""
    if timeline is None:
        return []
    until = parse_iso(timeline.as_of)
    return [
        Happened(
            group="due", at=event.at, who=event.owner, what=event.state, subject=event.text, text=event.detail
        )
        for event in timeline.events
        if event.state in ("now", "overdue")
        and (event.state == "overdue" or begin is None or begin < parse_iso(event.at) <= until)
    ]
