"""What the session's threads post to the app: each says *that* something changed; the session has the value.

Trap avoided: a queue of pictures that grows while a terminal is stalled. One message of a kind is under way
at a time, and the handler takes the newest value.
"""

from __future__ import annotations

from pathlib import Path

from textual.message import Message

from core.errors import ConsoleError


class SnapshotArrived(Message):
    """`session.snapshot` or a log tail has news."""


class RevalidationChanged(Message):
    """`session.revalidation` moved."""


class ChecklistsChanged(Message):
    """`session.checklists` were evaluated again."""


class StandupChanged(Message):
    """`session.standup` was filled or saved."""


class TrainingChanged(Message):
    """`session.training` moved."""


class WorkspaceSaved(Message):
    """The run that is looked at has a workspace now: the console goes on in it."""

    def __init__(self, root: Path) -> None:
        super().__init__()
        self.root = root


class DesksChanged(Message):
    """`session.alert_desk` or `session.runbook_desk` has news."""


class WorkDone(Message):
    """Something the operator asked for is in the store: words for the footer."""

    def __init__(self, words: str) -> None:
        super().__init__()
        self.words = words


class WorkFailed(Message):
    """It is not in the store, and why."""

    def __init__(self, error: ConsoleError, *, asked: bool = True) -> None:
        """`asked`: the operator waits for it; else it failed in the background."""
        super().__init__()
        self.error = error
        self.asked = asked
