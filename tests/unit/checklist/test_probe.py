"""The child process: what it answers, that it ends, and that it keeps heavy imports out of the console."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.checklist import probe
from core.checklist.preflight import run_preflight
from core.workspace import Workspace

CANDLE = 4 * 3_600_000


def write_candles(
    folder: Path, first: datetime, count: int, *, price: float = 1.0, skip: int | None = None
) -> None:
    """A Binance-like CSV of 4 h candles."""
    begin = int(first.timestamp() * 1000)
    rows = [
        f"{begin + index * CANDLE},{price},{price * 1.01},{price * 0.99},{price},{10 + index % 7}"
        for index in range(count)
        if index != skip
    ]
    text = "open_time,open,high,low,close,volume\n" + "\n".join(rows) + "\n"
    (folder / "OGNUSDT_4h.csv").write_text(text, encoding="utf-8")


def test_it_answers_from_the_real_files(workspace: Workspace, now: datetime) -> None:
    """Environment, both folders and the baseline, in one child."""
    write_candles(workspace.train_data, datetime(2025, 9, 1, tzinfo=UTC), 200, skip=100)
    write_candles(workspace.backtest_data, datetime(2025, 11, 1, tzinfo=UTC), 560)
    facts = probe.run_probe(workspace, now)
    assert facts.missing == ""
    assert facts.environment is not None
    assert facts.environment.error is None
    assert "r_pnl" in facts.environment.reward_components
    assert "change_of_character" in facts.environment.features
    assert facts.train is not None
    assert (facts.train.verdict, facts.train.gaps, facts.train.candles) == ("warn", 1, 200)
    assert facts.backtest is not None
    assert facts.backtest.candles == 560
    assert 500 <= facts.backtest.scored < 560
    assert facts.backtest.hash
    assert facts.baseline is not None
    assert facts.baseline.saved is False
    assert facts.baseline.error is None


def test_bad_candles_block(workspace: Workspace, now: datetime) -> None:
    write_candles(workspace.train_data, datetime(2025, 9, 1, tzinfo=UTC), 200, price=-1.0)
    result = run_preflight(workspace, None, now)
    items = {item.id: item for item in result.items}
    assert result.status == "BLOCKED"
    assert items["preflight.train_data"].value == "rejected"
    assert items["preflight.test_data"].state == "fail"
    assert items["preflight.environment"].state == "pass"


def test_a_child_that_hangs_is_ended_in_time(
    workspace: Workspace, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", _script(workspace, "sleep 120"))
    began = time.monotonic()
    facts = probe.run_probe(workspace, now, seconds=0.3)
    assert time.monotonic() - began < 60
    assert facts == probe.Facts(missing="no answer within 0.3 s")


def test_what_was_answered_before_a_crash_counts(
    workspace: Workspace, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = """echo '{"environment": {"reward_components": ["r_pnl"]}}'; echo half; echo boom >&2; exit 3"""
    monkeypatch.setattr(sys, "executable", _script(workspace, script))
    facts = probe.run_probe(workspace, now)
    assert facts.environment == probe.EnvironmentFacts(reward_components=("r_pnl",))
    assert facts.train is None
    assert facts.missing == "the checking process ended with 3: boom"


def test_a_wrong_answer_is_no_answer(
    workspace: Workspace, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", _script(workspace, """echo '{"train": {"gaps": "many"}}'"""))
    facts = probe.run_probe(workspace, now)
    assert facts.train is None
    assert "wrong answer" in facts.missing


def test_no_child_at_all(workspace: Workspace, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert "could not be started" in probe.run_probe(workspace, now).missing


def test_the_console_process_stays_light(workspace: Workspace) -> None:
    """After a whole preflight neither numpy nor pandas nor torch nor gymnasium was imported."""
    code = (
        "import sys; from pathlib import Path; from datetime import datetime, UTC;"
        "from core.workspace import open_workspace; from core.checklist.preflight import run_preflight;"
        "import core.checklist.daily, core.operations.daily_check, core.operations.progress_check,"
        " core.operations.standup;"
        "root = Path(sys.argv[1]); run_preflight(open_workspace(root, root), None, datetime.now(UTC));"
        "heavy = {'numpy', 'pandas', 'torch', 'gymnasium', 'stable_baselines3', 'textual', 'rich'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(workspace.root)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def _script(workspace: Workspace, body: str) -> str:
    path = workspace.root / "fake-python"
    path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)
