"""The demo's guide line: what to press now, derived from facts, never from a script.

Trap avoided: a guide that says "press a" when no alert fires. Each step has a fact that makes it due and one
that shows it was done.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from console.keyboard import key_of
from console.keys import ALERTS, CHECKLIST, DASHBOARD, LOGS, REVALIDATE, STANDUP

if TYPE_CHECKING:
    from console.snapshot import Snapshot
    from console.states import ChecklistState, RevalidationState
    from core.revalidation.result import RevalidationResult


@dataclass(frozen=True, slots=True)
class AppState:
    """What a guide may look at."""

    screen: int
    snapshot: Snapshot | None
    checklists: ChecklistState
    revalidation: RevalidationState


class Guide(Protocol):
    def hint(self, app_state: AppState) -> str:
        """One line for the operator; empty shows none."""
        ...


class DemoGuide:
    """One thing at a time: what waits for a person first, then the way from the run to the decision."""

    def __init__(self, again: str = "ppo-console demo --fresh") -> None:
        """`again`: the command that begins the demo anew, as it can be typed here."""
        self._again = again

    def hint(self, app_state: AppState) -> str:
        for step in _STEPS:
            if words := step(app_state):
                return words.replace(_HERE, self._again)
        return ""


_ENDED = ("FINISHED", "STOPPED")


def _status(state: AppState) -> str:
    return state.snapshot.health.status if state.snapshot is not None else ""


def _timestep(state: AppState) -> int:
    return state.snapshot.run.timestep or 0 if state.snapshot is not None else 0


def _judging(state: AppState) -> str:
    phase = state.revalidation.phase
    if state.revalidation.busy:
        cancels = f"{key_of('app.back')} cancels"
        if state.screen != REVALIDATE:
            cancels = f"{key_of('screen.revalidate')} shows it; there {cancels}"
        return f"Demo: the model is being judged on candles it never saw. {cancels}."
    if phase == "failed":
        where = "The screen" if state.screen == REVALIDATE else key_of("screen.revalidate")
        why = f"{where} says why"
        return f"Demo: the revalidation could not run. {why}. {key_of('revalidate.start')} tries again."
    return ""


def _waiting(state: AppState) -> str:
    if state.snapshot is None:
        return "Demo: the run is being read."
    if _status(state) in ("ABSENT", "RUNNING") and _timestep(state) == 0:
        return "Demo: a real PPO run has started in its own process; its first row arrives in a few seconds."
    if _status(state) == "CRASHED":
        shows = "this is its log" if state.screen == LOGS else f"{key_of('screen.logs')} shows its log"
        return f"Demo: the training crashed; {shows}. {_AGAIN}"
    return ""


def _quiet(state: AppState) -> str:
    """The run says nothing new, and has not ended."""
    if state.snapshot is None or _status(state) not in ("STALLED", "SILENT"):
        return ""
    shows = "this is its log" if state.screen == LOGS else f"{key_of('screen.logs')} shows its log"
    return f"Demo: the training is {_status(state).lower()}: {state.snapshot.health.reason} {shows}."


def _acknowledge(state: AppState) -> str:
    """Due while an alert fires that nobody took."""
    if state.screen == REVALIDATE and state.revalidation.phase == "done":
        return ""
    alerts = state.snapshot.alerts if state.snapshot is not None else ()
    firing = [alert for alert in alerts if alert.firing and not alert.acknowledged and not alert.silenced]
    if not firing:
        return ""
    takes = key_of("alert.acknowledge")
    if state.screen != ALERTS:
        keys = f"{key_of('screen.alerts')}, then {takes}"
        return f"Demo: {firing[0].rule} is firing and nobody has taken it: press {keys}."
    return f"Demo: press {takes} to acknowledge {firing[0].rule}: say who looks at it, and what was found."


def _decided(state: AppState) -> str:
    result = state.revalidation.result
    if state.revalidation.phase != "done" or result is None:
        return ""
    failing = [gate.name.replace("_", " ") for gate in result.gates if gate.status != "PASS"]
    why = f"not passed: {', '.join(failing)}" if failing else "every gate passed"
    next_one = "" if state.screen == STANDUP else f" {key_of('screen.standup')} shows the standup,"
    return f"Demo: {_verdict(result)}; {why}. The reports are on disk.{next_one} {key_of('app.quit')} quits."


def _decided_before(state: AppState) -> str:
    """The run has ended and its decision was read from disk: judged at an earlier opening, or elsewhere."""
    revalidation = state.revalidation
    result = revalidation.result
    if result is None or not revalidation.earlier or _status(state) not in _ENDED:
        return ""
    if revalidation.phase == "cancelled" or state.snapshot is None:
        return ""
    if result.model.get("run") != state.snapshot.run.info.id:
        return ""
    where = "This is" if state.screen == REVALIDATE else f"{key_of('screen.revalidate')} shows"
    judges = f"{key_of('revalidate.start')} judges again"
    return f"Demo: this run was judged before: {_verdict(result)}. {where} that result; {judges}. {_AGAIN}"


def _tick(state: AppState) -> str:
    """Due until somebody ticked a manual item."""
    items = [
        item
        for result in (state.checklists.preflight, state.checklists.daily)
        if result is not None
        for item in result.items
        if item.kind != "sensed"
    ]
    if any(item.ticked_by and item.state == "pass" for item in items):
        return ""
    if state.screen == CHECKLIST:
        if not any(item.state == "pending" for item in items):
            judges = f"{key_of('revalidate.start')} judges the model"
            return f"Demo: sensed items judge themselves, with value, limit and age. {judges}."
        goes = f"{key_of('item.next_open')} goes to the next open one"
        return f"Demo: sensed items judge themselves. {goes}; {key_of('item.tick')} ticks a manual one."
    checks = key_of("screen.checklist")
    if _status(state) in _ENDED:
        judges = f"or {key_of('revalidate.start')} for the decision"
        return f"Demo: training has ended. Press {checks} for the checks due, {judges}."
    if state.screen == DASHBOARD:
        return f"Demo: watch the reward arrive. Then press {checks} for the checklist."
    return f"Demo: press {checks} for the checklist, {key_of('screen.dashboard')} for the reward."


def _finish(state: AppState) -> str:
    judges = key_of("revalidate.start")
    if state.revalidation.phase == "cancelled":
        return f"Demo: cancelled, nothing was decided. {judges} starts again."
    if _status(state) in _ENDED:
        return f"Demo: training has ended. Press {judges}: six gates decide whether the model earned GO."
    meanwhile = f"you can look around meanwhile ({key_of('app.help')} lists the keys)"
    where = f"{key_of('screen.dashboard')} shows it" if state.screen != DASHBOARD else meanwhile
    return f"Demo: training goes on; {where}. When it has finished, {judges} revalidates the model."


def _verdict(result: RevalidationResult) -> str:
    return f"{result.decision_text or result.decision}, {result.gates_passed} of {len(result.gates)} gates"


_HERE = "{again}"
_AGAIN = f"Begin again with: {_HERE}"

_STEPS: tuple[Callable[[AppState], str], ...] = (
    _judging,
    _waiting,
    _acknowledge,
    _decided,
    _decided_before,
    _quiet,
    _tick,
    _finish,
)
