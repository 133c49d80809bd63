"""A rule's state beside its newest firing on record: what another console, or this one before a restart, saw.

Trap avoided: a rule about the present that fires anew with each console that looks, or one that falls silent
with a restart.
"""

from __future__ import annotations

from dataclasses import replace

from core.alerts.machine import Mark, State
from core.store.alert_states import Firing


def adopted(state: State, known: Firing) -> State:
    """The state of a rule about the present, with what is on record of it taken over."""
    if known.open and state.name != "firing":
        return firing(known, detail=known.message)
    if not known.open and state.name == "firing" and state.generation <= known.generation:
        ended = known.resolved_at.timestamp() if known.resolved_at else None
        return State("resolved", known.generation, since=Mark(None, ended, 0))
    if known.generation > state.generation:
        return replace(state, generation=known.generation)
    return state


def shown(state: State, known: Firing | None) -> State:
    """The state; for a rule whose data is gone since a restart, the firing that is on record."""
    if state.name in ("inactive", "nodata") and known is not None and known.open:
        return replace(firing(known), no_data=True)
    return state


def firing(known: Firing, detail: str = "") -> State:
    """As it stands on record."""
    since = Mark(known.timestep, known.at.timestamp(), 0)
    return State("firing", known.generation, since=since, value=known.value, detail=detail)
