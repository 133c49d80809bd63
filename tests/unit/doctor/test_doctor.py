"""The doctor: each limit is found, and says what to do about it."""

from __future__ import annotations

import importlib.metadata
import resource
import sqlite3
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from console import doctor as console_doctor
from core.doctor import machine, program
from core.doctor import workspace as in_workspace
from core.doctor.finding import Finding, diagnose, good, limit
from core.store.database import Store
from core.store.operator import OperatorIdentity
from core.telemetry.gpu import GpuProbe
from core.workspace import init_workspace, open_workspace

UNSEEN = SimpleNamespace(NVMLError=OSError)


def by_name(findings: Any) -> dict[str, Finding]:
    return {finding.name: finding for finding in findings}


@pytest.fixture
def workspace(tmp_path: Path) -> Any:
    init_workspace(tmp_path / "week")
    return open_workspace(tmp_path / "week")


def test_the_whole_is_as_bad_as_its_worst_and_the_unknown_does_not_count() -> None:
    fine, unseen = good("a", "b", "c"), limit("a", "b", "c", "do", "unknown")
    slow, broken = limit("a", "b", "c", "do"), limit("a", "b", "c", "do", "bad")
    assert [diagnose(each).state for each in ([fine, unseen], [fine, slow], [slow, broken])] == [
        "good",
        "attention",
        "bad",
    ]


def test_a_package_out_of_range_or_missing_is_named_with_what_was_asked_for() -> None:
    versions = {"textual": "7.0", "stable-baselines3": "2.9.2", "torch": "2.13.0+cpu", "pandas": "3.1.1"}

    def version(name: str) -> str:
        if name not in versions:
            raise importlib.metadata.PackageNotFoundError(name)
        return versions[name]

    asked = ["textual>=8.2,<9", "torch>=2.8", "gymnasium>=1", "apprise>=2; extra == 'notify'"]
    found = by_name(program.look(asked, version))["packages"]
    assert found.state == "bad" and "pip install" in found.do
    assert found.value == "textual 7.0 is not <9,>=8.2; gymnasium is missing"
    versions |= {"textual": "8.2.8", "gymnasium": "1.4"}
    found = by_name(program.look(asked, version))["packages"]
    assert found.state == "good" and found.value.startswith("3 of 3 in range; textual 8.2.8")


def test_this_environment_holds_what_the_program_asks_for() -> None:
    assert by_name(program.look())["packages"].state == "good"


@pytest.mark.parametrize(("version", "state"), [("3.36.9", "bad"), ("3.37.0", "good"), ("3.40.1", "good")])
def test_an_sqlite_without_strict_tables_is_told(version: str, state: str) -> None:
    assert program.sqlite(version).state == state


@pytest.mark.parametrize(("text", "state"), [("100", "attention"), ("192536\n", "good"), ("?", "unknown")])
def test_too_few_watches_of_the_kernel_are_told(tmp_path: Path, text: str, state: str) -> None:
    (tmp_path / "watches").write_text(text)
    found = machine.watches(tmp_path / "watches")
    assert found.state == state and bool(found.do) == (state != "good")


def test_a_limit_on_the_size_of_files_is_told() -> None:
    assert machine.file_size(resource.RLIM_INFINITY).state == "good"
    found = machine.file_size(10_000_000)
    assert found.state == "attention" and "ulimit" in found.do


def test_without_a_card_the_reason_stands_there() -> None:
    def absent() -> Any:
        raise ImportError

    found = by_name(machine.look(GpuProbe(absent)))["gpu"]
    assert (found.state, found.value) == ("unknown", "nvidia-ml-py is not installed.")


def test_a_new_workspace_is_fine_and_nothing_is_made_in_it(workspace: Any) -> None:
    before = sorted(workspace.root.rglob("*"))
    found = by_name(in_workspace.look(workspace, {}))
    assert {each.state for name, each in found.items() if name not in ("disk", "notifications")} == {"good"}
    assert found["store"].value.startswith("none yet")
    assert sorted(workspace.root.rglob("*")) == before


def test_folders_that_nobody_may_look_at_are_bad_and_end_nothing(
    workspace: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Path.exists raises where a folder above it is denied."""
    look_at, access = Path.exists, in_workspace.os.access

    def exists(path: Path, **rest: Any) -> bool:
        if path != workspace.logs.parent and path.is_relative_to(workspace.logs.parent):
            raise PermissionError(13, "Permission denied", str(path))
        if path == workspace.store:
            raise PermissionError(13, "Permission denied", str(path))
        return look_at(path, **rest)

    monkeypatch.setattr(Path, "exists", exists)
    denied = {workspace.logs.parent, workspace.store.parent}
    monkeypatch.setattr(
        in_workspace.os, "access", lambda path, mode: path not in denied and access(path, mode)
    )
    found = by_name(in_workspace.look(workspace, {}))
    assert found["permissions"].state == found["store"].state == "bad"
    assert "the run (logs/ppo_training)" in found["permissions"].value
    assert found["store"].value == "state/console.sqlite3: Permission denied"


def test_a_store_with_a_changed_entry_is_bad(workspace: Any, tmp_path: Path) -> None:
    operator = OperatorIdentity(name="eve", role="", host="h", client="")
    with Store(workspace.store, operator) as store:
        from datetime import UTC, datetime

        store.record("note", "x", {"text": "one"}, datetime(2026, 2, 23, tzinfo=UTC))
    whole = by_name(in_workspace.look(workspace, {}))["store"]
    assert (whole.state, whole.value) == ("good", "1 audit entry, the chain is whole")
    connection = sqlite3.connect(workspace.store)
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute("UPDATE audit_log SET operator = 'adam'")
    connection.commit()
    connection.close()
    broken = by_name(in_workspace.look(workspace, {}))["store"]
    assert broken.state == "bad" and "audit verify" in broken.do
    workspace.store.write_bytes(b"no database at all, not even close to one")
    assert by_name(in_workspace.look(workspace, {}))["store"].state == "bad"


def test_a_volume_over_the_network_is_told_where_the_store_lies_on_it(workspace: Any, tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/sda / ext4 rw 0 0\nserver:/x {workspace.root} nfs4 rw 0 0\nnone /proc proc rw\n")
    found = by_name(in_workspace.look(workspace, {}, mounts))
    assert found["store's volume"].state == "attention" and "paths.store" in found["store's volume"].do
    assert found["run's volume"].value == "nfs4, over the network"
    assert in_workspace.volume_kind(Path("/proc/1"), mounts) == "proc"
    assert in_workspace.volume_kind(tmp_path, tmp_path / "absent") is None


def test_a_target_whose_variable_is_not_set_is_told(workspace: Any) -> None:
    notify = msgspec.structs.replace(
        workspace.settings.notify, enabled=True, targets={"chat": "slack://${CHAT_TOKEN}"}
    )
    set_up = type(workspace)(workspace.root, msgspec.structs.replace(workspace.settings, notify=notify))
    missing = by_name(in_workspace.look(set_up, {}))["notifications"]
    assert missing.state == "attention" and "CHAT_TOKEN" in missing.value
    assert by_name(in_workspace.look(set_up, {"CHAT_TOKEN": "s"}))["notifications"].state == "good"


def test_folders_that_may_not_be_written_are_named(workspace: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_workspace.os, "access", lambda path, mode: "state" not in str(path))
    workspace.store.parent.mkdir(exist_ok=True)
    found = by_name(in_workspace.look(workspace, {}))["permissions"]
    assert found.state == "bad" and found.value == "may not be written: the store (state)"


Asked = dict[str, str]


def terminal(environ: Asked, size: tuple[int, int] | None, tmux: Asked | None = None) -> dict[str, Finding]:
    return by_name(console_doctor.terminal(environ, size, (tmux or {}).get))


def test_without_a_terminal_nothing_is_said_of_its_size_or_colours() -> None:
    found = terminal({"TERM": "xterm"}, None)
    assert found["kind"].state == "unknown" and {"size", "colours", "clipboard"}.isdisjoint(found)


@pytest.mark.parametrize(
    ("environ", "size", "name", "state"),
    [
        ({"TERM": "dumb"}, (80, 24), "kind", "bad"),
        ({"TERM": "xterm-256color"}, (80, 24), "size", "good"),
        ({"TERM": "xterm-256color"}, (79, 24), "size", "attention"),
        ({"TERM": "xterm-256color"}, (0, 0), "size", "attention"),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, (80, 24), "colours", "good"),
        ({"TERM": "xterm-256color"}, (80, 24), "colours", "unknown"),
        ({"TERM": "linux"}, (80, 24), "colours", "attention"),
        ({"TERM": "linux", "NO_COLOR": "1"}, (80, 24), "colours", "good"),
        ({"TERM": "xterm"}, (80, 24), "clipboard", "unknown"),
        ({"TERM": "tmux", "TMUX": "x"}, (80, 24), "clipboard", "unknown"),
    ],
)
def test_each_limit_of_a_terminal_says_what_to_do(
    environ: Asked, size: tuple[int, int], name: str, state: str
) -> None:
    found = terminal(environ, size)[name]
    assert found.state == state and bool(found.do) == (state != "good")


@pytest.mark.parametrize(
    ("clipboard", "through", "state"),
    [
        ("on", "off", "good"),
        ("external", "on", "good"),
        ("external", "1", "good"),
        ("external", "off", "attention"),
        ("external", "0", "attention"),
        ("off", "", "attention"),
    ],
)
def test_a_tmux_that_passes_no_copy_on_is_told(clipboard: str, through: str, state: str) -> None:
    tmux = {"set-clipboard": clipboard, "allow-passthrough": through}
    assert terminal({"TERM": "tmux", "TMUX": "x"}, (80, 24), tmux)["clipboard"].state == state


def test_a_terminal_that_cannot_place_text_is_told_that_alone() -> None:
    assert {"size", "colours", "clipboard"}.isdisjoint(terminal({"TERM": "dumb"}, (80, 24)))


@pytest.mark.parametrize(
    ("environ", "wanted"),
    [
        ({"TERM": "xterm"}, "TERM=xterm-256color"),
        ({"TERM": "screen", "STY": "1"}, "TERM=screen-256color"),
        ({"TERM": "screen", "TMUX": "x"}, "TERM=tmux-256color"),
    ],
)
def test_the_terminal_type_to_set_is_the_one_of_what_is_around_us(environ: Asked, wanted: str) -> None:
    assert wanted in terminal(environ, (80, 24))["colours"].do


@pytest.mark.parametrize("decides", ["LC_ALL", "LC_CTYPE", "LANG"])
def test_the_variable_to_set_is_the_one_that_decides_the_locale(
    decides: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LANG is not looked at where LC_ALL is set."""
    monkeypatch.setattr(console_doctor, "uses_ascii", lambda: True)
    environ = {"TERM": "xterm", "LANG": "C", decides: "C"}
    assert f"Set {decides}=C.UTF-8" in terminal(environ, (80, 24))["characters"].do


def test_a_folder_named_that_is_no_workspace_is_bad_and_one_around_us_is_not_needed(tmp_path: Path) -> None:
    named = [each for each in console_doctor.examine(tmp_path, tmp_path).findings if each.area == "workspace"]
    around = [each for each in console_doctor.examine(Path("/"), None).findings if each.area == "workspace"]
    assert (named[0].state, around[0].state) == ("bad", "unknown")
    (tmp_path / "config.toml").write_text("[week]\nstrat = 3\n")
    found = console_doctor.examine(tmp_path, None)
    assert found.state == "bad" and "week.strat" in str([each.value + each.do for each in found.findings])


@pytest.mark.parametrize(
    ("prefix", "told"),
    [
        ("/home/ana/.local/share/pipx/venvs/ppo-console", "pipx inject ppo-console apprise"),
        ("/opt/ppo", "pip"),
    ],
)
def test_what_is_missing_is_added_to_the_environment_that_the_program_runs_in(prefix: str, told: str) -> None:
    assert program.install("apprise", "pip", prefix) == told


@pytest.mark.parametrize(
    ("kind", "state"), [("fuse.rclone", "attention"), ("fuse.sshfs", "attention"), ("fuse.mergerfs", "good")]
)
def test_a_bucket_mounted_as_a_folder_is_over_the_network(
    workspace: Any, tmp_path: Path, kind: str, state: str
) -> None:
    (tmp_path / "mounts").write_text(f"/dev/sda1 / ext4 rw 0 0\nbucket {workspace.root} {kind} rw 0 0\n")
    found = by_name(in_workspace.look(workspace, {}, tmp_path / "mounts"))
    assert found["store's volume"].state == state
