"""The demo's guide line: what to press now, derived from facts, never from a script.

Trap avoided: a guide that says "press a" when no alert fires. Each step has a fact that makes it due and one
that shows it was done.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from console.snapshot import Snapshot
    from console.states import ChecklistState, RevalidationState

from console.keys import ALERTS, CHECKLIST, DASHBOARD, REVALIDATE


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
    """Training → a point arrives → tick → acknowledge → revalidate → the decision and why."""

    def hint(self, app_state: AppState) -> str:
        for step in _STEPS:
            if words := step(app_state):
                return words
        return ""


def _status(state: AppState) -> str:
    return state.snapshot.health.status if state.snapshot is not None else ""


def _rows(state: AppState) -> int:
    return state.snapshot.run.timestep or 0 if state.snapshot is not None else 0


def _judging(state: AppState) -> str:
    phase = state.revalidation.phase
    if phase == "running":
        where = "" if state.screen == REVALIDATE else "5 shows it; "
        return f"Demo: the model is being judged on candles it never saw. {where}esc on screen 5 cancels."
    if phase == "failed":
        return "Demo: the revalidation could not run; screen 5 says why. R tries again."
    return ""


def _decided(state: AppState) -> str:
    result = state.revalidation.result
    if state.revalidation.phase != "done" or result is None:
        return ""
    failing = [gate.name.replace("_", " ") for gate in result.gates if gate.status != "PASS"]
    why = f"not passed: {', '.join(failing)}" if failing else "all six gates passed"
    return (
        f"Demo: {result.decision}, {result.gates_passed} of 6 gates; {why}. The reports are on disk. "
        f"6 shows the standup, q quits."
    )


def _waiting(state: AppState) -> str:
    if state.snapshot is None or (_status(state) in ("ABSENT", "RUNNING") and _rows(state) == 0):
        return "Demo: a real PPO run has started in its own process; its first row arrives in a few seconds."
    if _status(state) == "CRASHED":
        return "Demo: the training crashed; 4 shows its log."
    return ""


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
    if state.screen != CHECKLIST:
        return (
            "Demo: watch the reward arrive on the Dashboard. Then press 3 for the checklist."
            if state.screen == DASHBOARD
            else "Demo: press 3 for the checklist, 1 for the reward."
        )
    if not any(item.state == "pending" for item in items):
        return "Demo: sensed items judge themselves, with value, limit, source and age. 2 shows the alerts."
    return "Demo: sensed items judge themselves. n goes to the next open one; space ticks a manual one."


def _acknowledge(state: AppState) -> str:
    """Due while an alert fires that nobody took."""
    alerts = state.snapshot.alerts if state.snapshot is not None else ()
    firing = [alert for alert in alerts if alert.state == "firing" and not alert.acknowledged_by]
    if not firing:
        return ""
    if state.screen != ALERTS:
        return f"Demo: {firing[0].rule} is firing. Press 2 to see it."
    return f"Demo: press a to acknowledge {firing[0].rule}: say who looks at it, and what was found."


def _finish(state: AppState) -> str:
    status = _status(state)
    if state.revalidation.phase == "cancelled":
        return "Demo: cancelled, nothing was decided. R starts again."
    if status in ("FINISHED", "STOPPED"):
        return "Demo: training has ended. Press R: six gates decide whether the model earned GO."
    where = "1 shows it" if state.screen != DASHBOARD else "you can look around meanwhile (? lists the keys)"
    return f"Demo: training goes on; {where}. When it has finished, R revalidates the model."


_STEPS: tuple[Callable[[AppState], str], ...] = (
    _judging,
    _decided,
    _waiting,
    _tick,
    _acknowledge,
    _finish,
)
