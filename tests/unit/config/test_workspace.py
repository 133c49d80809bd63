"""The workspace is found upward, made whole, and never guessed."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from core.errors import UsageError
from core.workspace import find_workspace, init_workspace, open_workspace


def test_init_makes_the_documents_folders_and_the_week(tmp_path: Path) -> None:
    workspace = init_workspace(tmp_path / "w", start=date(2026, 3, 2))
    assert workspace.settings.week.start == date(2026, 3, 2)
    for folder in ("logs/ppo_training", "checkpoints/ppo_training", "models/ppo_phase4"):
        assert (tmp_path / "w" / folder).is_dir()


def test_it_is_found_from_a_folder_inside(tmp_path: Path) -> None:
    workspace = init_workspace(tmp_path / "w")
    assert find_workspace(workspace.models) == workspace.root


def test_without_one_there_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no workspace") as caught:
        open_workspace(tmp_path)
    assert "ppo-console init" in caught.value.hint


def test_an_explicit_folder_without_configuration_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"holds no config\.toml"):
        open_workspace(tmp_path, tmp_path)


def test_init_never_overwrites(tmp_path: Path) -> None:
    init_workspace(tmp_path)
    with pytest.raises(UsageError, match="is a workspace already"):
        init_workspace(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_denied_folder_is_named_by_every_way_to_a_workspace(tmp_path: Path) -> None:
    denied = tmp_path / "denied"
    denied.mkdir(mode=0)
    try:
        for way in (lambda: open_workspace(tmp_path, denied / "w"), lambda: init_workspace(denied / "w")):
            with pytest.raises(UsageError, match="Permission denied"):
                way()
    finally:
        denied.chmod(0o700)


@pytest.mark.parametrize("instead", ["folder", "link"])
def test_what_stands_in_the_files_place_is_named_and_never_replaced(tmp_path: Path, instead: str) -> None:
    """A link to a volume that is not mounted is no reason to make a new configuration."""
    config = tmp_path / "config.toml"
    config.mkdir() if instead == "folder" else config.symlink_to(tmp_path / "away" / "config.toml")
    for ask in (lambda: find_workspace(tmp_path, tmp_path), lambda: find_workspace(tmp_path)):
        with pytest.raises(UsageError, match=r"config\.toml is no file that can be read"):
            ask()
    with pytest.raises(UsageError, match="is no file that can be read"):
        init_workspace(tmp_path)
    assert config.is_dir() or config.is_symlink()
