"""`alerts` and `runbook` as a user, a cron job and a script run them."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.store.audit import verify
from core.workspace import Workspace, init_workspace

HEADER = "timestep,reward,kl_divergence,value_loss,policy_entropy\n"
Cli = Callable[..., Any]


def kl_rows(*values: float, begin: int = 1) -> str:
    return "".join(f"{2048 * (begin + index)},1.0,{value},0.5,1.2\n" for index, value in enumerate(values))


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = init_workspace(tmp_path / "w")
    (made.logs / "convergence_dashboard.csv").write_text(HEADER + kl_rows(0.01, 0.12, 0.01, 0.3))
    return made


def test_the_list_says_what_fires_and_what_to_do(cli: Cli, workspace: Workspace) -> None:
    done = cli("alerts", cwd=workspace.root)
    assert done.returncode == 20 and done.stderr == ""
    first, *rest = done.stdout.splitlines()
    assert first.startswith("1 firing, 0 acknowledged")
    text = "\n".join(rest)
    assert "kl_spike: approx_kl 0.3 > 0.1 at step 8,192" in text
    assert "Reduce the learning rate, check the data" in text and "ppo-console runbook kl_spike" in text
    assert len((workspace.logs / "alerts.log").read_text().splitlines()) == 3


def test_the_list_as_json(cli: Cli, workspace: Workspace) -> None:
    report = json.loads(cli("alerts", "--json", cwd=workspace.root).stdout)
    assert report["schema_version"] == 1 and report["generated_at"].endswith("Z")
    firing = [each for each in report["alerts"] if each["state"] == "firing"]
    (alert,) = firing
    assert (alert["rule"], alert["severity"], alert["value"], alert["threshold"]) == (
        "kl_spike",
        "critical",
        0.3,
        0.1,
    )
    assert alert["since_timestep"] == 8192 and alert["acknowledged"] is False


def test_who_owns_an_alert_stands_in_each_command_and_looking_writes_nothing(
    cli: Cli, workspace: Workspace
) -> None:
    acknowledged = cli("alerts", "ack", "kl_spike", "--note", "lowering the rate", cwd=workspace.root)
    assert acknowledged.returncode == 0
    before = workspace.store.read_bytes()
    for command in ("check", "standup", "status"):
        said = cli(command, cwd=workspace.root).stdout
        assert "kl_spike" in said and "acknowledged by" in said, command
    assert workspace.store.read_bytes() == before


def test_replay_is_the_interface(cli: Cli, workspace: Workspace) -> None:
    done = cli("alerts", "--replay", "--json", cwd=workspace.root)
    assert done.returncode == 0
    fields = {"rule", "state", "timestep", "value", "threshold", "severity"}
    rows = json.loads(done.stdout)
    assert [(row["rule"], row["state"], row["timestep"]) for row in rows] == [
        ("kl_spike", "firing", 4096),
        ("kl_spike", "resolved", 6144),
        ("kl_spike", "firing", 8192),
    ]
    assert all(fields <= set(row) for row in rows)
    assert not (workspace.logs / "alerts.log").exists(), "a replay records nothing"
    csv = workspace.logs / "convergence_dashboard.csv"
    foreign = cli("alerts", "--replay", "--run", csv, "--json", cwd=Path("/"))
    assert json.loads(foreign.stdout) == rows
    assert "kl_spike 2 ×" in cli("alerts", "--replay", cwd=workspace.root).stdout


def test_replay_of_nan_is_json(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "run.csv"
    path.write_text(HEADER + "2048,1.0,nan,inf,1.2\n")
    (row,) = json.loads(cli("alerts", "--replay", "--run", path, "--json").stdout)
    assert row["rule"] == "gradient_explosion" and row["value"] is None and row["threshold"] is None


def test_a_missing_run_is_usage(cli: Cli, tmp_path: Path) -> None:
    done = cli("alerts", "--replay", "--run", tmp_path / "none.csv", "--json")
    assert done.returncode == 2 and done.stdout == "" and "none.csv" in done.stderr


def test_rules_with_their_last_value(cli: Cli, workspace: Workspace) -> None:
    report = json.loads(cli("alerts", "rules", "--json", cwd=workspace.root).stdout)
    rules = {each["rule"]: each for each in report["rules"]}
    assert rules["kl_spike"]["last_value"] == 0.3 and rules["kl_spike"]["state"] == "firing"
    assert rules["slow"]["state"] == "off" and rules["disk_low"]["last_value"] > 0
    text = cli("alerts", "rules", cwd=workspace.root).stdout
    assert "approx_kl > 0.1" in text and "slope of reward per step < −0.001 over 5,000 steps" in text


def test_a_rule_that_cannot_work_is_told_with_its_key(cli: Cli, workspace: Workspace) -> None:
    text = workspace.config.read_text().replace('metric = "approx_kl"', 'metric = "aprox_kl"', 1)
    workspace.config.write_text(text)
    done = cli("alerts", "rules", cwd=workspace.root)
    assert done.returncode == 2 and "did you mean approx_kl?" in done.stderr


def test_an_acknowledgement_needs_a_note_and_is_in_both_logs(cli: Cli, workspace: Workspace) -> None:
    refused = cli("alerts", "ack", "kl_spike", cwd=workspace.root)
    assert refused.returncode == 2 and "needs a note" in refused.stderr
    done = cli("alerts", "ack", "kl_spike", "--note", "lowering the rate", cwd=workspace.root)
    assert done.returncode == 0 and "acknowledged by" in done.stdout
    assert "lowering the rate" in (workspace.logs / "alerts.log").read_text().splitlines()[-1]
    assert "acknowledged by" in cli("alerts", cwd=workspace.root).stdout
    unknown = cli("alerts", "ack", "kl_high", "--note", "x", cwd=workspace.root)
    assert unknown.returncode == 2 and "firing: kl_spike" in unknown.stderr
    assert verify(workspace.store).whole


def test_a_silence_is_made_listed_and_ended(cli: Cli, workspace: Workspace) -> None:
    made = cli("alerts", "silence", "kl_*", "--for", "30m", "--comment", "known", cwd=workspace.root)
    assert made.returncode == 0 and made.stdout.startswith("silence 1: rule=kl_*")
    (listed,) = json.loads(cli("alerts", "silences", "--json", cwd=workspace.root).stdout)["silences"]
    assert listed["active"] and listed["comment"] == "known"
    assert "silenced by" in cli("alerts", cwd=workspace.root).stdout
    assert cli("alerts", "unsilence", "1", cwd=workspace.root).returncode == 0
    assert "over" in cli("alerts", "silences", cwd=workspace.root).stdout
    idle = cli("alerts", "silence", "kl_spkie", "--comment", "x", cwd=workspace.root)
    assert "no rule of config.toml matches" in idle.stderr and made.stderr == ""
    wrong = cli("alerts", "silence", "kl_*", "--for", "soon", "--comment", "x", cwd=workspace.root)
    assert wrong.returncode == 2 and "expected a time like" in wrong.stderr


def test_test_notify_without_a_target_says_what_to_do(cli: Cli, workspace: Workspace) -> None:
    done = cli("alerts", "test-notify", cwd=workspace.root)
    assert done.returncode == 2 and "[notify.targets]" in done.stderr


def test_test_notify_names_a_missing_secret_and_shows_none(
    cli: Cli, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("apprise", reason="the extra 'notify' is not installed")
    monkeypatch.setenv("PPO_TOKEN", "s3cr3t-value")
    text = workspace.config.read_text().replace(
        "[notify.targets]",
        '[notify.targets]\nops = "json://127.0.0.1:9/${PPO_TOKEN}"\nmail = "json://${PPO_ABSENT}/"',
    )
    workspace.config.write_text(text)
    done = cli("alerts", "test-notify", "--json", cwd=workspace.root)
    ops, mail = json.loads(done.stdout)["targets"]
    assert done.returncode == 10 and not ops["delivered"] and "PPO_ABSENT is not set" in mail["error"]
    assert "s3cr3t" not in done.stdout + done.stderr


# runbook


def test_the_runbook_lists_and_prints_with_sensed_results(cli: Cli, workspace: Workspace) -> None:
    listed = cli("runbook", cwd=workspace.root)
    assert listed.returncode == 0 and listed.stdout.count("manual, scenario") == 5
    done = cli("runbook", "kl_high", cwd=workspace.root)
    assert done.returncode == 0
    assert "The KL divergence spikes" in done.stdout and "approx_kl 0.3, highest 0.3" in done.stdout
    assert "the run recorded no hyperparameters" in done.stdout
    assert "config.toml's hyperparameters are the approved ones" in done.stdout
    wrong = cli("runbook", "kl_spyke", cwd=workspace.root)
    assert wrong.returncode == 2 and "Did you mean kl_spike?" in wrong.stderr


def test_the_runbook_as_json(cli: Cli, workspace: Workspace) -> None:
    report = json.loads(cli("runbook", "training_hung", "--json", cwd=workspace.root).stdout)
    steps = {step["id"]: step for step in report["steps"]}
    assert steps["disk"]["sensed"]["state"] in ("ok", "bad") and steps["force_stop"]["deed"] == "force_stop"
    guide = json.loads(cli("runbook", "--escalate", "data", "--json", cwd=workspace.root).stdout)
    assert guide["people"] == ["ML Engineer", "SWE Lead"] and "Data integrity issue" in guide["message"]


def test_a_step_is_recorded_and_a_deed_needs_a_yes(cli: Cli, workspace: Workspace) -> None:
    taken = cli("runbook", "kl_spike", "--take", "lower_rate", "--note", "1e-4", cwd=workspace.root)
    assert taken.returncode == 0 and "[ISSUE] KL spike, lowering the learning rate: 1e-4" in taken.stdout
    assert taken.stdout.strip() in (workspace.logs / "alerts.log").read_text()
    assert "✓" in cli("runbook", "kl_spike", "--no-checks", cwd=workspace.root).stdout
    (workspace.logs / "training.log").write_text("boom\n")
    unsure = cli("runbook", "--escalate", "crash", "--do", "backup_logs", cwd=workspace.root)
    assert unsure.returncode == 2 and not (workspace.logs / "CRASH_backup.log").exists()
    sure = cli("runbook", "--escalate", "crash", "--do", "backup_logs", "--yes", cwd=workspace.root)
    assert sure.returncode == 0 and (workspace.logs / "CRASH_backup.log").read_text() == "boom\n"
    audit = cli("audit", "verify", cwd=workspace.root)
    assert audit.returncode == 0


@pytest.mark.slow
def test_replay_of_a_million_rows_is_quick(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    with path.open("w") as stream:
        stream.write("timestep,reward,approx_kl\n")
        for index in range(1_000_000):
            stream.write(f"{index},{index * 0.0001:.4f},{0.2 if index == 777_777 else 0.01}\n")
    os.sync()
    begun = time.monotonic()
    done = cli("alerts", "--replay", "--run", path, "--json")
    seconds = time.monotonic() - begun
    spikes = [row for row in json.loads(done.stdout) if row["rule"] == "kl_spike"]
    assert [row["timestep"] for row in spikes] == [777_777, 777_778]
    assert seconds < 60, f"{seconds:.1f} s"
