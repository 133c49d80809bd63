"""What the screens see: one frozen picture of the run, made by the follower's worker, replaced on change.

Trap avoided: screens that each read files and disagree with one another.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from core.alerts.view import AlertView
    from core.store.alert_states import Firing
    from core.telemetry.health import Health
    from core.telemetry.host import Host
    from core.telemetry.model import Run


class Snapshot(msgspec.Struct, frozen=True):
    run: Run
    """Owned by the worker; it only ever grows, so reading it from the UI is safe."""
    health: Health
    alerts: tuple[AlertView, ...]
    host: Host | None
    taken_at: datetime
    revision: int
    """Rises with each change of the run; a screen redraws its charts only then."""
    problem: str | None = None
    """Why the run could not be read this time, in words."""
    firings: tuple[Firing, ...] = ()
    """Every firing on record in this run, also the ended ones."""
    judged: bool = True
    """The alert rules have seen this run; before that, no alert says nothing."""
    unjudged: str | None = None
    """Why the rules could not be asked this time, in words: the alerts are then those of an earlier look."""
    timed: bool = True
    """False for an earlier row without a time: `taken_at` is no moment of it, and no age is known."""

    @property
    def known_alerts(self) -> tuple[AlertView, ...] | None:
        """None where an empty list would not mean that nothing fires: the rules have not seen the run."""
        return self.alerts if self.judged and self.unjudged is None else None

    def age_of(self, when: datetime) -> float | None:
        """Seconds from `when` to this picture; None where its time is not known."""
        return (self.taken_at - when).total_seconds() if self.timed else None
