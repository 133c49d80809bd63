"""The watch: evaluates and notifies without a screen, until it is told to end.

The main thread looks, the courier's delivers; a heartbeat and, if asked, a Prometheus file say that it lives.
Traps avoided: a folder that is not there yet ending a service that shall wait for it; a full disk that stops
alerting.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from console.alerting import Look, Watcher
from console.signals import asked_to_end
from core.clock import iso, utc_now
from core.errors import ConsoleError, UnreadableError
from core.notify.courier import Courier
from core.notify.heartbeat import Heartbeat, write_heartbeat
from core.notify.prometheus import exposition, write_metrics
from core.process import this_host
from core.store.database import Store
from core.text import visible
from core.workspace import Workspace

HEARTBEAT_EVERY = 10.0


@dataclass(frozen=True)
class WatchOptions:
    target: Path | None
    interval: float
    """Seconds between two looks."""
    heartbeat: Path | None
    metrics: Path | None
    once: bool = False


class Watch:
    """`say` gets one line per event."""

    def __init__(
        self,
        workspace: Workspace | None,
        store: Store | None,
        options: WatchOptions,
        say: Callable[[str], None],
    ) -> None:
        self._workspace = workspace
        self._store = store
        self._options = options
        self._say = say
        self._stop = threading.Event()
        self._watcher: Watcher | None = None
        self._started = utc_now()
        self._told = ""
        self.exit_code = 0
        """Of what last kept it from looking, recording or writing."""
        self._unwritten = ""
        self._beaten = -HEARTBEAT_EVERY
        self._courier: Courier | None = None
        if workspace is not None and store is not None and workspace.settings.notify.enabled:
            self._courier = Courier(store, workspace.settings.notify)

    def run(self) -> Look | None:
        """Until SIGTERM, SIGINT or SIGHUP; with `once` a single look. The last look."""
        look: Look | None = None
        with asked_to_end(self._stop):
            if self._courier is not None and not self._options.once:
                self._courier.start(self._delivered)
            _tell_systemd("READY=1")
            try:
                while True:
                    look = self._look(utc_now()) or look
                    if self._options.once or self._stop.wait(self._options.interval):
                        break
            finally:
                self._end(look)
        return look

    def _look(self, now: datetime) -> Look | None:
        look, problem = None, ""
        try:
            if self._watcher is None:
                self._watcher = Watcher(self._workspace, self._options.target, self._store, now)
            look = self._watcher.look(now)
            problem = look.problem
            for each in look.transitions:
                if each.new and each.state in ("firing", "resolved"):
                    self._say(
                        f"{iso(now)} [{each.severity.upper()}] {each.rule} {each.state}: {each.message}"
                    )
            if self._courier is not None and self._options.once:
                for delivery in self._courier.deliver(now):
                    self._delivered(delivery)
        except ConsoleError as error:
            problem, self.exit_code = error.title, error.exit_code
        except OSError as error:
            problem, self.exit_code = visible(str(error), 300), UnreadableError.exit_code
        except Exception as error:
            if self._options.once:
                raise
            words = f"the run could not be looked at: {type(error).__name__}: {error}"
            problem, self.exit_code = visible(words, 300), ConsoleError.exit_code
        if self._courier is not None and not problem:
            problem = self._courier.problem
        if problem and self.exit_code == 0:
            self.exit_code = ConsoleError.exit_code
        if problem != self._told:
            self._told = problem
            self._say(f"{iso(now)} {problem or 'all is well again'}")
        self._beat(now, look, problem)
        _tell_systemd("WATCHDOG=1")
        return look

    def _beat(self, now: datetime, look: Look | None, problem: str, *, ended: bool = False) -> None:
        """Heartbeat and metrics, every ten seconds. A disk that takes neither stops nothing."""
        moment = time.monotonic()
        if not ended and moment - self._beaten < min(HEARTBEAT_EVERY, max(self._options.interval, 1.0)):
            return
        self._beaten = moment
        try:
            counts = self._store.outbox_counts() if self._store is not None else {}
            if self._options.heartbeat is not None:
                beat = self._heartbeat(now, look, problem, counts, iso(now) if ended else None)
                write_heartbeat(self._options.heartbeat, beat)
            if self._options.metrics is not None and look is not None:
                text = exposition(look.run, look.health, look.alerts, counts, now)
                write_metrics(self._options.metrics, text)
            unwritten = ""
        except ConsoleError as error:
            unwritten, self.exit_code = error.title, error.exit_code
        except Exception as error:
            if self._options.once:
                raise
            words = f"no sign of life could be written: {type(error).__name__}: {error}"
            unwritten, self.exit_code = visible(words, 300), ConsoleError.exit_code
        if unwritten != self._unwritten:
            self._say(f"{iso(now)} {unwritten or 'the signs of life are written again'}")
        self._unwritten = unwritten

    def _heartbeat(
        self, now: datetime, look: Look | None, problem: str, counts: dict[str, int], ended: str | None
    ) -> Heartbeat:
        firing = [alert for alert in look.alerts if alert.firing] if look is not None else []
        return Heartbeat(
            at=iso(now),
            started_at=iso(self._started),
            pid=os.getpid(),
            host=this_host(),
            every_seconds=max(HEARTBEAT_EVERY, self._options.interval),
            run=look.run.info.id if look is not None else "",
            status=look.health.status if look is not None else "ABSENT",
            timestep=look.run.timestep if look is not None else None,
            firing=len(firing),
            critical=sum(alert.severity == "critical" for alert in firing),
            acknowledged=sum(alert.acknowledged for alert in firing),
            waiting=counts.get("waiting", 0),
            failed=counts.get("failed", 0),
            problem=problem,
            ended_at=ended,
        )

    def _delivered(self, delivery: object) -> None:
        from core.store.outbox import Delivery

        assert isinstance(delivery, Delivery)
        what = f"{delivery.rule} #{delivery.generation} {delivery.state}"
        if delivery.status == "sent":
            self._say(f"{iso(utc_now())} told {delivery.target}: {what}")
        else:
            ends = "given up" if delivery.status == "failed" else f"again at {iso(delivery.next_at)}"
            self._say(f"{iso(utc_now())} could not tell {delivery.target}: {what}: {delivery.error} ({ends})")

    def _end(self, look: Look | None) -> None:
        _tell_systemd("STOPPING=1")
        if self._courier is not None:
            self._courier.stop()
        if not self._options.once:
            self._beat(utc_now(), look, self._told, ended=True)
        if self._watcher is not None:
            self._watcher.close()


def _tell_systemd(state: str) -> None:
    """The sd_notify protocol: a datagram to the socket that a unit of Type=notify names."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.sendto(state.encode(), address)
