"""The follower's thread: files → run, health, alerts, host → one snapshot, whenever something changed.

A thread of its own, not a task of the app's loop: a stalled terminal stops the loop, and following and
alerting must go on. The first look is the run alone, so that its values stand on the screen soon; the rest
comes after `go_on`. Trap avoided: a look that fails in a way nobody foresaw and ends the following with it.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from console.alert_watch import AlertWatch
from console.log_tail import LogTail
from console.snapshot import Snapshot
from console.wakes import wakes
from core.clock import utc_now
from core.errors import ConsoleError, UnreadableError
from core.text import visible

if TYPE_CHECKING:
    from core.alerts.look import DataFacts
    from core.alerts.rule import Rule
    from core.alerts.view import AlertView
    from core.config.settings import Settings
    from core.store.alert_states import Firing
    from core.store.database import Store
    from core.telemetry.health import Health
    from core.telemetry.host import Host
    from core.telemetry.model import Run
    from core.telemetry.reader import RunReader
    from core.workspace import Workspace

HOST_EVERY = 5.0
HOST_AGAIN = 1.0
"""Seconds to a second look at a training process: its CPU is what it took between two of them."""
PUBLISH_EVERY = 0.5
"""At most two snapshots a second."""
BUDGET = 0.1
"""Seconds of reading between two looks at whether to stop."""
RELEASE_EVERY = 60.0
"""Seconds between two times that freed memory goes back to the system."""
PATIENCE = 1.5
"""Seconds that the first look waits for `go_on`: whatever the screen does, alerting begins then."""


class Follower:
    """Follows the run at `target` until stopped. `publish` is called in the follower's thread."""

    def __init__(
        self,
        target: Path,
        workspace: Workspace | None,
        settings: Settings,
        store: Callable[[], Store | None],
        store_settled: threading.Event,
        complain: Callable[[ConsoleError], None],
        publish: Callable[[Snapshot], None],
    ) -> None:
        own = workspace is not None and target == workspace.logs
        self.target = target
        self.logs = log_tails(target)
        self._checkpoints = workspace.checkpoints if workspace is not None and own else None
        self._models = workspace.models if workspace is not None and own else None
        self._settings = settings
        self._store_settled = store_settled
        self._folders: tuple[Path, ...] = (target,)
        if workspace is not None:
            self._folders = tuple(dict.fromkeys((target, workspace.checkpoints, workspace.root)))
        self._complain = complain
        self._publish = publish
        self._watch = AlertWatch(workspace, settings, store, own=own, complain=self._say_once)
        self.look_every: float | None = None
        """Seconds between two looks on a slow line; None: on each change, twice a second at most."""
        self._stop = threading.Event()
        self._looked = threading.Event()
        self._rest = threading.Event()
        self._reader: RunReader | None = None
        self._host: Host | None = None
        self._host_at = -HOST_EVERY
        self._began = 0.0
        """When the rest was begun with."""
        self._revision = 0
        self._told: tuple[object, ...] = ()
        self._alerts: tuple[AlertView, ...] = ()
        self._firings: tuple[Firing, ...] = ()
        self._judged = False
        self._unjudged: str | None = None
        self._unread = False
        """There is more to read at once."""
        self._fresh_lines = 0
        self._said = ""
        self._last: Snapshot | None = None
        self._publishing = threading.Lock()
        self._thread = threading.Thread(target=self._follow, name="follower", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wait_first(self, seconds: float) -> None:
        """Until the first look was made, or `seconds` are over (a slow disk)."""
        self._looked.wait(seconds)

    def go_on(self) -> None:
        """The first values stand on the screen: look at the rest too."""
        self._rest.set()

    def stop(self) -> None:
        self._stop.set()
        self._rest.set()

    def join(self, timeout: float) -> None:
        self._thread.join(timeout)

    def acknowledge(self, alert_key: str, note: str, now: datetime) -> None:
        """Store the acknowledgement and publish it at once (the clerk's thread). Raises ConsoleError."""
        self._watch.acknowledge(alert_key, note, now)
        self._publish_alerts(now)

    @property
    def data_facts(self) -> DataFacts | None:
        """What the newest check of the training data found."""
        return self._watch.data_facts

    def use_rules(self, rules: Mapping[str, Rule]) -> None:
        """Judge by these from the next look on (any thread)."""
        self._watch.use_rules(rules)

    def refresh_alerts(self, now: datetime) -> None:
        """Show what another console acknowledged or silenced (the clerk's thread)."""
        self._watch.refresh(now)
        if self._watch.alerts() != self._alerts:
            self._publish_alerts(now)

    def _publish_alerts(self, now: datetime) -> None:
        with self._publishing:
            self._alerts = self._watch.alerts()
            if self._last is not None:
                self._last = msgspec.structs.replace(self._last, alerts=self._alerts, taken_at=now)
                self._publish(self._last)

    def _follow(self) -> None:
        published, released = 0.0, time.monotonic()
        for _ in wakes(self.target, self._stop, lambda: self._unread):
            if self._stop.is_set():
                break
            wait = (self.look_every or PUBLISH_EVERY) - (time.monotonic() - published)
            if wait > 0 and not self._unread and self._stop.wait(wait):
                break
            if self._look_guarded():
                published = time.monotonic()
            if not self._looked.is_set():
                self._looked.set()
                self._rest.wait(PATIENCE)
                published = 0.0
            if time.monotonic() - released >= RELEASE_EVERY:
                self._release()
                released = time.monotonic()
        if self._reader is not None:
            self._reader.close()
        for tail in self.logs:
            tail.close()
        self._watch.close()

    def _look_guarded(self) -> bool:
        """A look that fails in a way nobody foresaw is said once, and the next second looks again."""
        try:
            return self._look(utc_now())
        except Exception as error:  # noqa: BLE001 - the thread that follows must outlive any file
            self._unread = False
            self._say_once(_unforeseen("the run could not be followed", error))
            return False

    def _look(self, now: datetime) -> bool:
        """One look at everything; publishes when something reads differently. True when it did."""
        problem = None
        changed = False
        try:
            reader = self._open_reader(now)
            changed = self._read(reader, now)
            run = reader.run
        except ConsoleError as error:
            problem = error.title
            run = self._reader.run if self._reader is not None else self._absent()
            if self._rest.is_set():
                self._judge(run, now)
        if changed:
            self._revision += 1
        return self._tell(run, self._assess(run, now), problem, now)

    def _read(self, reader: RunReader, now: datetime) -> bool:
        """Poll until all is read, a picture is due, or the console is closed; judge the rows of each poll.

        The first look is one poll, of the ends of the files, and judges nothing.
        """
        began = time.monotonic()
        self._unread = False
        changed = reader.poll(now, BUDGET)
        if not self._rest.is_set():
            return changed
        self._began = self._began or began
        if self._host_is_due(reader.run, began):
            self._look_at_host(reader.run)
        self._judge(reader.rules_run, now)
        while reader.reading and time.monotonic() - began < PUBLISH_EVERY and not self._stop.is_set():
            part = reader.run.history < 1.0
            changed = reader.poll(now, BUDGET) or changed
            if part and reader.run.history == 1.0:  # is shown before it is judged
                break
            self._judge(reader.rules_run, now)
        self._unread = reader.reading
        self._fresh_lines += self._take_logs(reader)
        return changed

    def _host_is_due(self, run: Run, now: float) -> bool:
        """Not before the history is read, or would take long."""
        if self._host is None and run.history < 1.0 and now - self._began < HOST_EVERY:
            return False
        trainer = self._host.trainer if self._host is not None else None
        again = trainer is not None and trainer.cpu_percent is None
        return now - self._host_at >= (HOST_AGAIN if again else HOST_EVERY)

    def _tell(self, run: Run, health: Health, problem: str | None, now: datetime) -> bool:
        """Publish when something reads differently. True when it did."""
        # An age grows each second: that alone is no news.
        alerts = tuple(msgspec.structs.replace(alert, value=None) for alert in self._alerts)
        tell = (
            self._revision,
            health.status,
            health.late,
            alerts,
            self._judged,
            self._unjudged,
            problem,
            run.info.id,
            self._host_at,
        )
        if tell == self._told and not self._fresh_lines:
            return False
        self._told, self._fresh_lines = tell, 0
        with self._publishing:
            self._last = Snapshot(
                run=run,
                health=health,
                alerts=self._alerts,
                firings=self._firings,
                host=self._host,
                taken_at=now,
                revision=self._revision,
                problem=problem,
                judged=self._judged,
                unjudged=self._unjudged,
            )
            self._publish(self._last)
        return True

    def _open_reader(self, now: datetime) -> RunReader:
        if self._reader is None:
            from core.telemetry.reader import RunReader

            self._reader = RunReader(self.target, checkpoints=self._checkpoints, models=self._models, now=now)
        return self._reader

    def _absent(self) -> Run:
        from core.telemetry.model import Run, RunInfo

        return Run(RunInfo(id="", directory=self.target))

    def _assess(self, run: Run, now: datetime) -> Health:
        from core.telemetry.health import assess

        return assess(run, self._settings.health, now)

    def _take_logs(self, reader: RunReader) -> int:
        fresh = 0
        for tail in self.logs:
            if tail.name == "training.log":
                fresh += tail.extend(reader.take_log_lines())
                tail.exists = os.path.exists(tail.path)  # noqa: PTH110 - False, not an error, where it is denied
            else:
                fresh += tail.catch_up()
        return fresh

    def _judge(self, run: Run | None, now: datetime) -> None:
        """`run` as the rules are to see it; None while a long history is read."""
        if run is None or not self._store_settled.is_set():
            return
        health = self._assess(run, now)
        try:
            self._watch.judge(run, health, self._host, now)
            self._unjudged = None
        except Exception as error:  # noqa: BLE001 - the run is shown even where its alerts cannot be judged
            problem = _unforeseen("alerts could not be judged", error)
            self._unjudged = problem.title
            self._say_once(problem)
        with self._publishing:
            self._alerts, self._firings = self._watch.alerts(), self._watch.firings()
            self._judged = run.history == 1.0 or self._judged

    def _say_once(self, problem: ConsoleError) -> None:
        if problem.title != self._said:
            self._said = problem.title
            self._complain(problem)

    def _look_at_host(self, run: Run) -> None:
        from core.telemetry.host import host_metrics, trainer_of

        self._host_at = time.monotonic()
        self._host = host_metrics(self._folders, trainer_of(run))

    @staticmethod
    def _release() -> None:
        from core import heap

        heap.release()


def _unforeseen(what: str, error: Exception) -> ConsoleError:
    words = visible(f"{what}: {type(error).__name__}: {error}", 300)
    return UnreadableError(words, hint="Following goes on; the next look is in a second.")


def log_tails(target: Path) -> tuple[LogTail, ...]:
    """The documents' three logs of a run folder; none for a single file."""
    if target.suffix in (".csv", ".json") or target.is_file():
        return ()
    return tuple(LogTail(name, target / name) for name in ("training.log", "alerts.log", "daily_summary.log"))
