"""What a step of the runbook is looked at with, and what was seen.

Trap avoided: *all is well* where nobody could look: that is `unknown`, with the reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from core.telemetry.health import Health
from core.telemetry.model import Run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.alerts.look import DataFacts
    from core.alerts.view import AlertView
    from core.config.settings import Settings
    from core.workspace import Workspace

SensedState = Literal["ok", "bad", "unknown"]
SHOWN = 8
"""Lines that prove it, at most."""


@dataclass(frozen=True, slots=True)
class Sensed:
    state: SensedState
    text: str
    """One line: what was seen, against what."""
    lines: tuple[str, ...] = ()
    """What proves it."""


@dataclass(frozen=True)
class Context:
    """What is known when the runbook is opened."""

    workspace: Workspace | None
    settings: Settings
    run: Run
    health: Health
    now: datetime
    alerts: Sequence[AlertView] = ()
    judged: bool = True
    """The rules have seen the run; without that no alert says nothing."""
    data: DataFacts | None = None
    """A check of the training data, where one was made already."""
