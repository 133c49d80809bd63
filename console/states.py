"""What the workers tell the screens, as frozen values: revalidation, checklists, standup.

Trap avoided: a screen that reads half of a change. A state is replaced whole, never edited.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    from core.checklist.model import ChecklistResult
    from core.errors import ConsoleError
    from core.operations.standup import Standup
    from core.revalidation.pipeline import Progress
    from core.revalidation.result import RevalidationResult
    from core.training.operate import Situation

RevalidationPhase = Literal["idle", "running", "cancelling", "done", "cancelled", "failed"]


class RevalidationState(msgspec.Struct, frozen=True):
    """Where the revalidation stands."""

    phase: RevalidationPhase = "idle"
    model_path: Path | None = None
    """What is or would be judged; None without a workspace."""
    data_dir: Path | None = None
    episodes: int = 0
    policy: str = "manual"
    progress: Progress | None = None
    """The newest step (1 to 5) with done and total."""
    started_at: datetime | None = None
    finished_at: datetime | None = None
    result: RevalidationResult | None = None
    """Of this run when done; else the newest one on disk, or None."""
    earlier: bool = False
    """`result` was read from an earlier report, not judged now."""
    report_problem: ConsoleError | None = None
    """Why the newest report on disk could not be read, while there is no newer result."""
    error: ConsoleError | None = None
    """Why it failed, when `phase` is `failed`."""

    @property
    def busy(self) -> bool:
        return self.phase in ("running", "cancelling")


class ChecklistState(msgspec.Struct, frozen=True):
    """The checklists as last evaluated."""

    preflight: ChecklistResult | None = None
    daily: ChecklistResult | None = None
    """Today's."""
    others: dict[str, ChecklistResult] = {}
    """The week's other lists by key (`console.list_keys`), as far as they were looked at."""
    evaluated_at: datetime | None = None
    problem: str | None = None
    """Why they could not be evaluated, in words."""


class StandupState(msgspec.Struct, frozen=True):
    """Today's standup: filled from the run, then confirmed."""

    standup: Standup | None = None
    filled: Standup | None = None
    """As the run filled it, before a person wrote in it."""
    saved: Path | None = None
    """The Markdown file, once confirmed."""
    problem: str | None = None


TrainingPhase = Literal["idle", "looking", "starting", "stopping"]


class TrainingState(msgspec.Struct, frozen=True):
    """What is known of the workspace's training, and what is being done with it."""

    phase: TrainingPhase = "idle"
    situation: Situation | None = None
    """As of the last look; None before it."""
    preflight: ChecklistResult | None = None
    """As of the last look or start; None while it is looked at, and where nothing can be started."""
    words: str = ""
    """How far it is, or what was done, in one line."""
    since: datetime | None = None
    """When the present phase began."""
    error: ConsoleError | None = None
    """Why the last deed did not work."""
    deeds: int = 0
    """How many deeds have succeeded."""

    @property
    def busy(self) -> bool:
        return self.phase in ("starting", "stopping")
