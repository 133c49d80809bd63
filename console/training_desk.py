"""Starting, resuming and stopping the training for the screen, on threads of their own.

Each deed is the command's own (`core.training.operate`): same gates, same audit entries. Trap avoided: a stop
that waits a minute for a clean end while ticks and acknowledgements wait behind it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from console.keyboard import key_of
from console.states import TrainingPhase, TrainingState
from core.clock import utc_now
from core.errors import ConsoleError, UnreadableError, UsageError
from core.text import visible

if TYPE_CHECKING:
    from core.checklist.model import ChecklistResult
    from core.process import ProcessIdentity
    from core.store.database import Store
    from core.training.plan import TrainRequest
    from core.workspace import Workspace


class TrainingDesk:
    """`changed` is called in a thread whenever `state` was replaced; `tell` and `complain`
    with how a deed ended."""

    def __init__(
        self,
        workspace: Workspace | None,
        require_store: Callable[[], Store],
        changed: Callable[[], None],
        tell: Callable[[str], None],
        complain: Callable[[ConsoleError], None],
    ) -> None:
        self._workspace = workspace
        self._require_store = require_store
        self._changed = changed
        self._tell = tell
        self._complain = complain
        self._job = 0
        self._lock = threading.Lock()
        self._starting: threading.Thread | None = None
        self.state = TrainingState()

    # Intents; each returns at once.

    def look(self) -> None:
        """What can be done now, and the preflight where something can be started."""
        self._begin("looking", self._look)

    def start(self, request: TrainRequest, *, fresh: bool) -> None:
        self._begin("starting", lambda job: self._start(job, request, fresh), "looking at the preflight")

    def stop(self, *, force: bool) -> None:
        """End the training that the last look saw. By force also while it is being asked for a clean end."""
        situation = self.state.situation
        record = situation.record if situation is not None else None
        seen = record.process if record is not None else None
        self._begin("stopping", lambda job: self._stop(job, force, seen), hurry=force)

    def join(self, timeout: float) -> None:
        """Wait for a start that is under way, so that it is on record whole. A stop goes on by itself."""
        thread = self._starting
        if thread is not None:
            thread.join(timeout)

    # In a thread.

    def _look(self, job: int) -> None:
        from core.training.operate import look

        workspace = self._reopened()
        situation = look(workspace, utc_now())
        self._put(job, situation=situation, preflight=None)
        preflight = None
        if {"start", "fresh", "resume"} & set(situation.offers):
            preflight = self._preflight(workspace, None)
        self._put(job, phase="idle", preflight=preflight)

    def _start(self, job: int, request: TrainRequest, fresh: bool) -> None:
        from core.training.operate import check_start, launch

        store, workspace = self._require_store(), self._reopened()
        check_start(workspace, request, fresh=fresh)
        preflight = self._preflight(workspace, request.timesteps)
        self._put(job, preflight=preflight, words="starting the process")
        moved: list[str] = []
        identity = launch(workspace, store, request, preflight, utc_now(), fresh=fresh, say=moved.append)
        did = "goes on" if request.resume else "runs"
        self._done(job, "; ".join([f"the training {did} as process {identity.pid}", *moved]))

    def _stop(self, job: int, force: bool, seen: ProcessIdentity | None) -> None:
        from core.training.control import ENDED
        from core.training.operate import CLEAN_AFTER, FORCE_AFTER, end

        def say(words: str) -> None:
            self._put(job, words=words)

        store, workspace = self._require_store(), self._reopened()
        outcome = end(
            workspace,
            store,
            utc_now(),
            force=force,
            timeout=FORCE_AFTER if force else CLEAN_AFTER,
            expected=seen,
            say=say,
        )
        self._done(job, f"the training is stopped: {ENDED[outcome]}")

    def _preflight(self, workspace: Workspace, timesteps: int | None) -> ChecklistResult:
        from core.checklist import probe
        from core.checklist.preflight import run_preflight

        return run_preflight(
            workspace, self._require_store(), utc_now(), timesteps=timesteps, probe=probe.run_probe
        )

    def _reopened(self) -> Workspace:
        """With the configuration as it is on disk now, as a command would find it."""
        from core.workspace import open_workspace

        if self._workspace is None:
            raise UsageError(
                "training needs a workspace", hint=f"{key_of('workspace.save')} saves this run as one."
            )
        return open_workspace(self._workspace.root, self._workspace.root)

    # State. Each job has a number; what an overtaken one still says is dropped.

    def _begin(
        self, phase: TrainingPhase, work: Callable[[int], None], words: str = "", *, hurry: bool = False
    ) -> None:
        """Unless a deed is under way, which only a stop in a hurry overtakes; a look gives way to a deed."""
        with self._lock:
            overtakes = hurry and self.state.phase == "stopping"
            if not overtakes and (self.state.busy or self.state.phase == phase):
                return
            self._job = job = self._job + 1
            self.state = msgspec.structs.replace(
                self.state, phase=phase, words=words, since=utc_now(), error=None
            )
        self._changed()
        thread = threading.Thread(target=self._guarded, args=(work, job), name="training", daemon=True)
        if phase == "starting":
            self._starting = thread
        thread.start()

    def _guarded(self, work: Callable[[int], None], job: int) -> None:
        try:
            work(job)
        except ConsoleError as error:
            self._fail(job, error)
        except Exception as error:  # noqa: BLE001 - whatever went wrong, the dialog must say so
            words = visible(f"{type(error).__name__}: {error}", 300)
            self._fail(job, UnreadableError(f"something unforeseen happened: {words}"))

    def _fail(self, job: int, error: ConsoleError) -> None:
        if self._put(job, phase="idle", words="", error=error):
            self._complain(error)

    def _done(self, job: int, words: str) -> None:
        if self._put(job, phase="idle", words=words, error=None, deeds=self.state.deeds + 1):
            self._tell(words)

    def _put(self, job: int, **changes: object) -> bool:
        with self._lock:
            if job != self._job:
                return False
            self.state = msgspec.structs.replace(self.state, **changes)
        self._changed()
        return True
