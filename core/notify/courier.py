"""Delivers what waits in the outbox: its own thread, or one call at a time.

Several couriers may serve one store; each delivery is leased to one of them. A delivery that fails waits and
is tried again, until its deadline; the failure stands in the outbox, where everyone sees it. Trap avoided: an
HTTP request that holds up following and alerting.
"""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Callable, Mapping
from datetime import datetime

import msgspec

from core.clock import iso, utc_now
from core.config.settings import Notify
from core.errors import ConsoleError, UsageError
from core.notify.sender import AppriseSender, Sender
from core.notify.targets import check_targets, resolve, target_problem
from core.process import this_host
from core.store.database import Store
from core.store.outbox import Delivery

_EVERY = 1.0
_MOST = 100


class Courier:
    """`environment` holds the secrets of the targets' URLs; by default the process's own."""

    def __init__(
        self,
        store: Store,
        notify: Notify,
        *,
        sender: Sender | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._store = store
        self._notify = notify
        self._sender = sender or AppriseSender()
        self._environment = os.environ if environment is None else environment
        self._owner = f"{this_host()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.problem = "; ".join(check_targets(notify)) if notify.enabled else ""
        """What stands in the way at the moment: the configuration or the store; empty when all is well."""

    def deliver_one(self, now: datetime) -> Delivery | None:
        """Claim what is due, deliver it, record the outcome; None when nothing is due.

        Raises ConsoleError for the store's sake only.
        """
        if not self._notify.enabled or not self._store.deliveries_due(now):
            return None
        claimed = self._store.claim_deliveries(self._owner, tuple(self._notify.targets), now, limit=1)
        for delivery in claimed:
            error = self._attempt(delivery)
            return self._store.finish_delivery(delivery.id, self._owner, error, now)
        return None

    def deliver(self, now: datetime) -> list[Delivery]:
        """Everything that is due at `now`."""
        done: list[Delivery] = []
        while len(done) < _MOST and (delivery := self.deliver_one(now)) is not None:
            done.append(delivery)
        return done

    def start(self, tell: Callable[[Delivery], None] | None = None) -> None:
        """Deliver from a thread of its own until `stop`; `tell` hears of each attempt, in that thread."""
        self._thread = threading.Thread(target=self._serve, args=(tell,), name="courier", daemon=True)
        self._thread.start()

    def stop(self, timeout: float = 5.0) -> None:
        """End after the delivery in hand. One that outlasts `timeout` is left to its lease."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout)

    def _serve(self, tell: Callable[[Delivery], None] | None) -> None:
        configured = self.problem
        while not self._stop.is_set():
            try:
                delivery = self.deliver_one(utc_now())
                self.problem = configured
            except ConsoleError as error:
                self.problem, delivery = error.title, None
            except Exception as error:  # noqa: BLE001 - a courier that ended would tell nobody that it did
                # Its text may hold an address with a secret.
                self.problem, delivery = f"notifications fail: {type(error).__name__}", None
            if delivery is None:
                self._stop.wait(_EVERY)
            elif tell is not None:
                tell(delivery)

    def _attempt(self, delivery: Delivery) -> str:
        problem = target_problem(delivery.target, self._notify.targets[delivery.target])
        if problem:
            return problem
        try:
            target = resolve(delivery.target, self._notify.targets[delivery.target], self._environment)
        except UsageError as error:
            return error.title
        kind = "resolved" if delivery.state == "resolved" else delivery.severity
        return self._sender.send(target, delivery.title, delivery.body, kind)


class TestResult(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a test message; without secrets."""

    __test__ = False

    target: str
    scheme: str
    delivered: bool
    error: str = ""


def send_test(
    notify: Notify,
    now: datetime,
    *,
    sender: Sender | None = None,
    environment: Mapping[str, str] | None = None,
) -> list[TestResult]:
    """A test message to every target, whether notifications are enabled or not.

    Raises UsageError without a target and for targets that cannot be used as they stand.
    """
    problems = check_targets(notify)
    if problems:
        raise UsageError("; ".join(problems), hint="Correct [notify.targets] in config.toml.")
    if not notify.targets:
        raise UsageError(
            "there is no target to send to", hint="Name one under [notify.targets] in config.toml."
        )
    sender = sender or AppriseSender()
    results = []
    for name, template in notify.targets.items():
        try:
            target = resolve(name, template, os.environ if environment is None else environment)
        except UsageError as error:
            results.append(TestResult(target=name, scheme="", delivered=False, error=error.title))
            continue
        body = f"A test of the target {name} from {this_host()} at {iso(now)}. Nothing is wrong."
        error_text = sender.send(target, "[TEST] ppo-console can reach you", body, "info")
        results.append(
            TestResult(target=name, scheme=target.scheme, delivered=not error_text, error=error_text)
        )
    return results
