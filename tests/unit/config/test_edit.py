"""Editing `config.toml` from a program: several at once, and what cannot be edited."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from core.config.edit import edit_config
from core.config.loader import load_settings
from core.errors import UnreadableError, UsageError


def test_edits_at_once_lose_none_of_them(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("# kept\n[alerts.kl_explosion]\nenabled = true\n")
    names = (
        "kl_explosion",
        "crash",
        "gpu_oom",
        "slow",
        "flat_reward",
        "kl_launch",
        "disk_low",
        "training_hung",
    )
    threads = [
        threading.Thread(target=edit_config, args=(path, {f"alerts.{name}.action": f"call {name}"}))
        for name in names
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rules = load_settings(path).alerts
    assert [rules[name].action for name in names] == [f"call {name}" for name in names]
    assert path.read_text().startswith("# kept\n")


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b"[alerts\n"])
def test_a_file_that_cannot_be_read_is_said_and_stays(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "config.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError, match=r"config\.toml"):
        edit_config(path, {"alerts.kl_spike.threshold": 0.2})
    assert (path.read_bytes() if path.exists() else None) == content


def test_an_edit_that_is_killed_leaves_a_whole_file(
    tmp_path: Path, kill_at_random: Callable[[Callable[[int], object]], int]
) -> None:
    """At whatever instant: the last confirmed value or the one being written, and every comment."""
    path = tmp_path / "config.toml"
    path.write_text("# kept\n[alerts.kl_explosion]\nenabled = true\n")
    for _ in range(4):
        confirmed = kill_at_random(
            lambda number: edit_config(path, {"alerts.crash.action": f"call {number}"})
        )
        assert load_settings(path).alerts["crash"].action in (f"call {confirmed - 1}", f"call {confirmed}")
        assert path.read_text().startswith("# kept\n")


@pytest.mark.parametrize("how", ["file size", "tmpfs"])
def test_an_edit_that_does_not_fit_leaves_the_old_file(
    tmp_path: Path, how: str, on_a_full_disk: Callable[[str, Path, Callable[[], object]], str]
) -> None:
    path = tmp_path / "config.toml"

    def edit() -> None:
        path.write_text("# kept\n")
        text = "x" * 100_000
        for number in range(9):
            try:
                edit_config(path, {"alerts.crash.action": text * number})
            except UnreadableError:
                assert load_settings(path).alerts["crash"].action == text * (number - 1)
                assert [entry.name for entry in tmp_path.iterdir()] == ["config.toml"]
                raise

    said = on_a_full_disk(how, tmp_path, edit)
    assert said.startswith("UnreadableError: ") and "could not be written" in said
