"""Runs the program as a user does: a process, its two streams, its exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "data"

Cli = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """`cli("status", "--json", cwd=…)` runs `ppo-console` without a terminal."""

    def run(
        *arguments: str | Path, cwd: Path | None = None, timeout: float = 120
    ) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1", "TERM": "xterm-256color"}
        return subprocess.run(
            [sys.executable, "-m", "console", *map(str, arguments)],
            cwd=cwd or tmp_path,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    return run


@pytest.fixture
def shared_data() -> Path:
    """The real inputs beside the project; tests that need them skip elsewhere."""
    if not SHARED.is_dir():
        pytest.skip("the real inputs (../shared/data) are not here")
    return SHARED
