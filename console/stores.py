"""Opens the workspace's store with the operator who sits here."""

from __future__ import annotations

from core.store.database import Store
from core.store.operator import identify_operator
from core.workspace import Workspace


def open_store(workspace: Workspace) -> Store:
    """The store; a context manager. Raises UsageError and UnreadableError."""
    workspace.store.parent.mkdir(parents=True, exist_ok=True)
    settings = workspace.settings
    return Store(workspace.store, identify_operator(settings.operator), settings.notify)
