"""What preflight's sensors look at: the workspace, its settings as on disk now, the child's facts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from core.checklist.item import Reading
from core.clock import parse_iso
from core.config.loader import ConfigError, load_settings
from core.errors import ConsoleError
from core.text import visible

if TYPE_CHECKING:
    from core.checklist.facts import Facts
    from core.config.settings import Settings
    from core.workspace import Workspace


@dataclass(frozen=True, slots=True)
class PreflightContext:
    workspace: Workspace
    """With the settings on disk, or, where these do not load, the ones the program started with."""
    now: datetime
    config_loads: bool
    config_problem: str
    facts: Facts
    timesteps: int | None = None
    """What a start asks for instead of the configuration's."""

    @property
    def facts_age(self) -> float:
        """Seconds since the child looked."""
        looked = self.facts.looked_at
        return 0.0 if looked is None else max(0.0, (self.now - parse_iso(looked)).total_seconds())

    def brought(self, reading: Reading) -> Reading:
        """A reading of the child's facts, with their age; too old, it is UNKNOWN."""
        stale = self.workspace.settings.checks.stale_after
        return replace(reading, age_seconds=self.facts_age, stale_after=stale)


def read_settings(workspace: Workspace) -> tuple[Settings | None, str]:
    """The settings on disk, or None and why they do not load."""
    try:
        return load_settings(workspace.config), ""
    except ConfigError as error:
        return None, visible("; ".join(str(problem) for problem in error.problems), 400)
    except ConsoleError as error:
        return None, visible(error.title, 400)
