"""`ppo-console tensorboard`: started on the run's event files, or one message that says why not."""

from __future__ import annotations

import importlib.util
import os
import socket
import sys
from pathlib import Path
from typing import Any

import pytest

from console.cli.app import build
from core.errors import UsageError
from core.workspace import init_workspace


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that took this process's place."""
    commands: list[list[str]] = []
    monkeypatch.setattr(os, "execv", lambda _program, arguments: commands.append(arguments))
    return commands


def _free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def test_it_takes_the_place_of_the_command_on_the_workspaces_event_files(
    tmp_path: Path, started: list[list[str]], capsys: Any
) -> None:
    workspace = init_workspace(tmp_path / "w")
    port = _free_port()
    arguments = ["tensorboard", "--workspace", str(workspace.root), "--port", str(port)]
    build()([*arguments, "--host", "127.0.0.1"])
    ((program, *given),) = started
    assert program == sys.executable and given[:2] == ["-m", "tensorboard.main"]
    assert given[2:] == [
        *("--logdir", str(workspace.logs / "tensorboard"), "--port", str(port), "--host", "127.0.0.1")
    ]
    said = capsys.readouterr()
    assert said.out == "" and f"http://127.0.0.1:{port}" in said.err and "no event file" in said.err


def test_a_taken_port_and_a_missing_package_are_one_message_each(
    tmp_path: Path, started: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "run"
    run.mkdir()
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        with pytest.raises(UsageError, match=f"port {port} on 127.0.0.1 is taken"):
            build()(["tensorboard", "--run", str(run), "--port", port, "--host", "127.0.0.1"])
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(UsageError, match="TensorBoard is not installed"):
        build()(["tensorboard", "--run", str(run)])
    assert started == []


def test_a_path_that_is_missing_or_no_folder_is_a_matter_of_usage(
    tmp_path: Path, started: list[list[str]]
) -> None:
    (tmp_path / "file").touch()
    for path, what in ((tmp_path / "absent", "does not exist"), (tmp_path / "file", "is no folder")):
        with pytest.raises(UsageError, match=what):
            build()(["tensorboard", "--run", str(path)])
    assert started == []
