"""One run under watch, without a screen: files → run, health, alerts, again and again.

What `ppo-console alerts`, `runbook` and `watch` look through. Trap avoided: commands that record what they
see in another store, or another `alerts.log`, than the console does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType

from core.alerts.data_watch import DataWatch
from core.alerts.engine import AlertEngine
from core.alerts.look import DataFacts, HostView, Scene, host_view
from core.alerts.view import AlertView, Transition
from core.config.rules_file import RulesFile
from core.config.settings import Settings
from core.errors import ConsoleError
from core.store.database import Store
from core.telemetry.health import Health, assess
from core.telemetry.host import host_metrics, trainer_of
from core.telemetry.model import Run
from core.telemetry.reader import RunReader
from core.workspace import Workspace


@dataclass(frozen=True)
class Look:
    """What one look found."""

    run: Run
    health: Health
    alerts: tuple[AlertView, ...]
    transitions: tuple[Transition, ...]
    host: HostView | None
    data: DataFacts | None
    problem: str
    """Why the store, `alerts.log` or an edited `config.toml` could not be used; empty when all is well."""
    now: datetime

    @property
    def scene(self) -> Scene:
        return Scene(self.run, self.health, self.now, self.host, self.data)


class Watcher:
    """Looks at the run at `target`, else at the workspace's; a context manager.

    With a store it records what it sees, as a console does. Raises UsageError and UnreadableError.
    """

    def __init__(
        self, workspace: Workspace | None, target: Path | None, store: Store | None, now: datetime
    ) -> None:
        if workspace is None and target is None:
            raise ValueError("a watcher needs a workspace or a path")
        self.workspace = workspace
        self.settings = workspace.settings if workspace else Settings()
        self._store = store
        own = workspace is not None and (target is None or target.resolve() == workspace.logs.resolve())
        self._folder = workspace.root if workspace is not None else (target or Path())
        self._journal = workspace.logs / "alerts.log" if own and workspace is not None else None
        self._data = DataWatch(workspace.train_data) if own and workspace is not None else None
        self._reader = RunReader(
            target if target is not None or workspace is None else workspace.logs,  # type: ignore[arg-type]
            checkpoints=workspace.checkpoints if own and workspace is not None else None,
            now=now,
        )
        self._rules_file = RulesFile(workspace.config) if workspace is not None else None
        self._rules_problem = ""
        """Why `config.toml` could not be read again; the rules in force stay."""
        self.engine: AlertEngine | None = None

    def __enter__(self) -> Watcher:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._reader.close()
        if self._data is not None:
            self._data.close()

    def look(self, now: datetime, *, data: bool = True) -> Look:
        """Read what is new and judge it. `data` False: the training data are not looked at."""
        self._reader.poll(now)
        run = self._reader.run
        if self.engine is None:
            self.engine = AlertEngine(
                self.settings.alerts,
                run.info.id,
                self._store,
                log=self._journal,
                acknowledged_for=self.settings.notify.acknowledgement_expires,
            )
        self._see_rules(self.engine)
        health = assess(run, self.settings.health, now)
        host = host_view(host_metrics((self._folder,), trainer_of(run)))
        facts = self._data.facts(now) if data and self._data is not None else None
        transitions = self.engine.update(run, health, now, host, facts)
        problem = self.engine.problem
        return Look(
            run,
            health,
            tuple(self.engine.alerts()),
            tuple(transitions),
            host,
            facts,
            self._rules_problem if problem is None else problem.title,
            now,
        )

    def _see_rules(self, engine: AlertEngine) -> None:
        """Judge by the rules as they are on disk now."""
        if self._rules_file is None:
            return
        try:
            rules = self._rules_file.news()
        except ConsoleError as error:
            self._rules_problem = error.title
            return
        if rules is not None:
            self._rules_problem = ""
            engine.use_rules(rules)
