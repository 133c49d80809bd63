"""What the sensors of the daily lists look at: the run's facts, gathered once for each moment."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from core.checklist.item import Reading
from core.operations.facts import RunFacts, gather

if TYPE_CHECKING:
    from core.alerts.view import AlertView, Transition
    from core.telemetry.health import Health
    from core.telemetry.model import Run
    from core.workspace import Workspace

ENDED = ("FINISHED", "STOPPED")


@dataclass(slots=True)
class DailyContext:
    """What all items of a list share; facts are gathered once for each moment."""

    workspace: Workspace
    run: Run
    health: Health
    alerts: tuple[AlertView, ...] | None
    now: datetime
    standups: frozenset[str] = frozenset()
    """Dates whose standup is stored."""
    gathered: dict[datetime, RunFacts] = field(default_factory=dict)
    transitions: list[Transition] | None = None

    def facts(self, moment: datetime) -> RunFacts:
        if moment not in self.gathered:
            if self.transitions is None and (moment < self.now or self.alerts is None):
                from core.alerts.replay import replay

                self.transitions = replay(self.workspace.settings.alerts, self.run)
            self.gathered[moment] = gather(
                self.workspace,
                self.run,
                self.health,
                self.alerts,
                moment,
                self.now,
                transitions=self.transitions,
            )
        return self.gathered[moment]


def judged(
    context: DailyContext,
    facts: RunFacts,
    good: bool | None,
    value: str | float | None,
    limit: str,
    message: str = "",
) -> Reading:
    """pass, fail or unknown; a value of a running run that is too old is stale."""
    live = not facts.past and facts.status not in ENDED
    return Reading(
        "unknown" if good is None else "pass" if good else "fail",
        value,
        limit,
        context.workspace.relative(context.run.info.directory),
        facts.row_age,
        context.workspace.settings.checks.stale_after if live else None,
        message or ("no value known" if good is None else ""),
    )
