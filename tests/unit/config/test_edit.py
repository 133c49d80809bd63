"""Editing `config.toml` from a program: several at once, and what cannot be edited."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from core.config.edit import edit_config
from core.config.loader import load_settings
from core.errors import UsageError


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
