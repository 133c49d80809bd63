"""The clerk's thread: opens the store, then does one small job after another with it.

Trap avoided: SQLite on the UI thread, where a second console's write would freeze the keys for as long as it
holds the lock. Jobs run in the order they were asked for; each outcome is a message.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from console.keyboard import key_of
from console.mailbox import Mailbox
from console.messages import WorkFailed
from core.errors import ConsoleError, UnreadableError, UsageError
from core.text import visible

if TYPE_CHECKING:
    from core.store.database import Store
    from core.workspace import Workspace

Job = Callable[[], None]
IDLE_EVERY = 0.5
_OPENS_WITHIN = 30.0
"""Seconds: another console may hold the lock of a new store."""
_LAST_LOOK = 0.1
"""Seconds that a look under way may still take when the console is left."""


class Clerk:
    """`idle` is called in the clerk's thread every half second between jobs."""

    def __init__(self, workspace: Workspace | None, mailbox: Mailbox, idle: Job) -> None:
        self.settled = threading.Event()
        """The store is open, or known not to open."""
        self._workspace = workspace
        self._mailbox = mailbox
        self._idle = idle
        self._opened: Store | None = None
        self._jobs: queue.SimpleQueue[tuple[Job, bool] | None] = queue.SimpleQueue()
        self._leaving = threading.Event()
        self._owed = 0
        """Jobs that were asked for and are not done yet."""
        self._paid = threading.Condition()
        self._said = ""
        """What went wrong last in the background; it is said once, until `idle` goes well again."""
        self._thread = threading.Thread(target=self._work, name="clerk", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def submit(self, job: Job, *, asked: bool = True) -> None:
        """Do `job` after the ones before it. A ConsoleError it raises becomes a WorkFailed message; `asked`:
        the operator waits for it, else it is a look that nobody asked for."""
        with self._paid:
            self._owed += asked
        self._jobs.put((job, asked))

    def stop(self) -> None:
        """Finish what was asked, then end."""
        self._leaving.set()
        self._jobs.put(None)

    def join(self, timeout: float) -> None:
        """Until what was asked is done, at most `timeout` seconds; a mere look is left where it is."""
        if self._thread.ident is None:
            return
        with self._paid:
            self._paid.wait_for(lambda: not self._owed, timeout)
        self._thread.join(_LAST_LOOK)

    @property
    def store(self) -> Store | None:
        """The open store; None without a workspace or where it could not be opened."""
        return self._opened

    def require_store(self) -> Store:
        """The store. Raises UsageError where there is none."""
        if self._opened is None:
            raise UsageError(
                "nothing can be recorded: there is no workspace with a store",
                hint=f"{key_of('workspace.save')} saves a run that has none as a workspace.",
            )
        return self._opened

    def awaited_store(self) -> Store:
        """As `require_store`, for another thread that may come before the store is open."""
        self.settled.wait(_OPENS_WITHIN)
        return self.require_store()

    def _work(self) -> None:
        self._guarded(self._open)
        self.settled.set()
        while True:
            try:
                job = self._jobs.get(timeout=IDLE_EVERY)
            except queue.Empty:
                if self._guarded(self._idle, asked=False):
                    self._said = ""
                continue
            if job is None:
                break
            work, asked = job
            if asked or not self._leaving.is_set():
                self._guarded(work, asked=asked)
            if asked:
                with self._paid:
                    self._owed -= 1
                    self._paid.notify_all()
        if self._opened is not None:
            self._opened.close()

    def _open(self) -> None:
        if self._workspace is not None:
            from console.stores import open_store

            self._opened = open_store(self._workspace)

    def _guarded(self, job: Job, *, asked: bool = True) -> bool:
        """True when it went well."""
        try:
            job()
        except ConsoleError as error:
            self._fail(error, asked)
        except Exception as error:  # noqa: BLE001 - one failed job must not end the clerk
            words = visible(f"{type(error).__name__}: {error}", 300)
            title = f"something unforeseen happened: {words}"
            unforeseen = UnreadableError(title, hint="Nothing was recorded.")
            self._fail(unforeseen, asked)
        else:
            return True
        return False

    def _fail(self, error: ConsoleError, asked: bool) -> None:
        if not asked and error.title == self._said:
            return
        if not asked:
            self._said = error.title
        self._mailbox.send(WorkFailed(error, asked=asked))
