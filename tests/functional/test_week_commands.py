"""The week from the command line: a recorded run, its lists, its past days, timeline, sign-off."""

from __future__ import annotations

import csv
import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.workspace import init_workspace

Cli = Callable[..., "subprocess.CompletedProcess[str]"]
START = datetime(2026, 2, 23, 14, 0, tzinfo=UTC)
EVERY = timedelta(minutes=20)
ROWS = 100
ROLLOUT = 2048


@pytest.fixture
def week(tmp_path: Path) -> Path:
    """A finished run of 33 hours and 20 minutes, as our trainer leaves it."""
    init_workspace(tmp_path, start=START.date())
    logs = tmp_path / "logs" / "ppo_training"
    total = ROWS * ROLLOUT
    ended = START + ROWS * EVERY
    record = {
        "id": "20260223T140000Z-week",
        "tag": "F12",
        "symbols": ["OGNUSDT"],
        "mode": "paper",
        "total_timesteps": total,
        "seed": 0,
        "hyperparameters": {},
        "started_at": f"{START:%Y-%m-%dT%H:%M:%SZ}",
        "ended_at": f"{ended:%Y-%m-%dT%H:%M:%SZ}",
        "outcome": "finished",
        "timestep": total,
        "nonce": "n",
        "lanes": 1,
        "torch_threads": 1,
        "net_arch": [16],
    }
    (logs / "run.json").write_text(json.dumps(record))
    dashboard = ["timestep,reward,kl_divergence,value_loss,policy_entropy"]
    log = [f"{START:%Y-%m-%d %H:%M:%S} [INFO] Starting PPO training..."]
    for row in range(1, ROWS + 1):
        step, when = row * ROLLOUT, START + row * EVERY
        dashboard.append(f"{step},{1 + row * 0.5},{0.004 + row * 1e-5},{10 / row},{1.6 - row * 0.005}")
        log.append(f"{when:%Y-%m-%d %H:%M:%S} [INFO] Step {step}/{total}")
    (logs / "convergence_dashboard.csv").write_text("\n".join(dashboard) + "\n")
    (logs / "training.log").write_text("\n".join(log) + "\n")
    (logs / "evaluations.csv").write_text(
        "timestep,mean_reward,sharpe,max_drawdown_pct,win_rate_pct,profit_factor,trades\n"
        f"{20 * ROLLOUT},1.0,0.4,9,48,1.1,60\n{80 * ROLLOUT},1.0,1.2,8,51,1.6,64\n"
    )
    return tmp_path


def last_row_of(week: Path, day: str) -> dict[str, str]:
    """What the files say: the newest row written up to the end of `day`."""
    path = week / "logs" / "ppo_training" / "convergence_dashboard.csv"
    rows = list(csv.DictReader(path.open()))
    until = datetime.fromisoformat(f"{day}T00:00:00+00:00") + timedelta(days=1)
    return [row for row in rows if START + int(row["timestep"]) // ROLLOUT * EVERY <= until][-1]


@pytest.mark.parametrize(
    ("day", "status", "sharpe", "hours"),
    [("2026-02-23", "RUNNING", 0.4, 10.0), ("2026-02-24", "FINISHED", 1.2, 33.3333)],
)
def test_a_past_date_tells_what_the_files_say(
    cli: Cli, week: Path, day: str, status: str, sharpe: float, hours: float
) -> None:
    done = cli("daily", "--date", day)
    told: dict[str, Any] = json.loads(done.stdout)
    row = last_row_of(week, day)
    assert list(told)[:10] == [
        "date",
        "training_status",
        "time_elapsed_hours",
        "estimated_time_remaining_hours",
        "reward_trend",
        "last_reward",
        "approx_sharpe",
        "kl_divergence_last",
        "no_issues",
        "checklist",
    ]
    assert (told["date"], told["training_status"], told["timestep"]) == (day, status, int(row["timestep"]))
    assert told["last_reward"] == float(row["reward"])
    assert told["kl_divergence_last"] == float(row["kl_divergence"])
    assert told["approx_sharpe"] == sharpe
    assert told["time_elapsed_hours"] == pytest.approx(hours, abs=0.01)
    assert told["reward_trend"] == "INCREASING" and told["no_issues"] is True
    check = cli("check", "--date", day).stdout
    assert "📈 Convergence: Reward growing, KL < 0.05" in check
    assert f"{int(row['timestep']):,} / {ROWS * ROLLOUT:,} timesteps" in check


def test_a_date_before_the_run_and_one_to_come(cli: Cli, week: Path) -> None:
    told = json.loads(cli("daily", "--date", "2026-02-22").stdout)
    assert (told["training_status"], told["last_reward"], told["no_issues"]) == ("ABSENT", None, None)
    future = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()
    for command in ("daily", "check"):
        done = cli(command, "--date", future)
        assert done.returncode == 2 and "has not come yet" in done.stderr


def test_lists_are_shown_and_ticked_from_the_command_line(cli: Cli, week: Path) -> None:
    table = cli("checklist").stdout
    for name, days in (("launch", "launch day 15:00"), ("daily", "each day 10:00"), ("second", "later days")):
        assert next(line for line in table.splitlines() if line.startswith(name)).find(days) > 0
    elsewhere = cli("checklist", "launch", "--date", "2026-02-25")
    assert elsewhere.returncode == 2 and "only launch day, 2026-02-23, has any" in elsewhere.stderr
    listed = json.loads(cli("checklist", "--json").stdout)["checklists"]
    assert [each["name"] for each in listed] == [
        "preflight",
        "launch",
        "daily",
        "check_in",
        "second",
        "preparation",
        "revalidation",
        "outputs",
        "escalation",
        "sign_off",
    ]
    shown = json.loads(cli("checklist", "daily", "--date", "2026-02-24", "--json").stdout)
    items = {item["id"]: item for item in shown["items"]}
    standup = items["daily.2026-02-24.10:00.standup"]
    assert (standup["state"], standup["owner"], standup["due"]) == (
        "pending",
        "ML Engineer",
        "2026-02-24T10:00:00Z",
    )
    day = ("--date", "2026-02-24")
    ticked = cli("checklist", "daily", "tick", "standup", "--note", "all well", *day)
    assert ticked.returncode == 0 and ticked.stdout.startswith("pass")
    refused = cli("checklist", "daily", "tick", "kl", *day)
    assert refused.returncode == 2 and "judges itself" in refused.stderr
    bare = cli("checklist", "daily", "override", "snapshot", *day)
    assert bare.returncode == 2 and "needs a reason" in bare.stderr
    passed = cli("checklist", "daily", "override", "snapshot", "--reason", "our own summary", *day)
    assert passed.stdout.startswith("overridden")
    cli("checklist", "daily", "untick", "standup", "--reason", "too early", *day)
    kinds = [entry["kind"] for entry in json.loads(cli("audit", "export").stdout)["entries"]]
    assert kinds == ["tick", "override", "untick"]
    wrong = cli("checklist", "dayly")
    assert wrong.returncode == 2 and "Did you mean daily?" in wrong.stderr


def test_the_week_stands_in_the_timeline_and_is_handed_over(cli: Cli, week: Path) -> None:
    then = json.loads(cli("timeline", "--json", "--at", "2026-02-23T15:10").stdout)
    states = {event["id"]: event["state"] for event in then["events"]}
    assert states["start.2026-02-23.14:00"] == "done"
    assert states["check_in.2026-02-24.10:00"] == "due"
    assert then["next"] == {
        "id": "launch.2026-02-23.16:00",
        "text": "Hourly check +2 h",
        "owner": "ML Engineer",
        "at": "2026-02-23T16:00:00Z",
        "seconds": 3000.0,
    }
    late = cli("timeline", "--at", "2026-02-26T12:00")
    assert "n/a" in late.stdout and "Daily check-in" in late.stdout
    cli("checklist", "daily", "tick", "standup", "--date", "2026-02-24")
    first = json.loads(cli("handover", "--json").stdout)
    assert first["since"] is None
    assert "daily.2026-02-24.10:00.standup" in [each["subject"] for each in first["happened"]]
    again = json.loads(cli("handover", "--json").stdout)
    assert "checklists" not in [each["group"] for each in again["happened"]]


def test_the_last_day_from_the_command_line(cli: Cli, week: Path) -> None:
    """Nothing is judged here: what is missing is said, with its exit code."""
    summary = cli("model", "summary", "--save")
    assert summary.returncode == 10, "the daily summaries and the checkpoints are missing"
    assert "daily_summaries/2026-02-23.json is missing" in summary.stdout
    assert (week / "reports" / "revalidation" / "training_summary.md").is_file()
    nothing = cli("model", "backup")
    assert nothing.returncode == 2 and "holds no model" in nothing.stderr
    (week / "models" / "ppo_phase4" / "best_model.zip").write_bytes(b"zip")
    assert json.loads(cli("model", "backup", "--json").stdout)["made"] is True
    undecided = cli("decision")
    assert undecided.returncode == 2 and "no decision has been made" in undecided.stderr
    table = cli("signoff")
    assert table.returncode == 10 and "CTO Decision" in table.stdout
    assert cli("signoff", "cto_decision", "--role", "CTO").returncode == 2
    prepared = json.loads(cli("checklist", "preparation", "--json").stdout)
    states = {item["key"]: item["state"] for item in prepared["items"]}
    assert states["preparation.training_completed"] == "warn", "shorter than approved"
    assert states["preparation.backup"] == "pass"
    assert states["preparation.intact"] == "fail"
    made = json.loads(cli("backup", "--json").stdout)
    assert (Path(made["folder"]) / "console.sqlite3").is_file()
    assert cli("audit", "verify").returncode == 0
