"""The open runbook procedure: its checks are made in threads of their own, its steps recorded by the clerk.

Traps avoided: a check that hangs (a dead network disk) and holds up the others, the clerk or the screen; a
result of the run that was open before.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from console.messages import DesksChanged, WorkDone, WorkFailed
from core.clock import utc_now
from core.errors import ConsoleError, UnreadableError, UsageError
from core.runbook.causes import RankedCause, rank_causes
from core.runbook.context import Context, Sensed
from core.runbook.escalation import PATHS, EscalationPath, message
from core.runbook.scenario import Scenario, SensorId, Step, scenarios
from core.runbook.sense import sense
from core.store.steps import StepTaken
from core.text import visible

if TYPE_CHECKING:
    from console.session import ConsoleSession
    from console.snapshot import Snapshot
    from core.telemetry.model import Run
    from core.workspace import Workspace

Procedure = Scenario | EscalationPath
PATIENCE = 20.0
"""Seconds after which a check that has not answered is said to be unknown."""
NO_RUN = "the run has not been read yet"


class RunbookState(msgspec.Struct, frozen=True):
    """What is known of the open procedure; replaced whole."""

    procedure: str = ""
    """A scenario's or a path's id; empty: none is open."""
    sensed: dict[str, Sensed] = {}
    """By step id, as far as the checks have answered."""
    waiting: int = 0
    """Checks that have not answered yet …"""
    checks: int = 0
    """… of so many."""
    looked_at: datetime | None = None
    """When the checks were begun."""
    causes: tuple[RankedCause, ...] = ()
    """Likeliest first."""
    taken: dict[str, StepTaken] = {}
    """By step id: the newest time it was taken for this run."""
    message: str = ""
    """An escalation's text to send."""
    problem: str = ""
    doing: str = ""
    """What the console does at the moment, in words."""


def find_procedure(name: str) -> Procedure | None:
    return PATHS.get(name) or scenarios().get(name)


class RunbookDesk:
    def __init__(self, session: ConsoleSession) -> None:
        self._session = session
        self._lock = threading.Lock()
        self._round = 0
        self._context: Context | None = None
        self.state = RunbookState()

    def open(self, name: str) -> None:
        """Open a procedure and make its checks."""
        if name != self.state.procedure:
            self._put(RunbookState(procedure=name))
        self.look()

    def look(self) -> None:
        """Make the checks again, each in a thread of its own, and read which steps were taken."""
        procedure = find_procedure(self.state.procedure)
        snapshot = self._session.snapshot
        if procedure is None:
            return
        if snapshot is None:
            self._change(problem=NO_RUN)
            return
        context = self._context = self._context_of(snapshot)
        sensors: dict[SensorId, list[str]] = {}
        for step in procedure.steps:
            if step.sense is not None:
                sensors.setdefault(step.sense, []).append(step.id)
        with self._lock:
            self._round += 1
            number = self._round
        self._change(
            sensed={},
            waiting=len(sensors),
            checks=len(sensors),
            looked_at=context.now,
            problem="",
            causes=_causes(procedure, context, {}),
            message=_message(procedure, context, self.state),
        )
        for sensor, steps in sensors.items():
            self._thread(partial(self._sense, number, sensor, steps, context))
        patience = threading.Timer(PATIENCE, self._give_up, (number, sensors))
        patience.daemon = True
        patience.start()
        self.refresh()

    def refresh(self) -> None:
        """Read which steps were taken, here or on another console (in the clerk's thread)."""
        if self.state.procedure:
            self._session.clerk.submit(self._read_taken, asked=False)

    def take(self, step: Step, note: str, occasion: str) -> None:
        """Record a step; its journal line goes to `alerts.log`."""
        from core.runbook.record import journal_path, take_step

        procedure = self.state.procedure

        def job() -> None:
            store, snapshot = self._session.clerk.require_store(), self._required_run()
            journal = journal_path(self.own_workspace, snapshot)
            done = take_step(
                store, snapshot, procedure, step, utc_now(), journal=journal, note=note, occasion=occasion
            )
            self._read_taken()
            where = "in alerts.log and in the audit log" if done.line else "in the audit log"
            self._session.mailbox.send(WorkDone(f"recorded, {where}: {done.line or step.line}"))

        self._session.clerk.submit(job)

    def do(self, step: Step, note: str, occasion: str) -> None:
        """Let the console do a step that was confirmed: stop, back up. It may take a minute."""
        from core.runbook.deeds import WORDS, do_deed

        deed, procedure = step.deed, self.state.procedure

        def work() -> None:
            workspace = self.own_workspace
            if deed is None or workspace is None:
                raise UsageError("the console does this only for the run of its workspace")
            store, run = self._session.clerk.require_store(), self._required_run()
            done = do_deed(
                deed,
                workspace,
                store,
                run.info.id,
                utc_now(),
                confirmed=True,
                procedure=procedure,
                step=step,
                occasion=occasion,
                note=note,
            )
            self._session.mailbox.send(WorkDone(f"done and recorded: {done.text}"))

        def guarded() -> None:
            try:
                work()
            except ConsoleError as error:
                self._session.mailbox.send(WorkFailed(error))
            except Exception as error:  # noqa: BLE001 - the screen says what went wrong, and goes on
                words = visible(f"{WORDS[deed] if deed else step.text}: {type(error).__name__}: {error}", 300)
                self._session.mailbox.send(WorkFailed(UnreadableError(words)))
            self._change(doing="")
            self.look()

        self._change(doing=WORDS[deed] if deed is not None else step.text)
        self._thread(guarded)

    @property
    def own_workspace(self) -> Workspace | None:
        """The workspace whose own run is followed; None for a foreign run."""
        workspace = self._session.workspace
        own = workspace is not None and self._session.target == workspace.logs
        return workspace if own else None

    def _required_run(self) -> Run:
        if self._session.snapshot is None:
            raise UsageError(NO_RUN)
        return self._session.snapshot.run

    def _context_of(self, snapshot: Snapshot) -> Context:
        return Context(
            self.own_workspace,
            self._session.settings,
            snapshot.run,
            snapshot.health,
            utc_now(),
            snapshot.alerts,
            judged=snapshot.known_alerts is not None,
        )

    # In the threads.

    def _thread(self, work: Callable[[], None]) -> None:
        threading.Thread(target=work, name="runbook", daemon=True).start()

    def _sense(self, number: int, sensor: SensorId, steps: list[str], context: Context) -> None:
        try:
            found = sense(sensor, context)
        except Exception as error:  # noqa: BLE001 - one check that fails says so beside its step
            found = Sensed("unknown", visible(f"could not look: {type(error).__name__}: {error}", 200))
        self._answered(number, dict.fromkeys(steps, found))

    def _give_up(self, number: int, sensors: Mapping[SensorId, list[str]]) -> None:
        late = Sensed("unknown", f"no answer within {PATIENCE:.0f} s; f5 looks again")
        for steps in sensors.values():
            if number == self._round and steps[0] not in self.state.sensed:
                self._answered(number, dict.fromkeys(steps, late))

    def _answered(self, number: int, found: dict[str, Sensed]) -> None:
        with self._lock:
            state = self.state
            procedure, context = find_procedure(state.procedure), self._context
            if number != self._round or procedure is None or context is None:
                return
            known = set(found) <= set(state.sensed)
            sensed = {**state.sensed, **found}
            self.state = msgspec.structs.replace(
                state,
                sensed=sensed,
                waiting=state.waiting - (0 if known else 1),
                causes=_causes(procedure, context, sensed),
                message=_message(procedure, context, msgspec.structs.replace(state, sensed=sensed)),
            )
        self._session.mailbox.tell(DesksChanged)

    def _read_taken(self) -> None:
        store, snapshot = self._session.clerk.store, self._session.snapshot
        if store is None or snapshot is None:
            return
        steps = store.steps_taken(snapshot.run.info.id)
        with self._lock:
            state = self.state
            taken = {each.step: each for each in steps if each.procedure == state.procedure}
            procedure, context = find_procedure(state.procedure), self._context
            state = msgspec.structs.replace(state, taken=taken)
            if procedure is not None and context is not None:
                state = msgspec.structs.replace(state, message=_message(procedure, context, state))
            self.state = state
        self._session.mailbox.tell(DesksChanged)

    def _put(self, state: RunbookState) -> None:
        with self._lock:
            self.state = state
        self._session.mailbox.tell(DesksChanged)

    def _change(self, **changes: object) -> None:
        with self._lock:
            self.state = msgspec.structs.replace(self.state, **changes)
        self._session.mailbox.tell(DesksChanged)


def _causes(procedure: Procedure, context: Context, sensed: Mapping[str, Sensed]) -> tuple[RankedCause, ...]:
    if isinstance(procedure, EscalationPath):
        return ()
    return tuple(rank_causes(procedure, context, sensed))


def _message(procedure: Procedure, context: Context, state: RunbookState) -> str:
    if not isinstance(procedure, EscalationPath):
        return ""
    return message(procedure, context, list(state.taken.values()), state.sensed)
