"""The progress check: five lines in the document's words, which follow the facts."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from core.operations.progress_check import ProgressCheck, progress_check
from core.telemetry.model import Run, RunInfo

START = datetime.fromisoformat("2026-02-23T14:00:00+00:00")
NOW = START + timedelta(hours=20, minutes=5)


def line(check: ProgressCheck, name: str) -> str:
    return next(text for text in check.lines if f" {name}: " in text)


def test_a_good_run_gives_the_documents_lines(workspace: Any, make_run: Any, make_health: Any) -> None:
    check = progress_check(workspace, make_run(), make_health(), (), NOW)
    assert check.text.splitlines()[:5] == [
        "✅ Overall Status: OK",
        "✅ Log Files: All present",
        "📈 Convergence: Reward growing, KL < 0.05",
        "💾 Checkpoints: 2 saved, latest < 12h ago",
        "🔔 Alerts: No critical issues",
    ]
    assert (check.status, check.exit_code, check.reasons) == ("OK", 0, ())
    assert "122,880 / 500,000 timesteps (24.6 %)" in check.text


@pytest.mark.parametrize(
    ("status", "overall", "exit_code", "words"),
    [
        ("CRASHED", "CRITICAL", 20, "❌ Overall Status: CRASHED"),
        ("STALLED", "CRITICAL", 20, "❌ Overall Status: CRITICAL"),
        ("SILENT", "WARNING", 10, "⚠️ Overall Status: WARNING"),
        ("STOPPED", "WARNING", 10, "⚠️ Overall Status: WARNING"),
        ("FINISHED", "OK", 0, "✅ Overall Status: OK"),
    ],
)
def test_the_status_rules_the_first_line(
    workspace: Any, make_run: Any, make_health: Any, status: str, overall: str, exit_code: int, words: str
) -> None:
    check = progress_check(workspace, make_run(), make_health(status), (), NOW)
    assert (check.status, check.exit_code, check.lines[0]) == (overall, exit_code, words)
    pace = next(line for line in check.details if line.startswith("Pace:"))
    assert ("steps/s at its last rows" in pace) == (status not in ("RUNNING", "STALLED")), (
        "a pace of the past"
    )


@pytest.mark.parametrize(
    ("kl", "words", "overall"),
    [
        (0.049, "KL < 0.05", "OK"),
        (0.05, "KL 0.05 (not < 0.05)", "WARNING"),
        (0.1, "KL 0.1 (not < 0.05)", "WARNING"),
        (0.12, "KL 0.12 > 0.1", "CRITICAL"),
        (float("nan"), "KL unknown", "WARNING"),
    ],
)
def test_kl_words(
    workspace: Any, make_run: Any, make_health: Any, kl: float, words: str, overall: str
) -> None:
    check = progress_check(workspace, make_run(kl=lambda _: kl), make_health(), (), NOW)
    assert line(check, "Convergence").endswith(words)
    assert check.status == overall


@pytest.mark.parametrize(
    ("slope", "words", "overall"),
    [(0.001, "growing", "OK"), (0.0, "stable", "OK"), (-0.001, "falling", "WARNING")],
)
def test_reward_words(
    workspace: Any, make_run: Any, make_health: Any, slope: float, words: str, overall: str
) -> None:
    run = make_run(reward=lambda row: slope * row * 2048)
    check = progress_check(workspace, run, make_health(), (), NOW)
    assert f"Reward {words}" in line(check, "Convergence")
    assert check.status == overall


def test_an_early_falling_reward_is_expected(workspace: Any, make_run: Any, make_health: Any) -> None:
    """In the first 100k steps and 12 h."""
    run = make_run(10, reward=lambda row: -2.0 * row)
    check = progress_check(workspace, run, make_health(), (), START + timedelta(hours=4))
    assert "falling (expected in the first 100k steps)" in line(check, "Convergence")
    assert check.status == "OK"


def test_an_unknown_trend_is_not_ok(workspace: Any, make_run: Any, make_health: Any) -> None:
    check = progress_check(workspace, make_run(3), make_health(), (), START + timedelta(hours=1))
    assert "Reward trend unknown" in line(check, "Convergence")
    assert check.status == "WARNING"


def test_checkpoint_words(workspace: Any, make_run: Any, make_health: Any) -> None:
    fresh = progress_check(workspace, make_run(10), make_health(), (), START + timedelta(hours=4))
    assert line(fresh, "Checkpoints") == "💾 Checkpoints: none saved yet, the first is due at 50,000 steps"
    none = progress_check(workspace, make_run(checkpoint_steps=()), make_health(), (), NOW)
    assert line(none, "Checkpoints") == "💾 Checkpoints: none saved"
    assert none.status == "WARNING"
    old = progress_check(workspace, make_run(), make_health(), (), NOW + timedelta(hours=20))
    assert line(old, "Checkpoints") == "💾 Checkpoints: 2 saved, latest 23h45m ago (not < 12h)"
    assert old.status == "WARNING"
    ended = progress_check(workspace, make_run(), make_health("FINISHED"), (), NOW + timedelta(hours=20))
    assert ended.status == "OK"


def test_alert_words(workspace: Any, make_run: Any, make_health: Any, make_alert: Any) -> None:
    alerts = (make_alert("kl_spike"), make_alert("kl_high", "warning"))
    check = progress_check(workspace, make_run(), make_health(), alerts, NOW)
    assert (
        line(check, "Alerts")
        == "🔔 Alerts: 1 critical issue: kl_spike: approx_kl 0.12 > 0.1, 1 milder firing"
    )
    assert check.exit_code == 20
    mild = progress_check(workspace, make_run(), make_health(), alerts[1:], NOW)
    assert line(mild, "Alerts") == "🔔 Alerts: No critical issues, 1 milder firing"
    assert mild.exit_code == 10


def test_missing_files_are_named(workspace: Any, make_run: Any, make_health: Any) -> None:
    run = make_run()
    (workspace.logs / "training_metrics.csv").unlink()
    (workspace.logs / "tensorboard" / "events.out.tfevents.1.box").unlink()
    check = progress_check(workspace, run, make_health(), (), NOW)
    assert check.lines[1] == "⚠️ Log Files: 2 missing (training_metrics.csv, tensorboard/)"
    assert check.status == "WARNING"


def test_a_daily_summary_is_missed_only_after_a_day(workspace: Any, make_run: Any, make_health: Any) -> None:
    later = progress_check(workspace, make_run(), make_health(), (), NOW + timedelta(hours=5))
    assert "daily_summary.log" in later.lines[1]


def test_another_trainers_run_misses_no_file_of_ours(workspace: Any, make_run: Any, make_health: Any) -> None:
    check = progress_check(workspace, make_run(files=False), make_health(), (), NOW)
    assert check.lines[1] == "✅ Log Files: All present"


def test_without_a_run_it_says_what_is_missing(workspace: Any, make_health: Any) -> None:
    run = Run(RunInfo(id="", directory=workspace.logs))
    check = progress_check(workspace, run, make_health("ABSENT", "No run was found."), (), NOW)
    assert check.exit_code == 10
    assert check.lines[0] == "⚠️ Overall Status: WARNING"
    assert "KL unknown" in check.text
    assert check.lines[4] == "🔔 Alerts: unknown"
    assert "No run was found." in check.text
    for invented in ("nan", "None", " 0 /"):
        assert invented not in check.text
