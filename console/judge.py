"""The revalidation's thread: drives the computing child process and keeps where it stands.

The result is on disk and in the store before the state says `done`; only then does a banner change. Trap
avoided: an exception in a thread that leaves a progress bar standing for ever.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from console.states import RevalidationState
from core.clock import utc_now
from core.errors import CancelledError, ConsoleError, UnreadableError
from core.text import visible

if TYPE_CHECKING:
    from core.revalidation.pipeline import Progress
    from core.revalidation.result import RevalidationResult
    from core.store.database import Store
    from core.workspace import Workspace


class Judge:
    """`changed` is called from the thread whenever `state` was replaced."""

    def __init__(
        self, workspace: Workspace | None, store: Callable[[], Store | None], changed: Callable[[], None]
    ) -> None:
        self._workspace = workspace
        self._store = store
        self._changed = changed
        self._cancelled = threading.Event()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._override = ""
        self.state = RevalidationState()
        if workspace is not None:
            from console.revalidation import DEFAULT_MODEL

            self.state = RevalidationState(
                model_path=workspace.models / DEFAULT_MODEL,
                data_dir=workspace.backtest_data,
                episodes=workspace.settings.revalidation.episodes,
                policy=workspace.settings.decision.policy,
            )

    def start(self, override: str = "") -> bool:
        """Begin, unless one is under way. True when it began.

        `override`: the reason for judging although the preparation is BLOCKED; it is recorded. Without one
        the state then says `failed`, with the RejectedError that names what is open.
        """
        with self._lock:
            if self.state.busy or self._workspace is None:
                return False
            self._cancelled = threading.Event()
            self._override = override
            self.state = msgspec.structs.replace(
                self.state, phase="running", progress=None, started_at=utc_now(), finished_at=None, error=None
            )
            self._thread = threading.Thread(target=self._work, name="judge", daemon=True)
        self._changed()
        self._thread.start()
        return True

    def cancel(self) -> None:
        """Ask the child to stop; the state says `cancelled` when it did."""
        with self._lock:
            if self.state.phase != "running":
                return
            self.state = msgspec.structs.replace(self.state, phase="cancelling")
            self._cancelled.set()
        self._changed()

    def join(self, timeout: float) -> None:
        if self._thread is not None:
            self._thread.join(timeout)

    def look_back(self, workspace: Workspace) -> None:
        """Show the newest report on disk, another console's or a command's too; an unreadable one is said."""
        from core.revalidation.reports import JSON_NAME, read_result

        path = workspace.reports / JSON_NAME
        found: RevalidationResult | UnreadableError
        try:
            if not path.exists():
                return
            found = read_result(path)
        except UnreadableError as error:
            found = error
        with self._lock:
            shown = self.state.result
            if self.state.busy:
                return
            if isinstance(found, UnreadableError):
                if shown is not None:
                    return
                self.state = msgspec.structs.replace(self.state, report_problem=found)
            elif shown is None or found.generated_at > shown.generated_at:
                self.state = msgspec.structs.replace(
                    self.state, phase="idle", result=found, earlier=True, report_problem=None, error=None
                )
            else:
                return
        self._changed()

    def _work(self) -> None:
        try:
            result = self._judge()
        except CancelledError:
            self._end(phase="cancelled")
        except ConsoleError as error:
            self._end(phase="failed", error=error)
        except Exception as error:  # noqa: BLE001 - whatever went wrong, the screen must say so
            words = visible(f"{type(error).__name__}: {error}", 300)
            self._end(
                phase="failed",
                error=UnreadableError(f"revalidation ended unforeseen: {words}", hint="Nothing was decided."),
            )
        else:
            self._end(phase="done", result=result, earlier=False, report_problem=None)

    def _judge(self) -> RevalidationResult:
        from console.revalidation import leave_summary, prepare, record_decision, request_for
        from core.revalidation.worker import run_in_child

        store = self._store()
        detail: dict[str, Any] = {}
        if store is not None and self._workspace is not None:
            _, detail = prepare(self._workspace, store, utc_now(), override=self._override)
        request = request_for(self._workspace, store, utc_now())
        result = run_in_child(request, self._progress, self._cancelled)
        if store is not None:
            record_decision(store, result, utc_now(), detail)
        if self._workspace is not None and result.reports:
            with contextlib.suppress(ConsoleError):
                leave_summary(self._workspace, utc_now())
        return result

    def _progress(self, progress: Progress) -> None:
        with self._lock:
            self.state = msgspec.structs.replace(self.state, progress=progress)
        self._changed()

    def _end(self, **changes: object) -> None:
        with self._lock:
            self.state = msgspec.structs.replace(self.state, finished_at=utc_now(), **changes)
        self._changed()
