"""An alert as a screen, a command or a script sees it, and its words.

Trap avoided: two places that phrase or sort the same alert differently.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from core.alerts.machine import NOT_CLEARED, AlertState, State
from core.alerts.ownership import Ownership
from core.alerts.rule import Condition, Rule, Severity
from core.clock import from_epoch
from core.store.alert_states import Firing
from core.store.silences import Silence
from core.telemetry.metrics import METRICS
from core.units import age, apart, duration, duration_apart, finite, gigabytes, number, significant

_SEVERITIES: tuple[Severity, ...] = ("critical", "warning", "info")
_STATES: tuple[AlertState, ...] = ("firing", "pending", "nodata", "resolved", "inactive")
_SECONDS: frozenset[Condition] = frozenset({"checkpoint_age", "step_age", "absent"})
FALLING: frozenset[Condition] = frozenset(
    {"below", "slope_below", "rise_below", "pace_below", "disk_free", "memory_free"}
)


_WORDS: dict[Condition, str] = {
    "checkpoint_age": "newest checkpoint's age",
    "step_age": "time since the last step",
    "pace_below": "steps per second",
    "data_faults": "gaps, NaN and duplicates in the training data",
    "disk_free": "free disk",
    "memory_free": "free memory in %",
}


class AlertView(msgspec.Struct, frozen=True, kw_only=True):
    """One rule's alert. Inactive ones, and those that a worse one of their family hides, are not shown."""

    rule: str
    state: AlertState
    """`pending`, `firing`, `resolved` or `nodata`."""
    severity: Severity
    value: float | None
    """The newest value at which the condition held; None for rules without one, and for nan."""
    threshold: float | None
    """None for rules that have none: crash, nan."""
    since_timestep: int | None
    since: datetime | None
    """When this state began: the row's time where the run knows it."""
    metric: str
    message: str
    """What was seen when this state began: `approx_kl 0.12 > 0.1 at step 198,656`."""
    action: str
    runbook: str
    key: str
    """What an acknowledgement is attached to: run, rule, generation."""
    generation: int
    no_data: bool = False
    """Firing or pending, but its data has stopped: the state is the last one known."""
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None
    note: str = ""
    acknowledged_until: datetime | None = None
    acknowledgement_lost: str = ""
    """Why the last acknowledgement of this firing no longer counts: `ada: expired 22:00:00Z`."""
    silenced_by: str | None = None
    silenced_until: datetime | None = None
    silence_comment: str = ""
    silence_id: int | None = None

    @property
    def firing(self) -> bool:
        return self.state == "firing"

    @property
    def uncleared(self) -> bool:
        """It ended with what its rule is about, and not because the condition did."""
        return self.state == "resolved" and self.message.startswith(NOT_CLEARED)

    @property
    def silenced(self) -> bool:
        return self.silenced_by is not None

    @property
    def acknowledged(self) -> bool:
        return self.acknowledged_by is not None


class Transition(msgspec.Struct, frozen=True, kw_only=True):
    """One change of an alert's state: an entry of `ppo-console alerts --replay`."""

    rule: str
    state: AlertState
    """`pending`, `firing`, `resolved`, or `inactive` for a pending that came to nothing."""
    severity: Severity
    timestep: int | None
    value: float | None
    threshold: float | None
    at: datetime | None
    """The row's time where the run knows it, else when it was seen; in a replay None."""
    generation: int
    key: str
    message: str
    new: bool = True
    """Recorded by this call; False: another console, or an earlier one, has recorded it."""


def sort_key(view: AlertView) -> tuple[int, bool, int, float, str]:
    """What needs a person first: firing, unacknowledged, worst, oldest."""
    since = view.since.timestamp() if view.since is not None else math.inf
    return (
        _STATES.index(view.state),
        view.acknowledged or view.silenced,
        _SEVERITIES.index(view.severity),
        since,
        view.rule,
    )


def headline(views: Sequence[AlertView], now: datetime) -> str:
    """The answer in words: `2 firing, 1 acknowledged, oldest 14 min`."""
    firing = [view for view in views if view.firing]
    pending = sum(view.state == "pending" for view in views)
    if not firing:
        return f"nothing is firing, {pending} pending" if pending else "nothing is firing"
    parts = [f"{len(firing)} firing", f"{sum(view.acknowledged for view in firing)} acknowledged"]
    if silenced := sum(view.silenced for view in firing):
        parts.append(f"{silenced} silenced")
    if pending:
        parts.append(f"{pending} pending")
    begun = [view.since for view in firing if view.since is not None]
    if begun:
        parts.append(f"oldest {age((now - min(begun)).total_seconds())}")
    return ", ".join(parts)


def build_view(
    name: str,
    rule: Rule,
    state: State,
    key: str,
    known: Firing | None,
    owned: Ownership,
    silence: Silence | None = None,
) -> AlertView:
    """The alert of a rule that is not inactive. `known`: its newest firing on record."""
    if known is not None and known.generation != state.generation:
        known = None
    mark = state.since
    since = from_epoch(mark.time) if mark is not None and mark.time is not None else None
    timestep = mark.timestep if mark is not None else None
    message = phrase(rule, state.name, state.detail, timestep)
    if state.name == "firing" and known is not None:
        since, message = known.at, known.message
    elif state.name == "resolved" and since is None and known is not None:
        since = known.resolved_at
    if state.name not in ("firing", "resolved"):
        owned = Ownership()
    if state.name not in ("firing", "pending"):
        silence = None
    held = owned.held
    return AlertView(
        rule=name,
        state=state.name,
        severity=rule.severity,
        value=finite(state.value),
        threshold=threshold_of(rule),
        since_timestep=timestep,
        since=since,
        metric=rule.metric,
        message=message,
        action=rule.action,
        runbook=rule.runbook,
        key=key,
        generation=state.generation,
        no_data=state.no_data,
        acknowledged_by=held.operator if held else None,
        acknowledged_at=held.at if held else None,
        acknowledged_until=held.expires_at if held else None,
        acknowledgement_lost=owned.lost,
        note=held.note if held else "",
        silenced_by=silence.creator if silence else None,
        silenced_until=silence.until if silence else None,
        silence_comment=silence.comment if silence else "",
        silence_id=silence.id if silence else None,
    )


def threshold_of(rule: Rule) -> float | None:
    """The rule's threshold, or None for conditions that have none."""
    return None if rule.condition in ("not_finite", "crashed", "log_pattern") else rule.threshold


def phrase(rule: Rule, state: AlertState, detail: str, timestep: int | None) -> str:
    """What a transition says: what was seen, the threshold, the step."""
    text = detail
    if state in ("firing", "pending") and (limit := _limit(rule)):
        text += f" {limit}"
    if timestep is None or re.search(rf"at step {number(timestep)}(?![,\d])", text):
        return text
    return f"{text.rstrip('.')} at step {number(timestep)}"


def condition_text(rule: Rule) -> str:
    """The condition in words: `approx_kl > 0.1`, `slope of reward per step < −0.001 over 5,000 steps`."""
    over = duration(rule.window_seconds) if rule.window_seconds else f"{number(rule.window_steps)} steps"
    match rule.condition:
        case "slope_below" | "slope_above":
            text = f"slope of {rule.metric} per step {_limit(rule)} over {over}"
        case "rise_below" | "rise_above":
            text = f"rise of {rule.metric} {_limit(rule)} over {over}"
        case "flat":
            text = f"mean of {rule.metric} moved {_limit(rule)} standard deviations in {over}"
        case "not_finite":
            text = f"{rule.metric or 'any loss'} is nan or inf"
        case "absent":
            text = f"no {rule.metric or rule.source + ' row'} {_limit(rule)}"
        case "log_pattern":
            text = f"training.log matches {rule.pattern}"
        case "crashed":
            text = "process gone or traceback"
        case "above" | "below":
            text = f"{rule.metric} {_limit(rule)}"
        case _:
            text = f"{_WORDS[rule.condition]} {_limit(rule)}"
    if rule.for_steps or rule.for_seconds:
        text += f" for {f'{number(rule.for_steps)} steps' if rule.for_steps else duration(rule.for_seconds)}"
    if rule.within_seconds:
        text += f", in the first {duration(rule.within_seconds)}"
    return text


def value_text(rule: Rule, value: float | None) -> str:
    """A value or threshold of the rule with its unit: `0.1234`, `9.8 GB`, `12 %`, `3h07m`; `–` for none."""
    if value is None or not math.isfinite(value):
        return number(value)
    if rule.condition in _SECONDS:
        return duration_apart(value, rule.threshold)
    if rule.condition == "disk_free":
        return gigabytes(value, rule.threshold)
    if rule.condition == "memory_free":
        return f"{apart(value, rule.threshold, 0)} %"
    if rule.condition in ("pace_below", "data_faults"):
        return apart(value, rule.threshold, 0)
    decimals = METRICS[rule.metric].decimals if rule.metric in METRICS else 4
    small = 0 < abs(value) < 10.0 ** (1 - decimals)
    text = significant(value, rule.threshold, 3) if small else apart(value, rule.threshold, decimals)
    return text.replace("-", "−")


def rule_states(
    rules: Mapping[str, Rule], views: Sequence[AlertView], elapsed: float | None
) -> dict[str, str]:
    """By rule: its alert's state, `hidden` behind a worse one of its family, `inactive`, or `off`.

    `elapsed`: seconds since the run's start, None where that is not known; some rules apply only at first.
    """
    shown = {view.rule: str(view.state) for view in views}
    worst: dict[str, int] = {}
    for name, rule in rules.items():
        if rule.family and shown.get(name) == "firing":
            worst[rule.family] = max(rule.rank, worst.get(rule.family, rule.rank))
    states = {}
    for name, rule in rules.items():
        over = bool(rule.within_seconds) and (elapsed is None or elapsed > rule.within_seconds)
        hidden = rule.family in worst and rule.rank < worst[rule.family] and not over
        at_rest = "hidden" if hidden else "inactive"
        states[name] = shown.get(name, at_rest) if rule.enabled else "off"
    return states


def _limit(rule: Rule) -> str:
    if threshold_of(rule) is None:
        return ""
    value = rule.threshold
    if rule.condition in _SECONDS:
        return f"> {duration(value)}"
    if rule.condition == "disk_free":
        return f"< {gigabytes(value)}"
    sign = "≤" if rule.condition == "flat" else "<" if rule.condition in FALLING else ">"
    return f"{sign} {value:g}".replace("-", "−")
