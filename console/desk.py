"""Checklists and standup, evaluated in the clerk's thread from the session's newest facts.

Trap avoided: two evaluations racing, so that an older one overwrites a newer tick. They run on one thread, in
order; only the slow sensors look from another.
"""

from __future__ import annotations

import contextlib
import math
import threading
import time
from datetime import date as Date
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from console.keyboard import key_of
from console.list_keys import PREFLIGHT
from console.messages import ChecklistsChanged, StandupChanged, WorkDone, WorkFailed
from console.states import ChecklistState, StandupState
from core.clock import utc_now
from core.errors import ConsoleError, UnreadableError, UsageError
from core.text import visible
from core.workspace import Workspace

if TYPE_CHECKING:
    from console.session import ConsoleSession
    from core.checklist.facts import Facts
    from core.checklist.model import ChecklistResult

SURVEY_SECONDS = 120.0
"""Between two looks at all lists; the open one is looked at more often."""


def no_workspace() -> str:
    """What to do where there is none."""
    saves = key_of("workspace.save")
    return f"a workspace is needed: {saves} saves this run as one; ppo-console init DIR makes an empty one"


class Desk:
    def __init__(self, session: ConsoleSession) -> None:
        self._session = session
        self.checklists = ChecklistState()
        self.standup = StandupState()
        self._facts: Facts | None = None
        self._opened = ""
        self._surveyed = -math.inf
        self._lock = threading.Lock()
        self._looking = self._look_again = False

    def open(self, key: str) -> None:
        """The list that is looked at: it is evaluated with preflight and today's, from now on."""
        if key != self._opened:
            self._opened = key
            self._session.clerk.submit(self.evaluate, asked=False)

    def look(self) -> None:
        """Ask the slow sensors (a child process, about a second) on a thread of their own, then evaluate.

        Meanwhile the clerk goes on: a tick or an acknowledgement does not wait for a look. What is asked for
        while one is under way is looked at after it: that one may have seen what was before.
        """
        if (workspace := self._session.workspace) is not None:
            with self._lock:
                self._look_again, begin = self._looking, not self._looking
                self._looking = True
            if begin:
                threading.Thread(target=self._probe, args=(workspace,), daemon=True).start()
        self.evaluate()

    def _probe(self, workspace: Workspace) -> None:
        again = True
        while again:
            try:
                self._probe_all(workspace)
            except Exception as error:  # noqa: BLE001 - a thread's traceback would stand across the screen
                words = visible(f"the lists could not be looked at: {type(error).__name__}: {error}", 300)
                self._session.mailbox.send(WorkFailed(UnreadableError(words), asked=False))
            with self._lock:
                again, self._look_again = self._look_again, False
                self._looking = again

    def _probe_all(self, workspace: Workspace) -> None:
        from core.checklist import probe
        from core.checklist.context import read_settings

        settings, _problem = read_settings(workspace)
        current = Workspace(workspace.root, settings or workspace.settings)
        wanted = (*probe.PREFLIGHT_PROBES, *probe.PREPARATION_PROBES)
        self._facts = probe.run_probe(current, utc_now(), wanted=wanted)
        self._session.clerk.submit(self.evaluate, asked=False)
        if time.monotonic() - self._surveyed >= SURVEY_SECONDS:
            self._survey()
            self._surveyed = time.monotonic()

    def _survey(self) -> None:
        """Every list of the week, one after another, beside the clerk."""
        from console.list_keys import list_keys

        workspace, clerk = self._session.workspace, self._session.clerk
        clerk.settled.wait(SURVEY_SECONDS)
        if workspace is None:
            return
        for each in list_keys(workspace.settings, utc_now().date()):
            with contextlib.suppress(ConsoleError):
                result = self._list(each.key)
                if result is not None:
                    clerk.submit(partial(self._learn, each.key, result), asked=False)

    def _learn(self, key: str, result: ChecklistResult) -> None:
        """What the survey found; the open list is evaluated by the clerk, after newer ticks."""
        if key != self._opened:
            others = {**self.checklists.others, key: result}
            self._put(msgspec.structs.replace(self.checklists, others=others))

    def _list(self, key: str) -> ChecklistResult | None:
        """One list other than preflight and today's; None while the run that it needs is not known."""
        from core.checklist.lists import Look, run_list

        workspace, snapshot, now = self._session.workspace, self._session.snapshot, utc_now()
        if workspace is None or snapshot is None or key in ("", PREFLIGHT, now.date().isoformat()):
            return None
        store, run = self._session.clerk.store, snapshot.run
        if key[:1].isdigit():
            from core.checklist.daily import run_daily

            alerts, day = snapshot.known_alerts, Date.fromisoformat(key)
            return run_daily(workspace, run, snapshot.health, alerts, store, day, now)
        if key == "preparation" and self._facts is None:
            return None
        alerts = snapshot.known_alerts
        return run_list(key, Look(workspace, store, run, snapshot.health, alerts, now, self._facts))

    def evaluate(self) -> None:
        """Evaluate today's list, the open one, and preflight with what the slow sensors saw last."""
        from core.checklist.daily import run_daily
        from core.checklist.preflight import run_preflight

        workspace = self._session.workspace
        if workspace is None:
            self._put(ChecklistState(problem=no_workspace()))
            return
        now = utc_now()
        store = self._session.clerk.store
        preflight, daily, facts = None, None, self._facts
        others = self.checklists.others
        try:
            if facts is not None:
                preflight = run_preflight(workspace, store, now, probe=lambda _workspace, _now: facts)
            snapshot = self._session.snapshot
            if snapshot is not None:
                daily = run_daily(
                    workspace, snapshot.run, snapshot.health, snapshot.known_alerts, store, now.date(), now
                )
            if (opened := self._list(self._opened)) is not None:
                others = {**others, self._opened: opened}
        except ConsoleError as error:
            self._put(msgspec.structs.replace(self.checklists, problem=error.title))
            return
        self._put(ChecklistState(preflight, daily, others, now))

    def evidence_of(self, item_id: str) -> str:
        """What a tick of this item rests on, as last evaluated; empty where nothing is known of it."""
        lists = (self.checklists.preflight, self.checklists.daily, *self.checklists.others.values())
        items = (item for result in lists if result is not None for item in result.items)
        return next((item.evidence for item in items if item.id == item_id), "")

    def fill_standup(self) -> None:
        """Fill the template from the run as it is now."""
        from core.operations.standup import build_standup

        workspace, snapshot = self._session.workspace, self._session.snapshot
        if workspace is None:
            self._put_standup(StandupState(problem=no_workspace()))
            return
        if snapshot is None:
            self._put_standup(StandupState(problem="the run has not been read yet"))
            return
        standup = build_standup(workspace, snapshot.run, snapshot.health, snapshot.known_alerts, utc_now())
        self._put_standup(StandupState(standup, filled=standup))

    def edit_standup(self, **changes: object) -> None:
        """Replace answers of the standup by what the engineer says. Small; called on the UI thread."""
        import msgspec

        if self.standup.standup is not None:
            edited = msgspec.structs.replace(self.standup.standup, **changes)
            self._put_standup(StandupState(edited, filled=self.standup.filled))

    def confirm_standup(self) -> None:
        """Store it with who confirmed it, and write the Markdown file."""
        import msgspec

        from core.operations.standup import save_standup

        workspace, standup = self._session.workspace, self.standup.standup
        if workspace is None or standup is None:
            raise UsageError("there is no standup to confirm", hint=no_workspace())
        store = self._session.clerk.require_store()
        standup = msgspec.structs.replace(standup, operator=store.operator.name)
        path = save_standup(workspace, store, standup, utc_now())
        self._put_standup(StandupState(standup, filled=self.standup.filled, saved=path))
        self._session.mailbox.send(WorkDone(f"standup stored, and written to {workspace.relative(path)}"))

    def _put(self, state: ChecklistState) -> None:
        self.checklists = state
        self._session.mailbox.tell(ChecklistsChanged)

    def _put_standup(self, state: StandupState) -> None:
        self.standup = state
        self._session.mailbox.tell(StandupChanged)
