"""Checklists and standup, evaluated in the clerk's thread from the session's newest facts.

Trap avoided: two evaluations racing, so that an older one overwrites a newer tick. They run on one thread, in
order; only the slow sensors look from another.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import msgspec

from console.messages import ChecklistsChanged, StandupChanged, WorkDone
from console.states import ChecklistState, StandupState
from core.clock import utc_now
from core.errors import ConsoleError, UsageError
from core.workspace import Workspace

if TYPE_CHECKING:
    from console.session import ConsoleSession
    from core.checklist.probe import Facts

NO_WORKSPACE = "a workspace is needed: open the console in one, or make one with `ppo-console init DIR`"


class Desk:
    def __init__(self, session: ConsoleSession) -> None:
        self._session = session
        self.checklists = ChecklistState()
        self.standup = StandupState()
        self._facts: Facts | None = None
        self._looking = threading.Lock()

    def look(self) -> None:
        """Ask the slow sensors (a child process, about a second) on a thread of their own, then evaluate.

        Meanwhile the clerk goes on: a tick or an acknowledgement does not wait for a look.
        """
        if self._session.workspace is not None and not self._looking.locked():
            threading.Thread(target=self._probe, args=(self._session.workspace,), daemon=True).start()
        self.evaluate()

    def _probe(self, workspace: Workspace) -> None:
        from core.checklist import probe
        from core.checklist.context import read_settings

        with self._looking:
            settings, _problem = read_settings(workspace)
            current = Workspace(workspace.root, settings or workspace.settings)
            self._facts = probe.run_probe(current, utc_now())
        self._session.clerk.submit(self.evaluate)

    def evaluate(self) -> None:
        """Evaluate today's list, and preflight with what the slow sensors saw last."""
        from core.checklist.daily import run_daily
        from core.checklist.preflight import run_preflight

        workspace = self._session.workspace
        if workspace is None:
            self._put(ChecklistState(problem=NO_WORKSPACE))
            return
        now = utc_now()
        store = self._session.clerk.store
        preflight, daily, facts = None, None, self._facts
        try:
            if facts is not None:
                preflight = run_preflight(workspace, store, now, probe=lambda _workspace, _now: facts)
            snapshot = self._session.snapshot
            if snapshot is not None:
                daily = run_daily(
                    workspace, snapshot.run, snapshot.health, snapshot.alerts, store, now.date(), now
                )
        except ConsoleError as error:
            self._put(msgspec.structs.replace(self.checklists, problem=error.title))
            return
        self._put(ChecklistState(preflight, daily, now))

    def evidence_of(self, item_id: str) -> str:
        """What a tick of this item rests on, as last evaluated; empty where nothing is known of it."""
        lists = (self.checklists.preflight, self.checklists.daily)
        items = (item for result in lists if result is not None for item in result.items)
        return next((item.evidence for item in items if item.id == item_id), "")

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
