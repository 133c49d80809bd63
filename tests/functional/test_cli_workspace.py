"""Which workspace a command works with: the one named or stood in, never the defaults in its place."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Cli = Callable[..., "subprocess.CompletedProcess[str]"]

GIVEN = [
    ["revalidate", "--model-path", "m.zip", "--backtest-data-dir", "d"],
    ["score", "--equity", "e.csv", "--trades", "t.csv", "--timeframe", "4h"],
    ["data", "check", "d"],
]


@pytest.mark.parametrize("command", GIVEN, ids=lambda command: " ".join(command[:2]))
def test_gates_of_a_faulty_configuration_are_not_exchanged_for_the_defaults(
    cli: Cli, tmp_path: Path, command: list[str]
) -> None:
    (tmp_path / "config.toml").write_text("[gates]\nsharpe_ratoi = 2.0\n")
    done = cli(*command)
    assert (done.returncode, done.stdout) == (2, "")
    assert "gates.sharpe_ratio" in done.stderr


@pytest.mark.parametrize("command", GIVEN, ids=lambda command: " ".join(command[:2]))
def test_a_workspace_that_was_named_and_is_none_is_said(cli: Cli, command: list[str]) -> None:
    done = cli("-w", "elsewhere", *command)
    assert (done.returncode, done.stdout) == (2, "")
    assert "elsewhere is no workspace" in done.stderr


def test_score_takes_the_gates_of_the_workspace_it_stands_in(cli: Cli, tmp_path: Path) -> None:
    rows = "".join(f"{1_700_006_400_000 + 14_400_000 * row},{10_000 + row % 7}\n" for row in range(50))
    (tmp_path / "e.csv").write_text(f"timestamp,equity\n{rows}")
    (tmp_path / "t.csv").write_text("exit_time,pnl\n1700020800000,5.0\n")
    (tmp_path / "config.toml").write_text("[gates]\nmax_drawdown_pct = 7.5\n")
    done = cli("score", "--equity", "e.csv", "--trades", "t.csv", "--timeframe", "4h", "--json")
    limits = {gate["name"]: gate["limit"] for gate in json.loads(done.stdout)["gates"]}
    assert limits["max_drawdown_pct"] == 7.5


def test_a_run_is_looked_at_with_the_rules_of_the_workspace_named_before_the_command(
    cli: Cli, tmp_path: Path
) -> None:
    (tmp_path / "run").mkdir()
    header = "timestep,reward,kl_divergence,value_loss,policy_entropy\n"
    (tmp_path / "run" / "convergence_dashboard.csv").write_text(f"{header}2048,1.0,0.2,0.5,1.0\n")
    (tmp_path / "week").mkdir()
    (tmp_path / "week" / "config.toml").write_text("[alerts.kl_spike]\nthreshold = 0.3\nresolve_at = 0.3\n")
    for named in (["-w", "week", "status"], ["status", "-w", "week"]):
        fires = json.loads(cli(*named, "--run", "run", "--json").stdout)["alerts"]
        assert not any(alert["rule"] == "kl_spike" for alert in fires), named
    fires = json.loads(cli("status", "--run", "run", "--json").stdout)["alerts"]
    assert any(alert["rule"] == "kl_spike" for alert in fires)


def test_a_run_named_before_a_command_is_not_passed_over(cli: Cli) -> None:
    cli("init", ".")
    done = cli("--run", "run", "status")
    assert (done.returncode, done.stdout) == (2, "")
    assert "ppo-console status --run PATH" in done.stderr
