"""`ppo-console calibrate`: figures on stdout, report paths on stderr, the page on disk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.workspace import init_workspace


@pytest.mark.slow
def test_it_measures_the_workspace_s_gates_and_writes_the_page(cli: Any, tmp_path: Path) -> None:
    workspace = init_workspace(tmp_path / "ws")
    config = workspace.root / "config.toml"
    config.write_text(config.read_text().replace("sharpe_ratio = 1.0", "sharpe_ratio = 99.0"))
    result = cli(
        "calibrate", "-w", str(workspace.root), "--markets", "2", "--num-episodes", "1", "--quick", "--json"
    )
    found = json.loads(result.stdout)
    assert found["markets"] == 2 and found["sharpe_limit"] == 99.0 and found["schema_version"] == 1
    assert not any(outcome["passed"][0] for arm in found["arms"] for outcome in arm["outcomes"])
    page = workspace.reports / "calibration" / "calibration.html"
    assert str(page) in result.stderr and page.read_text().startswith("<!doctype html>")
    assert result.returncode in (0, 20)


def test_no_markets_is_a_usage_error(cli: Any) -> None:
    assert cli("calibrate", "--markets", "0").returncode == 2
