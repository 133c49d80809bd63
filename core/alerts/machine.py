"""The alert state machine: a pure function of rule, state and sample.

    inactive → pending (`for_steps`, `for_seconds`) → firing → resolved → pending …

A sample says whether the condition holds, whether it is past the margin to resolve, and where and when that
was seen; no clock is read, so any history can be replayed. Trap avoided: an alert that ends because its data
ended. *No data* never fires and never resolves; a rule that does not apply (`off`) ends what it raised.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from core.alerts.rule import Rule

AlertState = Literal["inactive", "pending", "firing", "resolved", "nodata"]
SampleState = Literal["ok", "nodata", "off"]


@dataclass(frozen=True, slots=True)
class Sample:
    """One look at a rule's condition."""

    state: SampleState
    """`ok`: the condition could be judged; `off`: the rule does not apply now."""
    timestep: int | None = None
    time: float | None = None
    """Epoch seconds; None where the row has no wall time."""
    value: float | None = None
    breached: bool = False
    """The condition holds."""
    cleared: bool = False
    """The value is past the margin to resolve. Neither breached nor cleared: between the two."""
    segment: int = 0
    """Which stretch of a resumed run; timers start afresh in each."""
    detail: str = ""
    """What was seen, in words."""
    inhibited_by: str | None = None
    """The worse rule of the family that is firing: a new firing waits as pending, and is not shown."""
    waiting: bool = False
    """No data only because the rule's window is not full yet: at rest, nothing is missing."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A point that a timer counts from."""

    timestep: int | None
    time: float | None
    segment: int


@dataclass(frozen=True, slots=True)
class State:
    """Where one rule stands. Equal histories give equal states, however they were cut into polls."""

    name: AlertState = "inactive"
    generation: int = 0
    """How many times it has fired; an acknowledgement belongs to one."""
    since: Mark | None = None
    """Where pending, firing or resolved began."""
    value: float | None = None
    """The newest value at which the condition held; when resolved, the value that ended it."""
    detail: str = ""
    """What was seen where the present state began."""
    clearing: Mark | None = None
    """Firing, and the condition has been past its margin since here."""
    no_data: bool = False
    """Pending or firing, and the newest sample had no data."""
    inhibited_by: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A change of state a person may want to know of: to pending, firing, resolved, or back to inactive."""

    rule: str
    state: AlertState
    generation: int
    timestep: int | None
    time: float | None
    value: float | None
    segment: int
    detail: str


INITIAL = State()
NOT_CLEARED = "not cleared, but "
"""How the words of an alert begin that ended because its rule does not apply any more."""


def step(name: str, rule: Rule, state: State, sample: Sample) -> tuple[State, Change | None]:
    """Move `state` by one sample. A quiet rule that stays quiet returns the same object."""
    if sample.state == "off":
        return _off(name, state, sample)
    if sample.state == "nodata":
        return _no_data(state, sample.waiting), None
    if state.name == "firing":
        return _while_firing(name, rule, state, sample)
    if sample.breached:
        return _breached(name, rule, state, sample)
    if state.name == "pending":
        calm = State(generation=state.generation)
        if state.inhibited_by is not None:
            return calm, None
        return calm, _change(name, calm, sample)
    if state.name == "nodata":
        return State(generation=state.generation), None
    return state, None


def _off(name: str, state: State, sample: Sample) -> tuple[State, Change | None]:
    if state.name == "firing":
        return _resolve(
            name,
            state,
            replace(sample, detail=sample.detail or f"{NOT_CLEARED}the rule no longer applies"),
        )
    if state.name in ("pending", "nodata"):
        calm = State(generation=state.generation)
        said = state.name == "pending" and state.inhibited_by is None
        return calm, _change(name, calm, sample) if said else None
    return state, None


def _no_data(state: State, waiting: bool) -> State:
    if state.name == "firing":
        return replace(state, no_data=True, clearing=None)
    if state.name == "pending":
        return replace(state, no_data=True)
    if state.name == "inactive":
        return state if waiting else State("nodata", generation=state.generation)
    if state.name == "nodata" and waiting:
        return State(generation=state.generation)
    return state


def _while_firing(name: str, rule: Rule, state: State, sample: Sample) -> tuple[State, Change | None]:
    inhibited = sample.inhibited_by
    if sample.breached:
        return still_firing(state, sample.value, inhibited_by=inhibited), None
    if not sample.cleared:
        return still_firing(state, state.value, inhibited_by=inhibited), None
    clearing = state.clearing
    if clearing is None or clearing.segment != sample.segment:
        clearing = _mark(sample)
    if (
        steps_passed(clearing, sample) >= rule.keep_firing_steps
        and seconds_passed(clearing, sample) >= rule.keep_firing_seconds
    ):
        return _resolve(name, state, sample)
    return still_firing(state, state.value, clearing, inhibited), None


def not_before(sample: Sample, state: State, now: datetime) -> Sample:
    """The sample; at `now` where it would end what began later, or at a time that is not known."""
    begun = None if state.since is None else state.since.time
    early = state.since is not None and (begun is None or sample.time is None or sample.time < begun)
    return replace(sample, time=now.timestamp()) if early else sample


def still_firing(
    state: State, value: float | None, clearing: Mark | None = None, inhibited_by: str | None = None
) -> State:
    """`state`, seen firing again, now with `value`."""
    return State(
        "firing",
        state.generation,
        state.since,
        value,
        state.detail,
        clearing,
        inhibited_by=inhibited_by,
    )


def _breached(name: str, rule: Rule, state: State, sample: Sample) -> tuple[State, Change | None]:
    was_shown = state.name == "pending" and state.inhibited_by is None
    since = state.since if state.name == "pending" else None
    if since is None or since.segment != sample.segment:
        since = _mark(sample)
    waited = (
        steps_passed(since, sample) >= rule.for_steps and seconds_passed(since, sample) >= rule.for_seconds
    )
    if waited and sample.inhibited_by is None:
        firing = State(
            "firing", state.generation + 1, since=_mark(sample), value=sample.value, detail=sample.detail
        )
        return firing, _change(name, firing, sample)
    pending = State(
        "pending",
        state.generation,
        since=since,
        value=sample.value,
        detail=sample.detail,
        inhibited_by=sample.inhibited_by,
    )
    said = sample.inhibited_by is None and not was_shown
    return pending, _change(name, pending, sample) if said else None


def _resolve(name: str, state: State, sample: Sample) -> tuple[State, Change]:
    resolved = State(
        "resolved", state.generation, since=_mark(sample), value=sample.value, detail=sample.detail
    )
    return resolved, _change(name, resolved, sample)


def _change(name: str, state: State, sample: Sample) -> Change:
    return Change(
        rule=name,
        state=state.name,
        generation=state.generation,
        timestep=sample.timestep,
        time=sample.time,
        value=sample.value,
        segment=sample.segment,
        detail=sample.detail,
    )


def _mark(sample: Sample) -> Mark:
    return Mark(sample.timestep, sample.time, sample.segment)


def steps_passed(mark: Mark, sample: Sample | Mark) -> float:
    """A duration that cannot be known counts as over: better an early alert than none."""
    if mark.timestep is None or sample.timestep is None:
        return math.inf
    return sample.timestep - mark.timestep


def seconds_passed(mark: Mark, sample: Sample | Mark) -> float:
    if mark.time is None or sample.time is None:
        return math.inf
    return sample.time - mark.time
