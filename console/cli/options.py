"""Options that several commands share, spelled once."""

from __future__ import annotations

from contextvars import ContextVar
from pathlib import Path
from typing import Annotated

import typer

from core.workspace import Workspace, open_workspace

WorkspaceOption = Annotated[
    Path | None,
    typer.Option(
        "--workspace",
        "-w",
        metavar="DIR",
        help="The folder that holds config.toml; else the current folder or one above it.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object on stdout, nothing else.")]
RunOption = Annotated[
    Path | None,
    typer.Option("--run", metavar="PATH", help="A run folder, a TensorBoard folder or one CSV."),
]


_named_before: ContextVar[Path | None] = ContextVar("workspace", default=None)


def name_workspace(explicit: Path | None) -> None:
    """Remember a `--workspace` that stands before the command's name."""
    _named_before.set(explicit)


def named_before() -> Path | None:
    """The `--workspace` that stood before the command's name."""
    return _named_before.get()


def workspace_at(explicit: Path | None) -> Workspace:
    """The workspace of this command. Raises UsageError and ConfigError."""
    return open_workspace(Path.cwd(), explicit or _named_before.get())
