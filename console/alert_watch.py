"""The rules over the followed run: the engine, what it looks at besides rows, and what went wrong.

Owned by the follower's thread. Trap avoided: a rule that stops following because the store, the training data
or `alerts.log` cannot be read; each is said once, and the run is shown without it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from core.errors import ConsoleError, UsageError

if TYPE_CHECKING:
    from core.alerts.data_watch import DataWatch
    from core.alerts.engine import AlertEngine
    from core.alerts.look import DataFacts
    from core.alerts.rule import Rule
    from core.alerts.view import AlertView
    from core.config.settings import Settings
    from core.store.alert_states import Firing
    from core.store.database import Store
    from core.telemetry.health import Health
    from core.telemetry.host import Host
    from core.telemetry.model import Run
    from core.workspace import Workspace


class AlertWatch:
    """`own`: the workspace's own run, whose training data and `alerts.log` belong to it."""

    def __init__(
        self,
        workspace: Workspace | None,
        settings: Settings,
        store: Callable[[], Store | None],
        *,
        own: bool,
        complain: Callable[[ConsoleError], None],
    ) -> None:
        self._workspace = workspace if own else None
        self._settings = settings
        self._store = store
        self._complain = complain
        self._engine: AlertEngine | None = None
        self._data: DataWatch | None = None
        self._rules: Mapping[str, Rule] = settings.alerts
        self._in_force: Mapping[str, Rule] | None = None
        """What the engine judges by; only the follower's thread sets it."""
        self.data_facts: DataFacts | None = None

    def alerts(self) -> tuple[AlertView, ...]:
        return tuple(self._engine.alerts()) if self._engine is not None else ()

    def firings(self) -> tuple[Firing, ...]:
        """All that have fired in this run, also the ended ones."""
        return self._engine.firings() if self._engine is not None else ()

    def judge(self, run: Run, health: Health, host: Host | None, now: datetime) -> None:
        """Judge the rows that are new, and the present."""
        from core.alerts.look import host_view

        engine = self._opened(run)
        rules = self._rules
        if rules is not self._in_force:
            self._in_force = rules
            engine.use_rules(rules)
        self.data_facts = self._data.facts(now) if self._data is not None else None
        engine.update(run, health, now, host_view(host), self.data_facts)
        if engine.problem is not None:
            self._complain(engine.problem)

    def acknowledge(self, key: str, note: str, now: datetime) -> None:
        """Store it (the clerk's thread). Raises ConsoleError."""
        if self._engine is None:
            raise UsageError("the run's alerts are not known yet", hint="Try again in a second.")
        self._engine.acknowledge(key, note, now)

    def use_rules(self, rules: Mapping[str, Rule]) -> None:
        """Rules that were edited: the next judgement is by these (any thread)."""
        self._rules = rules

    def refresh(self, now: datetime) -> None:
        """See what another console acknowledged or silenced (the clerk's thread); judges nothing."""
        if self._engine is not None:
            self._engine.refresh(now)

    def close(self) -> None:
        if self._data is not None:
            self._data.close()

    def _opened(self, run: Run) -> AlertEngine:
        if self._engine is None:
            from core.alerts.engine import AlertEngine

            workspace = self._workspace
            self._in_force = self._rules
            self._engine = AlertEngine(
                self._in_force,
                run.info.id,
                self._store(),
                log=workspace.logs / "alerts.log" if workspace is not None else None,
                acknowledged_for=self._settings.notify.acknowledgement_expires,
            )
            if workspace is not None:
                from core.alerts.data_watch import DataWatch

                self._data = DataWatch(workspace.train_data)
        return self._engine
