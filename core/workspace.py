"""The workspace: the folder that holds `config.toml`, and every path in it.

Found from an explicit path, else upward from the current folder. Trap avoided: a command that quietly works
in the wrong folder: without a workspace there is an error, never a default one.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from core.config.loader import load_settings
from core.config.settings import Settings
from core.errors import UnreadableError, UsageError
from core.files import atomic_write

if TYPE_CHECKING:
    from core.config.edit import TomlValue

CONFIG_NAME = "config.toml"


@dataclass(frozen=True)
class Workspace:
    """A root folder with its settings; all properties are absolute paths."""

    root: Path
    settings: Settings

    @cached_property
    def logs(self) -> Path:
        """The run folder: `run.json`, the CSVs, `training.log`, `tensorboard/`."""
        return self.root / self.settings.paths.logs

    @cached_property
    def archive(self) -> Path:
        """Earlier runs, moved here by `train --fresh`."""
        return self.root / self.settings.paths.archive

    @cached_property
    def checkpoints(self) -> Path:
        return self.root / self.settings.paths.checkpoints

    @cached_property
    def models(self) -> Path:
        return self.root / self.settings.paths.models

    @cached_property
    def reports(self) -> Path:
        return self.root / self.settings.paths.reports

    @cached_property
    def train_data(self) -> Path:
        return self.root / self.settings.paths.train_data

    @cached_property
    def backtest_data(self) -> Path:
        return self.root / self.settings.paths.backtest_data

    @cached_property
    def store(self) -> Path:
        return self.root / self.settings.paths.store

    @property
    def config(self) -> Path:
        return self.root / CONFIG_NAME

    def config_hash(self) -> str:
        """SHA-256 of `config.toml` as it is on disk now."""
        import hashlib

        return hashlib.sha256(self.config.read_bytes()).hexdigest()

    def relative(self, path: Path) -> str:
        """`path` as shown: relative to the root where it lies inside."""
        try:
            return str(path.relative_to(self.root))
        except ValueError:
            return str(path)


def find_workspace(start: Path, explicit: Path | None = None) -> Path:
    """The root of the workspace. Raises UsageError where there is none."""
    if explicit is not None:
        root = explicit.expanduser().resolve()
        if root.is_file():
            raise UsageError(
                f"{root} is a file; expected the folder that holds {CONFIG_NAME}",
                hint=f"Name its folder: --workspace {explicit.parent}",
            )
        if not _is_there(root / CONFIG_NAME):
            raise UsageError(
                f"{root} is no workspace: it holds no {CONFIG_NAME}",
                hint=f"Make one with: ppo-console init {explicit}",
            )
        return root
    for folder in (start.resolve(), *start.resolve().parents):
        if _is_there(folder / CONFIG_NAME):
            return folder
    raise UsageError(
        f"no workspace: neither {start} nor a folder above it holds {CONFIG_NAME}",
        hint="Make one with `ppo-console init DIR`, or name one with `--workspace DIR`.",
    )


def _is_there(config: Path) -> bool:
    """Raises UsageError where nobody may look, and where a folder or a link to nothing stands instead."""
    try:
        if config.is_file():
            return True
        if not os.path.lexists(config):
            return False
    except OSError as error:
        raise UsageError(
            f"{config} could not be read: {error.strerror}", hint="Check its permissions and its owner."
        ) from error
    raise UsageError(
        f"{config} is no file that can be read; expected the workspace's configuration",
        hint="Put the file, or what its link leads to, in its place.",
    )


def open_workspace(start: Path, explicit: Path | None = None) -> Workspace:
    """The workspace with its settings. Raises UsageError and ConfigError."""
    root = find_workspace(start, explicit)
    return Workspace(root, load_settings(root / CONFIG_NAME))


def default_config_text() -> str:
    """The commented `config.toml` that ships with the program (a link to the one at the project's top)."""
    return (Path(__file__).parent / "config" / CONFIG_NAME).read_text(encoding="utf-8")


def init_workspace(
    root: Path, *, start: date | None = None, changes: Mapping[str, TomlValue] | None = None
) -> Workspace:
    """Make a workspace: `config.toml`, with `changes` to its defaults, and the documents' folders.

    Raises UsageError if one is there already, UnreadableError where it cannot be written.
    """
    root = root.expanduser().resolve()
    if _is_there(root / CONFIG_NAME):
        raise UsageError(
            f"{root} is a workspace already", hint="Choose another folder, or edit its config.toml."
        )
    if root.exists() and not root.is_dir():
        raise UsageError(f"{root} is a file; expected a folder to make the workspace in")
    wanted = dict(changes or {})
    if start is not None:
        wanted["week.start"] = start
    text = default_config_text()
    if wanted:
        from core.config.edit import changed_text

        text = changed_text(text, wanted, root / CONFIG_NAME)
    atomic_write(root / CONFIG_NAME, text)
    workspace = open_workspace(root, root)
    for folder in (
        workspace.logs,
        workspace.checkpoints,
        workspace.models,
        workspace.reports,
        workspace.train_data,
        workspace.backtest_data,
        workspace.store.parent,
    ):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UnreadableError(
                f"{folder} could not be made: {error.strerror}", hint="Check the permissions above it."
            ) from error
    return workspace
