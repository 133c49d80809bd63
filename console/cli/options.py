"""Options that several commands share, spelled once."""

from __future__ import annotations

from contextvars import ContextVar
from pathlib import Path
from typing import Annotated

import typer

from core.errors import UsageError
from core.workspace import Workspace, find_workspace, open_workspace

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
CandlesOption = Annotated[
    Path | None, typer.Option("--backtest-data-dir", metavar="D", help="Default: data/backtest.")
]
EpisodesOption = Annotated[
    int | None, typer.Option("--num-episodes", metavar="N", min=1, help="Disjoint windows; default 10.")
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


def workspace_named(explicit: Path | None, run: Path | None) -> Workspace | None:
    """The workspace of a command that may be given a run: then only one that was named."""
    return None if run is not None and (explicit or named_before()) is None else workspace_at(explicit)


def workspace_around(explicit: Path | None) -> Workspace | None:
    """The workspace that was named or that we stand in; None without one.

    One whose configuration is wrong raises ConfigError: its gates are not exchanged for the defaults.
    """
    if explicit is None and named_before() is None:
        try:
            find_workspace(Path.cwd())
        except UsageError:
            return None
    return workspace_at(explicit)
