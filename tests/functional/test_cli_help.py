"""The program's help says what each command does, in whole words."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from console.__main__ import main
from console.cli.folding import fold_line, folded


@pytest.mark.parametrize("group", [(), ("alerts",), ("audit",), ("data",), ("model",)])
def test_no_line_of_the_help_is_cut(cli: Any, group: tuple[str, ...]) -> None:
    """Typer shortens a long first sentence to its first words and three dots."""
    done = cli(*group, "--help")
    listed = done.stdout.partition("Commands:")[2].splitlines()
    assert done.returncode == 0 and len(listed) > 2
    assert [line for line in listed if line.rstrip().endswith("...")] == []


@pytest.mark.parametrize(("columns", "wide"), [("60", 60), ("500", 100)])
def test_words_are_folded_to_the_terminal_and_a_long_one_stays_whole(
    columns: str, wide: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    address = "/a" * 60
    lines = folded("  warning  ", f"{'word ' * 40}\n{address} end")
    assert lines[0].startswith("  warning  word") and lines[-1] == f"{' ' * 11}end"
    assert {line[:11] for line in lines[1:]} == {" " * 11} and any(address in line for line in lines)
    assert {len(line) <= wide for line in lines if address not in line} == {True}


@pytest.mark.parametrize(
    ("line", "pieces"),
    [
        ("short enough", ["short enough"]),
        ("Pace:   one two three four five", ["Pace:   one two", "  three four five"]),
        ("KL:  one two three four", ["KL:  one two three", "     four"]),
        ("  - one two three four five", ["  - one two three", "    four five"]),
        ("see /a/path/that/is/longer/than/the/line", ["see", "  /a/path/that/is/longer/than/the/line"]),
        ("✅ ✅ ✅ ✅ ✅ ✅ ✅", ["✅ ✅ ✅ ✅ ✅ ✅", "  ✅"]),
    ],
)
def test_a_line_too_long_for_the_terminal_is_broken_between_words(line: str, pieces: list[str]) -> None:
    assert fold_line(line, 18) == pieces


COMPLETION = {
    "bash": ("complete -o default -F", {"COMP_WORDS": "ppo-console sta", "COMP_CWORD": "1"}),
    "zsh": ("#compdef ppo-console", {"_TYPER_COMPLETE_ARGS": "ppo-console sta"}),
    "fish": (
        "complete --command ppo-console",
        {"_TYPER_COMPLETE_ARGS": "ppo-console sta", "_TYPER_COMPLETE_FISH_ACTION": "get-args"},
    ),
}


@pytest.mark.parametrize("shell", COMPLETION)
def test_each_shell_gets_a_script_and_its_completions(
    shell: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The script asks the program again with `complete_SHELL`, in the words of that shell."""
    begins, asked = COMPLETION[shell]
    monkeypatch.setenv("_PPO_CONSOLE_COMPLETE", f"source_{shell}")
    assert main([]) == 0
    script = capsys.readouterr().out
    assert begins in script and f"complete_{shell}" in script
    monkeypatch.setenv("_PPO_CONSOLE_COMPLETE", f"complete_{shell}")
    for name, value in asked.items():
        monkeypatch.setenv(name, value)
    assert main([]) == 0
    offered = capsys.readouterr().out
    assert "status" in offered and "standup" in offered and "train" not in offered.replace("training", "")


@pytest.mark.parametrize("shell", COMPLETION)
def test_show_completion_prints_the_script_of_the_shell_that_asks(
    shell: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("typer.completion._get_shell_name", lambda: shell)
    assert main(["--show-completion"]) == 0
    assert COMPLETION[shell][0] in capsys.readouterr().out


ASKING = {
    "bash": "COMP_WORDS=(ppo-console runbook kl_); COMP_CWORD=2; _ppo_console_completion ppo-console; "
    'printf "%s\\n" "${COMPREPLY[@]}"',
    "zsh": "words=(ppo-console runbook kl_); CURRENT=3; _arguments() { print -r -- $@ }; "
    "_ppo_console_completion",
    "fish": 'complete -C "ppo-console runbook kl_"',
}
"""What the shell does at a tab; zsh offers only within its line editor, so here it prints what it would."""
PLAIN = {"bash": "--norc", "zsh": "-f", "fish": "--no-config"}
WORDS = {
    "bash": {"COMP_WORDS": "ppo-console runbook kl_", "COMP_CWORD": "2"},
    "zsh": {"_TYPER_COMPLETE_ARGS": "ppo-console runbook kl_"},
    "fish": {"_TYPER_COMPLETE_ARGS": "ppo-console runbook kl_", "_TYPER_COMPLETE_FISH_ACTION": "get-args"},
}


@pytest.mark.parametrize("shell", ASKING)
def test_each_shell_takes_the_script_and_offers_the_values_of_a_command(
    shell: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The shell is the real one; the program's answer was taken here, so that it is started once."""
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    monkeypatch.setenv("_PPO_CONSOLE_COMPLETE", f"source_{shell}")
    assert main([]) == 0
    script = tmp_path / "script"
    script.write_text(capsys.readouterr().out)
    with monkeypatch.context() as asked:
        asked.setenv("_PPO_CONSOLE_COMPLETE", f"complete_{shell}")
        for name, value in WORDS[shell].items():
            asked.setenv(name, value)
        assert main([]) == 0
    answer = tmp_path / "answer"
    answer.write_text(capsys.readouterr().out)
    program = tmp_path / "ppo-console"
    program.write_text(f"#!/bin/sh\ncat {answer}\n")
    program.chmod(0o755)
    begin = "autoload -Uz compinit; compinit -D; " if shell == "zsh" else ""
    done = subprocess.run(
        [shell, PLAIN[shell], "-c", f"{begin}source {script}; {ASKING[shell]}"],
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}", "HOME": str(tmp_path), "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == "" and "kl_spike" in done.stdout and "kl_explosion" in done.stdout
