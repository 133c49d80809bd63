"""The week behind the screens: timeline, handover, sign-off and preparation, each looked up on one thread.

Trap avoided: a look that evaluates the lists of every day, or asks a child process, in the clerk's thread,
where a tick would wait for it. What is asked for while a look is under way is looked up once more after it.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Literal

import msgspec

from console.desk import no_workspace
from console.messages import DesksChanged, WorkDone, WorkFailed
from core.clock import utc_now
from core.errors import ConsoleError, UnreadableError
from core.text import visible

if TYPE_CHECKING:
    from console.session import ConsoleSession
    from core.checklist.model import ChecklistResult
    from core.checklist.signoff import Phase, Verdict
    from core.store.database import Store
    from core.week.handover import Handover
    from core.week.timeline import Timeline
    from core.workspace import Workspace

Part = Literal["timeline", "handover", "phases", "preparation", "ahead"]
NO_RUN = "the run has not been read yet"


class WeekState(msgspec.Struct, frozen=True):
    """What is known of the week; replaced whole."""

    timeline: Timeline | None = None
    settled: frozenset[str] | None = None
    """Ids of the events ahead that are done or do not apply; None: not looked at yet."""
    handover: Handover | None = None
    """What happened since this operator last looked; opening a console is no look until it ends."""
    phases: tuple[Phase, ...] = ()
    preparation: ChecklistResult | None = None
    prepared_at: datetime | None = None
    """When `preparation` was looked at."""
    problem: str = ""
    """Why the last look did not work."""
    doing: str = ""
    """A backup under way, in words."""


class WeekDesk:
    def __init__(self, session: ConsoleSession) -> None:
        self._session = session
        self._lock = threading.Lock()
        self._wanted: set[Part] = set()
        self._working = False
        self.state = WeekState()

    def look(self, *parts: Part) -> None:
        """Look these up, on the desk's thread; returns at once."""
        with self._lock:
            self._wanted.update(parts)
            if self._working or not self._wanted:
                return
            self._working = True
        threading.Thread(target=self._work, name="week", daemon=True).start()

    def refresh(self) -> None:
        """Something was recorded: what is shown is looked up again."""
        parts: list[Part] = []
        if self.state.settled is not None:
            parts.append("ahead")
        if self.state.timeline is not None:
            parts.append("timeline")
        if self.state.phases:
            parts.append("phases")
        self.look(*parts)

    def _work(self) -> None:
        while True:
            with self._lock:
                parts, self._wanted = self._wanted, set()
                if not parts:
                    self._working = False
                    return
            try:
                self._look(parts)
            except ConsoleError as error:
                self._put(problem=error.title)
            except Exception as error:  # noqa: BLE001 - one failed look must not end the desk
                self._put(
                    problem=visible(f"something unforeseen happened: {type(error).__name__}: {error}", 300)
                )

    def _look(self, parts: set[Part]) -> None:
        workspace = self._session.workspace
        if workspace is None:
            self._put(problem=no_workspace())
            return
        if "ahead" in parts:
            self._ahead(workspace)
            if parts == {"ahead"}:
                return
        store = self._session.clerk.awaited_store()
        if "preparation" in parts:
            self._prepare(workspace, store)
        if "phases" in parts:
            from core.checklist.signoff import sign_off_table

            self._put(phases=sign_off_table(workspace, store), problem="")
        known = "handover" in parts and store.since_last_look().since is not None
        if "timeline" in parts or known:  # what fell due matters to who has looked before
            self._timeline(workspace, store)
        if "handover" in parts:
            from core.week.handover import build_handover

            timeline = self.state.timeline if known else None
            self._put(handover=build_handover(store, utc_now(), timeline=timeline))

    def _prepare(self, workspace: Workspace, store: Store) -> None:
        from core.checklist.day import run_day_list

        snapshot, now = self._session.snapshot, utc_now()
        started = snapshot.run.info.started_at if snapshot is not None else None
        found = run_day_list("preparation", workspace, store, None, now, started_at=started)
        self._put(preparation=found, prepared_at=now, problem="")

    def _ahead(self, workspace: Workspace) -> None:
        """Also without a store: then what it holds is not known, and the run alone tells."""
        from core.week.timeline import settled_ahead

        store: Store | None = None
        with contextlib.suppress(ConsoleError):
            store = self._session.clerk.awaited_store()
        if (snapshot := self._session.snapshot) is not None:
            found = settled_ahead(workspace, snapshot.run, snapshot.health, store, utc_now())
            self._put(settled=found)

    def _timeline(self, workspace: Workspace, store: Store) -> None:
        from core.week.timeline import build_timeline

        snapshot = self._session.snapshot
        if snapshot is None:
            self._put(problem=NO_RUN)
            return
        found = build_timeline(
            workspace,
            snapshot.run,
            snapshot.health,
            snapshot.known_alerts,
            store,
            utc_now(),
            preparation=self.state.preparation,
        )
        self._put(timeline=found, problem="")

    # Deeds.

    def sign(self, shown: Phase, *, name: str, role: str, verdict: Verdict, note: str) -> None:
        """Enter a signature into the audit log, under what the signer was shown."""
        workspace = self._session.workspace

        def job() -> None:
            from core.checklist.signoff import sign

            store = self._session.clerk.require_store()
            if workspace is None:
                return
            given = sign(
                workspace,
                store,
                shown.phase,
                utc_now(),
                name=name,
                role=role,
                verdict=verdict,
                note=note,
                shown=shown.hash,
            )
            words = f"{given.verdict} by {given.name} ({given.role}): {given.what}, {given.hash[:12]}"
            self._session.mailbox.send(WorkDone(words))
            self.look("phases", "timeline", "ahead")

        self._session.clerk.submit(job)

    def backup(self) -> None:
        """Copy the models, on a thread of its own: they may be large."""
        if not self.state.doing:
            self._put(doing="the models are being copied")
            threading.Thread(target=self._backup, name="backup", daemon=True).start()

    def _backup(self) -> None:
        def job() -> str:
            from core.operations.model_backup import backup_models

            workspace = self._session.workspace
            store = self._session.clerk.awaited_store()
            if workspace is None:
                return no_workspace()
            path, manifest, made = backup_models(workspace, store, utc_now())
            what = "backed up to" if made else "are backed up already in"
            return f"the models {what} {workspace.relative(path)}, {len(manifest.files)} hashes verified"

        self._guarded(job)
        self._put(doing="")
        if self.state.preparation is not None:
            self.look("preparation")

    def _guarded(self, job: Callable[[], str]) -> None:
        send = self._session.mailbox.send
        try:
            send(WorkDone(job()))
        except ConsoleError as error:
            send(WorkFailed(error))
        except Exception as error:  # noqa: BLE001 - whatever went wrong, the footer must say so
            words = visible(f"something unforeseen happened: {type(error).__name__}: {error}", 300)
            send(WorkFailed(UnreadableError(words, hint="Nothing was recorded.")))

    def forget_handover(self) -> None:
        """It is to be looked up anew."""
        self._put(handover=None, problem="")

    def saw_all(self) -> None:
        """This operator has seen what is recorded now."""

        def job() -> None:
            self._session.clerk.require_store().mark_look(utc_now())

        self._session.clerk.submit(job)

    def _put(self, **changes: object) -> None:
        with self._lock:
            self.state = msgspec.structs.replace(self.state, **changes)
        self._session.mailbox.tell(DesksChanged)
