"""The program's help says what each command does, in whole words."""

from __future__ import annotations

from typing import Any

import pytest

from console.__main__ import main
from console.cli.output import folded


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
