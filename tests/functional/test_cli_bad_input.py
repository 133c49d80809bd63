"""Bad input gets one clear message and the right exit code; no traceback reaches a user."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from console.__main__ import main
from console.cli.health import parse_day
from console.cli.week import parse_moment
from core.errors import UsageError
from core.spans import parse_span

ROOT = Path(__file__).resolve().parents[2]
Cli = Callable[..., "subprocess.CompletedProcess[str]"]

ALL_COMMANDS = [
    ["status"],
    ["check"],
    ["daily"],
    ["preflight"],
    ["standup"],
    ["train"],
    ["stop"],
    ["revalidate"],
    ["data", "check"],
    ["data", "split", "x"],
    ["audit", "verify"],
]


def assert_clear(stderr: str) -> None:
    """One message, no traceback, nothing unforeseen."""
    assert "Traceback" not in stderr
    assert "unforeseen" not in stderr
    assert stderr.strip()


@pytest.mark.parametrize("command", ALL_COMMANDS, ids=" ".join)
def test_without_a_workspace_every_command_says_so(cli: Cli, command: list[str]) -> None:
    done = cli(*command)
    assert done.returncode == 2, done.stderr
    assert "no workspace" in done.stderr
    assert "ppo-console init" in done.stderr
    assert done.stdout == ""
    assert_clear(done.stderr)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["foo"], "no such command 'foo'"),
        (["stat"], "Did you mean 'status'?"),
        (["status", "--rnu", "x"], "--run"),
        (["status", "extra"], "unexpected extra argument"),
        (["train", "--timesteps", "many"], "--timesteps: expected a whole number, got 'many'"),
        (["train", "--timesteps", "0"], "--timesteps: expected at least 1, got '0'"),
        (["train", "--timesteps", "9" * 30], "--timesteps: expected at most 1000000000000, got"),
        (["stop", "--timeout", "\x1b[31msoon"], "--timeout: expected a number, got"),
        (["audit", "export", "--format", "xml"], "--format: 'xml' is not one of 'json', 'md'"),
        (["runbook", "--take", "1"], "need the scenario"),
        (["alerts", "silence"], "MATCHER is missing"),
        (["alerts", "silence", "kl"], "--comment is missing"),
        (["status", "--run"], "'--run' requires an argument"),
        (["audit"], "Commands:"),
    ],
    ids=lambda given: " ".join(given).replace("\x1b", "^")[:40] if isinstance(given, list) else "",
)
def test_what_cannot_be_read_on_the_command_line_is_said_as_every_other_error(
    capsys: pytest.CaptureFixture[str], command: list[str], said: str
) -> None:
    assert main(command) == 2
    out, err = capsys.readouterr()
    assert out == "" and said in err and "Input should" not in err and "\x1b" not in err
    assert err.startswith("error: ") or command == ["audit"]
    assert_clear(err)


@pytest.mark.parametrize("command", [["status", "-w"], ["score", "--equity"]], ids=" ".join)
def test_a_denied_path_is_unreadable_and_no_misuse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    """Also where the library looks at it before the command does."""
    granted = os.access
    monkeypatch.setattr(
        os, "access", lambda path, mode, **k: str(path) != str(tmp_path) and granted(path, mode, **k)
    )
    assert main([*command, str(tmp_path)]) == 1
    assert f"path '{tmp_path}' is not readable\n  Check its permissions" in capsys.readouterr().err


@pytest.mark.parametrize(
    "command", [["init", ""], ["--workspace", "", "status"], ["status", "--run="], ["status", "--run", ""]]
)
def test_a_path_from_a_variable_that_is_not_set_is_not_the_folder_one_stands_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(command) == 2 and "is that set?" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_knows_the_symbols_that_there_are_no_candles_of(cli: Cli, tmp_path: Path) -> None:
    cli("init", ".")
    (tmp_path / "data" / "train" / "SYN01_4h.csv").write_text("timestamp,open,high,low,close,volume\n")
    done = cli("train", "--symbol", "NIX", "--dry-run")
    assert done.returncode == 2 and "holds no candles of NIX; it holds SYN01" in done.stderr
    done = cli("train", "--symbols", "", "--dry-run")
    assert done.returncode == 2 and "--symbols: expected symbols" in done.stderr


def test_the_demo_leaves_a_workspace_alone_that_it_did_not_make(cli: Cli, tmp_path: Path) -> None:
    cli("init", "week9")
    before = sorted(tmp_path.rglob("*"))
    done = cli("demo", "week9", "--headless")
    assert done.returncode == 2 and "the demo did not make" in done.stderr
    assert sorted(tmp_path.rglob("*")) == before


def test_a_workspace_named_by_its_file_is_told_its_folder(cli: Cli) -> None:
    cli("init", "week9")
    done = cli("status", "--workspace", "week9/config.toml")
    assert done.returncode == 2 and "--workspace week9" in done.stderr


def test_a_misspelt_key_is_named_with_its_nearest_neighbour(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[ppo]\nlearning_rte = 0.1\n")
    done = cli("status")
    assert done.returncode == 2
    assert "ppo.learning_rte" in done.stderr
    assert "ppo.learning_rate" in done.stderr


def test_the_console_without_a_terminal_says_what_to_use_instead(cli: Cli, tmp_path: Path) -> None:
    cli("init", ".")
    done = cli()
    assert done.returncode == 2
    assert "terminal" in done.stderr
    assert "\x1b" not in done.stdout + done.stderr
    assert_clear(done.stderr)


def test_a_missing_model_is_a_missing_path(cli: Cli) -> None:
    cli("init", ".")
    done = cli("revalidate", "--model-path", "models/none", "--json")
    assert done.returncode == 2, done.stderr
    assert "models/none" in done.stderr
    assert done.stdout == ""
    assert_clear(done.stderr)


def test_a_model_that_is_a_text_file_cannot_be_read(cli: Cli, tmp_path: Path) -> None:
    cli("init", ".")
    write_candles(tmp_path / "data/backtest/OGNUSDT_4h.parquet")
    (tmp_path / "model.zip").write_text("these are not weights")
    done = cli("revalidate", "--model-path", "model.zip", "--json")
    assert done.returncode == 1, done.stderr
    assert "model.zip" in done.stderr
    assert_clear(done.stderr)


def test_an_empty_data_folder_is_named(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = cli("data", "check", "empty", "--json")
    assert done.returncode == 2, done.stderr
    assert "empty" in done.stderr
    assert_clear(done.stderr)


def test_a_negative_price_is_rejected(cli: Cli, tmp_path: Path) -> None:
    write_candles(tmp_path / "candles" / "BADUSDT_4h.parquet", low=-1.0)
    done = cli("data", "check", "candles", "--json")
    assert done.returncode == 20, done.stderr
    report = json.loads(done.stdout)
    assert report["verdict"] == "reject"
    assert report["files"][0]["bad_ohlc"] == 1


def test_a_run_folder_that_is_not_there_is_a_missing_path(cli: Cli) -> None:
    done = cli("status", "--run", "nowhere", "--json")
    assert done.returncode == 2
    assert "nowhere" in done.stderr
    assert_clear(done.stderr)


def test_a_store_that_is_no_database_is_named(cli: Cli, tmp_path: Path) -> None:
    cli("init", ".")
    (tmp_path / "state").mkdir(exist_ok=True)
    (tmp_path / "state/console.sqlite3").write_text("no database, " * 1000)
    done = cli("preflight")
    assert done.returncode in (1, 2)
    assert "console.sqlite3" in done.stderr
    assert_clear(done.stderr)


def test_live_trading_is_refused(cli: Cli) -> None:
    cli("init", ".")
    done = cli("train", "--mode", "live", "--symbol", "OGNUSDT")
    assert done.returncode == 2
    assert "live" in done.stderr
    assert_clear(done.stderr)


def write_candles(path: Path, *, low: float | None = None, count: int = 700) -> None:
    """A plausible 4-hour file; `low` spoils one candle."""
    path.parent.mkdir(parents=True, exist_ok=True)
    walk = 100 * np.exp(np.cumsum(np.random.default_rng(0).normal(0, 0.01, count)))
    frame = pd.DataFrame(
        {
            "timestamp": 1_700_006_400_000 + 14_400_000 * np.arange(count, dtype=np.int64),
            "open": walk,
            "high": walk * 1.01,
            "low": walk * 0.99,
            "close": walk,
            "volume": 1_000.0,
        }
    )
    if low is not None:
        frame.loc[10, "low"] = low
    frame.to_parquet(path)


def test_a_fresh_start_that_cannot_run_leaves_the_earlier_run_where_it_is(cli: Cli, tmp_path: Path) -> None:
    cli("init", ".")
    write_candles(tmp_path / "data/train/OGNUSDT_4h.parquet")
    model = tmp_path / "models/ppo_phase4/best_model.zip"
    model.write_bytes(b"judged")
    done = cli("train", "--fresh", "--symbol", "BTCUSD", "--override", "test")
    assert done.returncode == 2, done.stderr
    assert "BTCUSD" in done.stderr
    assert model.read_bytes() == b"judged"


def test_a_path_that_no_file_system_takes_is_said_by_every_command(cli: Cli) -> None:
    cli("init", ".")
    name = "a" * 300
    for command in (
        ["data", "check", name],
        ["decision", "diff", name, name],
        ["tensorboard", "--run", name],
    ):
        done = cli(*command)
        assert done.returncode in (1, 2), done.stderr
        assert "too long" in done.stderr
        assert_clear(done.stderr)


def test_what_the_file_system_refuses_is_one_message_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import console.cli.app
    from console.__main__ import main

    def refused() -> object:
        raise PermissionError(errno.EACCES, "Permission denied", "logs/\x1b[2J")

    monkeypatch.setattr(console.cli.app, "build", refused)
    assert main(["status"]) == 1
    assert capsys.readouterr().err == (
        "error: logs/\u241b[2J: Permission denied\n  Check its permissions and its owner.\n"
    )


def test_a_current_folder_that_was_removed_is_said_and_completion_offers_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    from console.__main__ import main
    from console.cli.complete import rule_names, training_symbols

    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert main(["status"]) == 2
    assert capsys.readouterr().err == (
        "error: the current folder is gone: it was removed\n  Change to one that is there: cd.\n"
    )
    assert training_symbols("") == [] and ("kl_spike", "critical") in rule_names("kl_")


def test_times_that_no_calendar_reaches_are_matters_of_usage() -> None:
    now = datetime(2026, 2, 24, 10, tzinfo=UTC)
    assert parse_span("9999999999999d") is None and parse_span("36525d") is not None
    for ask in (
        lambda: parse_moment("--since", "9999999999999d", now),
        lambda: parse_day("9999-12-31", now),
        lambda: parse_day("0001-01-01", now),
    ):
        with pytest.raises(UsageError, match="expected a"):
            ask()


def test_a_dry_run_can_be_read_by_a_program(cli: Cli) -> None:
    cli("init", ".")
    done = cli("train", "--dry-run", "--json")
    assert done.returncode == 20 and "nothing was started" in done.stderr
    assert json.loads(done.stdout)["status"] == "BLOCKED"


def test_a_full_standard_output_is_one_clear_line(tmp_path: Path, cli: Cli) -> None:
    cli("init", ".")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "console", "status"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 1
    assert "standard output could not be written" in done.stderr
    assert_clear(done.stderr)


def test_names_from_outside_reach_the_terminal_without_control_characters(cli: Cli, tmp_path: Path) -> None:
    write_candles(tmp_path / "candles" / "X\x1b]0;p\x07USDT_4h.parquet")
    done = cli("data", "check", "candles")
    assert "\x1b" not in done.stdout + done.stderr
    assert "␛]0;p␇" in done.stdout
    done = cli("status", "--run", "x\x1b]0;p\x07")
    assert "\x1b" not in done.stdout + done.stderr
