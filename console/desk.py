"""Checklists and standup, evaluated in the clerk's thread from the session's newest facts.

Trap avoided: two evaluations racing, so that an older one overwrites a newer tick. All of it runs on one
thread, in order.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from console.messages import ChecklistsChanged, StandupChanged, WorkDone
from console.states import ChecklistState, StandupState
from core.clock import utc_now
from core.errors import ConsoleError, UsageError

if TYPE_CHECKING:
    from datetime import datetime

    from console.session import ConsoleSession
    from core.checklist.probe import Facts
    from core.workspace import Workspace

NO_WORKSPACE = "a workspace is needed: open the console in one, or make one with `ppo-console init DIR`"


class Desk:
    def __init__(self, session: ConsoleSession) -> None:
        self._session = session
        self.checklists = ChecklistState()
        self.standup = StandupState()
        self._facts: Facts | None = None

    def evaluate(self, *, look: bool = True) -> None:
        """Evaluate preflight and today's list. `look=False`, after a tick: slow sensors keep what they saw."""
        from core.checklist.daily import run_daily
        from core.checklist.preflight import run_preflight

        workspace = self._session.workspace
        if workspace is None:
            self._put(ChecklistState(problem=NO_WORKSPACE))
            return
        now = utc_now()
        store = self._session.clerk.store
        try:
            preflight = run_preflight(workspace, store, now, probe=self._look if look else self._seen)
            snapshot = self._session.snapshot
            daily = None
            if snapshot is not None:
                daily = run_daily(
                    workspace, snapshot.run, snapshot.health, snapshot.alerts, store, now.date(), now
                )
        except ConsoleError as error:
            self._put(replace(self.checklists, problem=error.title))
            return
        self._put(ChecklistState(preflight, daily, now))

    def _look(self, workspace: Workspace, now: datetime) -> Facts:
        """Ask the probe, a child process that takes about a second."""
        from core.checklist import probe

        self._facts = probe.run_probe(workspace, now)
        return self._facts

    def _seen(self, workspace: Workspace, now: datetime) -> Facts:
        return self._facts if self._facts is not None else self._look(workspace, now)

    def fill_standup(self) -> None:
        """Fill the template from the run as it is now."""
        from core.operations.standup import build_standup

        workspace, snapshot = self._session.workspace, self._session.snapshot
        if workspace is None:
            self._put_standup(StandupState(problem=NO_WORKSPACE))
            return
        if snapshot is None:
            self._put_standup(StandupState(problem="the run has not been read yet"))
            return
        standup = build_standup(workspace, snapshot.run, snapshot.health, snapshot.alerts, utc_now())
        self._put_standup(StandupState(standup))

    def edit_standup(self, **changes: object) -> None:
        """Replace answers of the standup by what the engineer says. Small; called on the UI thread."""
        import msgspec

        if self.standup.standup is not None:
            edited = msgspec.structs.replace(self.standup.standup, **changes)
            self._put_standup(StandupState(edited))

    def confirm_standup(self) -> None:
        """Store it with who confirmed it, and write the Markdown file."""
        import msgspec

        from core.operations.standup import save_standup

        workspace, standup = self._session.workspace, self.standup.standup
        if workspace is None or standup is None:
            raise UsageError("there is no standup to confirm", hint=NO_WORKSPACE)
        store = self._session.clerk.require_store()
        standup = msgspec.structs.replace(standup, operator=store.operator.name)
        path = save_standup(workspace, store, standup, utc_now())
        self._put_standup(StandupState(standup, path))
        self._session.mailbox.send(WorkDone(f"standup stored, and written to {workspace.relative(path)}"))

    def _put(self, state: ChecklistState) -> None:
        self.checklists = state
        self._session.mailbox.tell(ChecklistsChanged)

    def _put_standup(self, state: StandupState) -> None:
        self.standup = state
        self._session.mailbox.tell(StandupChanged)
