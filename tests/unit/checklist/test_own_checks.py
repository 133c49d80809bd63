"""A user's own checks: from the configuration alone, bounded in time, never through a shell."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from core.checklist.facts import Facts
from core.checklist.model import ItemResult
from core.checklist.own_checks import Answer, run_own_check
from core.checklist.preflight import run_preflight
from core.checklist.probe import run_probe
from core.config.settings import Checklist, OwnCheck
from core.workspace import Workspace, open_workspace


def run(root: Path, *, python_path: tuple[str, ...] = (), **check: Any) -> Answer:
    return run_own_check(root, Checklist(python_path=python_path), OwnCheck(text="own", **check))


def python(*lines: str) -> tuple[str, ...]:
    return (sys.executable, "-c", "\n".join(lines))


def test_a_command_passes_by_its_exit_and_its_output(tmp_path: Path) -> None:
    assert run(tmp_path, command=python("print('all OK here')"), expect="OK").good is True
    missing = run(tmp_path, command=python("print('bad')"), expect="OK")
    assert (missing.good, missing.message) == (False, "the output does not contain it; it ends: bad")
    failed = run(tmp_path, command=python("print('OK'); raise SystemExit(3)"), expect="OK")
    assert (failed.good, failed.value) == (False, "exit 3")
    assert run(tmp_path, command=("/nowhere/tool",)).good is False


def test_a_command_is_no_shell_line_and_runs_in_the_workspace(tmp_path: Path) -> None:
    answer = run(tmp_path, command=("echo", "$HOME; touch made"), expect="$HOME; touch made")
    assert answer.good is True
    assert not (tmp_path / "made").exists()
    assert run(tmp_path, command=python("import os; print(os.getcwd())"), expect=str(tmp_path)).good is True


def test_a_command_that_does_not_end_is_ended_with_its_children_and_unknown(tmp_path: Path) -> None:
    child = python(
        "import subprocess, sys, time",
        "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])",
        "open('pid', 'w').write(str(p.pid))",
        "time.sleep(60)",
    )
    began = time.monotonic()
    answer = run(tmp_path, command=child, seconds=1.0)
    assert time.monotonic() - began < 30
    assert answer.good is None
    assert "no answer within 1 s" in answer.message
    pid = int((tmp_path / "pid").read_text())
    for _ in range(600):
        state = Path(f"/proc/{pid}/stat")
        if not state.exists() or state.read_text().split()[2] == "Z":
            break
        time.sleep(0.05)
    else:
        os.kill(pid, 9)
        pytest.fail("the command's child lives on")


def test_endless_output_is_read_and_dropped(tmp_path: Path) -> None:
    talk = python("import sys", "for _ in range(3000): sys.stdout.write('x' * 1000)", "print('END')")
    assert run(tmp_path, command=talk, expect="END").good is True


def test_an_import_finds_only_what_the_configuration_put_on_the_path(tmp_path: Path) -> None:
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours" / "agent.py").write_text("class TradingEnv: pass\n")
    assert run(tmp_path, imports="agent:TradingEnv").good is False
    found = run(tmp_path, imports="agent:TradingEnv", python_path=("ours",))
    assert (found.good, found.value) == (True, "imports")
    other = run(tmp_path, imports="agent:Other", python_path=("ours",))
    assert other.good is False and "AttributeError" in other.message


def test_a_file_is_there_and_holds_what_is_expected(tmp_path: Path) -> None:
    assert run(tmp_path, file="notes.md").value == "missing"
    (tmp_path / "notes.md").write_text("")
    assert run(tmp_path, file="notes.md").value == "empty"
    (tmp_path / "notes.md").write_text("approved by ana")
    assert run(tmp_path, file="notes.md").good is True
    assert run(tmp_path, file="notes.md", expect="approved").good is True
    assert run(tmp_path, file="notes.md", expect="signed").good is False
    os.mkfifo(tmp_path / "pipe")
    assert run(tmp_path, file="pipe").good is False


def test_an_own_check_is_an_item_of_preflight_and_may_block(
    workspace: Workspace, now: Any, good: dict[str, Any]
) -> None:
    text = workspace.config.read_text(encoding="utf-8")
    text += '\n[checklist.checks.our_file]\ntext = "Our notes"\nfile = "notes.md"\non_fail = "block"\n'
    workspace.config.write_text(text, encoding="utf-8")
    opened = open_workspace(workspace.root, workspace.root)

    def item() -> ItemResult:
        own = run_probe(opened, now, wanted=("own",))
        facts = Facts(**{**good, "own": own.own, "looked_at": own.looked_at})
        result = run_preflight(opened, None, now, probe=lambda _w, _n: facts)
        return next(each for each in result.items if each.id == "preflight.check.our_file")

    missing = item()
    assert (missing.state, missing.on_fail, missing.text, missing.group) == (
        "fail",
        "block",
        "Our notes",
        "Own checks",
    )
    (workspace.root / "notes.md").write_text("yes")
    assert item().state == "pass"
