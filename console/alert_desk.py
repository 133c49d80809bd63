"""What the Alerts screen shows besides the alerts: rules with their values, silences, notifications.

Read and written in the clerk's thread; a rule that is being edited is tried on the run's history in a thread
of its own. Trap avoided: an acknowledgement that waits behind a replay of a million rows.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from console.keyboard import key_of
from console.messages import DesksChanged, WorkDone
from core.clock import utc_now
from core.errors import ConsoleError, UsageError
from core.text import visible
from widgets.alert_words import at

if TYPE_CHECKING:
    from console.session import ConsoleSession
    from core.alerts.rule import Rule
    from core.notify.heartbeat import Heartbeat
    from core.store.outbox import Delivery
    from core.store.silences import Silence
    from core.telemetry.model import Run

DEBOUNCE = 0.25
"""Seconds of quiet typing before a threshold is tried."""
_DELIVERIES = 100
_REST = 20.0
"""The rules' values are taken again after so many times the time that they took."""


class AlertFacts(msgspec.Struct, frozen=True):
    """Replaced whole."""

    read_at: datetime | None = None
    silences: tuple[Silence, ...] = ()
    """Newest first, those that are over too."""
    deliveries: tuple[Delivery, ...] = ()
    """Newest first."""
    counts: dict[str, int] = {}
    """Notifications by status."""
    values: dict[str, float | None] = {}
    """By rule: what it would be judged by now."""
    watch: Heartbeat | None = None
    """The sign of life of a `ppo-console watch` on this store."""


class Trial(NamedTuple):
    """A threshold tried on the run's history."""

    name: str
    threshold: float
    fires: int | None = None
    """How often the rule would have fired; None for a rule that leaves no history."""
    before: int | None = None
    """How often it does with the threshold in force."""
    problem: str = ""


class AlertDesk:
    def __init__(self, session: ConsoleSession) -> None:
        self._session = session
        self.facts = AlertFacts()
        self._asked = threading.Event()
        self._trials = Trials(session)
        self._wants_values = False
        self._values_due = 0.0

    @property
    def courier_problem(self) -> str:
        """What stands in the way of notifications at the moment; empty when all is well."""
        return self._session.courier_problem

    def look(self, *, values: bool = False) -> None:
        """Read all of it again, soon; the rules' values only where they are looked at."""
        self._wants_values = values
        if not self._asked.is_set():
            self._asked.set()
            self._session.clerk.submit(self._read, asked=False)

    def _read(self) -> None:
        self._asked.clear()
        session, store = self._session, self._session.clerk.store
        facts = AlertFacts(read_at=utc_now(), values=self._values_now())
        if store is not None and session.workspace is not None:
            from core.notify.heartbeat import FILE_NAME, read_heartbeat

            facts = msgspec.structs.replace(
                facts,
                silences=tuple(reversed(store.silences())),
                deliveries=tuple(store.outbox(_DELIVERIES)),
                counts=store.outbox_counts(),
                watch=read_heartbeat(session.workspace.store.parent / FILE_NAME),
            )
        self.facts = facts
        session.mailbox.tell(DesksChanged)

    def _values_now(self) -> dict[str, float | None]:
        """Of a long run they take a while: then they are taken less often."""
        began = time.monotonic()
        if not self._wants_values or began < self._values_due:
            return self.facts.values
        values = self._values()
        took = time.monotonic() - began
        self._values_due = began + _REST * took
        return values

    def _values(self) -> dict[str, float | None]:
        from core.alerts.last_value import last_value
        from core.alerts.look import Scene, host_view

        snapshot = self._session.snapshot
        if snapshot is None:
            return {}
        scene = Scene(
            snapshot.run,
            snapshot.health,
            utc_now(),
            host_view(snapshot.host),
            self._session.data_facts,
        )
        return {name: last_value(rule, scene) for name, rule in self._session.settings.alerts.items()}

    # Silences.

    def silence(self, matcher: str, seconds: float, comment: str) -> None:
        def job() -> None:
            now = utc_now()
            made = self._session.clerk.require_store().silence(
                matcher, starts_at=now, ends_at=now + timedelta(seconds=seconds), comment=comment, now=now
            )
            self._session.refresh_alerts()
            self._read()
            rules = self._session.settings.alerts
            met = made.meets((name, rule.severity) for name, rule in rules.items())
            words = "it ends by itself" if met else "no rule matches it now"
            self._session.mailbox.send(
                WorkDone(f"silenced {made.matcher} until {at(made.ends_at, now)}; {words}")
            )

        self._session.clerk.submit(job)

    def end_silence(self, number: int) -> None:
        def job() -> None:
            ended = self._session.clerk.require_store().end_silence(number, utc_now())
            self._session.refresh_alerts()
            self._read()
            self._session.mailbox.send(WorkDone(f"the silence of {ended.matcher} has ended"))

        self._session.clerk.submit(job)

    # Rules.

    def try_threshold(self, name: str, threshold: float, tell: Callable[[Trial], object]) -> None:
        """Count over the run's history, in a thread; `tell` gets the newest answer, there."""
        self._trials.ask(name, threshold, tell)

    def end_trials(self) -> None:
        """The editor is closed: what was read for it is given back."""
        self._trials.forget()

    def save_threshold(self, name: str, threshold: float) -> None:
        """To `config.toml`, its comments kept, to the audit log, and to the running engine."""
        from core.alerts.replay import save_rule, with_threshold
        from core.alerts.view import value_text
        from core.config.loader import load_settings

        def job() -> None:
            session = self._session
            workspace, store = session.workspace, session.clerk.require_store()
            if workspace is None:
                raise UsageError(
                    "a rule is saved in a workspace's config.toml",
                    hint=f"{key_of('workspace.save')} saves this run as one.",
                )
            from core.workspace import Workspace

            current = Workspace(workspace.root, load_settings(workspace.config))
            before = current.settings.alerts[name]
            rule = save_rule(current, store, name, with_threshold(before, threshold), utc_now())
            session.use_rules(load_settings(workspace.config).alerts)
            self._values_due = 0.0
            self._read()
            words = f"{value_text(rule, before.threshold)} → {value_text(rule, rule.threshold)}"
            session.mailbox.send(WorkDone(f"{name}: {words}, saved to config.toml and in force"))

        self._session.clerk.submit(job)


class Trials:
    """One thread, the newest question wins."""

    def __init__(self, session: ConsoleSession) -> None:
        self._session = session
        self._lock = threading.Condition()
        self._question: tuple[str, float, Callable[[Trial], object]] | None = None
        self._thread: threading.Thread | None = None
        self._whole: tuple[str, Run] | None = None
        """The run with every row, read for the rule of that name."""
        self._before: tuple[str, Rule, int | None] | None = None

    def ask(self, name: str, threshold: float, tell: Callable[[Trial], object]) -> None:
        with self._lock:
            self._question = (name, threshold, tell)
            self._lock.notify()
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="trials", daemon=True)
                self._thread.start()

    def forget(self) -> None:
        with self._lock:
            self._question = None
        self._whole = self._before = None

    def _work(self) -> None:
        while True:
            with self._lock:
                while self._question is None:
                    self._lock.wait()
                while self._question is not None:
                    asked, self._question = self._question, None
                    self._lock.wait(DEBOUNCE)
            name, threshold, tell = asked
            try:
                trial = self._try(name, threshold)
            except ConsoleError as error:
                trial = Trial(name, threshold, problem=error.title)
            except Exception as error:  # noqa: BLE001 - the editor says that it could not be tried
                words = visible(f"{type(error).__name__}: {error}", 200)
                trial = Trial(name, threshold, problem=words)
            tell(trial)

    def _try(self, name: str, threshold: float) -> Trial:
        from core.alerts.replay import replay_count, with_threshold

        rules: Mapping[str, Rule] = self._session.settings.alerts
        run, rule = self._run(name), rules[name]
        count = replay_count(rules, run, {name: {**with_threshold(rule, threshold), "enabled": True}})[name]
        before = self._before
        if before is None or before[:2] != (name, rule):
            before = self._before = (name, rule, replay_count(rules, run, {name: {}})[name])
        return Trial(name, threshold, count, before[2])

    def _run(self, name: str) -> Run:
        """The run with every row: the one that is shown, or, where its oldest rows were reduced, read anew
        once for each rule that is edited."""
        snapshot = self._session.snapshot
        if snapshot is None:
            raise UsageError("the run has not been read yet")
        run = snapshot.run
        if run.history >= 1.0 and all(series.stride == 1 for series in run.series.values()):
            return run
        whole = self._whole
        if whole is None or whole[0] != name:
            from core.telemetry.reader import RunReader

            now = utc_now()
            target: Path = self._session.target
            reader = RunReader(target, checkpoints=None, now=now)
            try:
                reader.poll(now)
                whole = self._whole = (name, reader.rules_run or reader.run)
            finally:
                reader.close()
        return whole[1]
