"""From a change of state to what is recorded, logged and told.

Trap avoided: notifications about last week, from a console that has just read an old run.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime

import msgspec

from core.alerts.evaluate import ROW_CONDITIONS
from core.alerts.machine import Change
from core.alerts.rule import Rule
from core.alerts.view import Transition, phrase, threshold_of
from core.clock import from_epoch
from core.store.alert_states import TransitionRecord
from core.units import finite

NEWS_SECONDS = 3600.0
"""A firing that came and went before anyone looked is told when it is younger than this."""


def worth_telling(
    changes: Sequence[Change], catching_up: Collection[str], firing: Collection[str], now: datetime
) -> set[int]:
    """The ids (of the objects) of the changes that are news: seen live, still firing, or young.

    `catching_up`: the rules whose history was read just now; `firing`: those that fire after all of it.
    """
    last = {change.rule: change for change in changes if change.state == "firing"}
    told: set[int] = set()
    for change in changes:
        fires = last.get(change.rule) is change and change.rule in firing
        young = change.time is not None and now.timestamp() - change.time <= NEWS_SECONDS
        if change.rule not in catching_up or fires or young:
            told.add(id(change))
    return told


def as_record(
    change: Change, rule: Rule, rule_hash: str, now: datetime, *, run_name: str, notify: bool
) -> TransitionRecord:
    return TransitionRecord(
        rule=change.rule,
        state="firing" if change.state == "firing" else "resolved",
        generation=change.generation,
        severity=rule.severity,
        timestep=change.timestep,
        value=change.value,
        at=now if change.time is None else from_epoch(change.time),
        message=phrase(rule, change.state, change.detail, change.timestep),
        by_row=rule.condition in ROW_CONDITIONS,
        rule_hash=rule_hash,
        action=rule.action,
        runbook=rule.runbook,
        run_name=run_name,
        seen_at=now,
        notify=notify,
    )


def as_transition(
    change: Change, rule: Rule, generation: int, key: str, new: bool, now: datetime | None
) -> Transition:
    return Transition(
        rule=change.rule,
        state=change.state,
        severity=rule.severity,
        timestep=change.timestep,
        value=finite(change.value),
        threshold=threshold_of(rule),
        at=now if change.time is None else from_epoch(change.time),
        generation=generation,
        key=key,
        message=phrase(rule, change.state, change.detail, change.timestep),
        new=new,
    )


def fingerprint(rule: Rule) -> str:
    """Which form of a rule fired: whatever decides when, but not its words."""
    bare = msgspec.structs.replace(rule, action="", runbook="")
    return hashlib.sha256(msgspec.json.encode(bare)).hexdigest()[:16]
