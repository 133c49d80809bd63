"""Text of others, hostile, in every place it enters: no command and no screen lets a raw byte of it out."""

from __future__ import annotations

import io
import json
import sys
import unicodedata

import pytest

from console.__main__ import main
from core.workspace import Workspace

COMMANDS = (
    "status",
    "status --json",
    "check",
    "daily",
    "preflight",
    "checklist",
    "checklist preflight",
    "standup",
    "timeline",
    "handover",
    "signoff",
    "decision",
    "runbook",
    "runbook crash",
    "alerts",
    "alerts rules",
    "alerts silences",
    "alerts outbox",
    "alerts --replay",
    "audit show",
    "audit verify",
    "model summary",
    "revalidate",
    "data check",
    "[/red]\x1b]0;x\x07 [@click=app.quit]x[/]",
)
_FORBIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}


class Terminal(io.TextIOWrapper):
    """Also on a terminal no command sends codes."""

    def isatty(self) -> bool:
        return True


def ran(monkeypatch: pytest.MonkeyPatch, encoding: str, command: str) -> tuple[int, str, str]:
    """(exit code, stdout, stderr) of a command on streams of `encoding`."""
    streams = [Terminal(io.BytesIO(), encoding=encoding, errors="strict") for _ in range(2)]
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", streams[0])
        patch.setattr(sys, "stderr", streams[1])
        code = main(command.split(" "))
    for stream in streams:
        stream.flush()
    out, err = (stream.buffer.getvalue().decode(encoding) for stream in streams)  # type: ignore[attr-defined]
    return code, out, err


def harmful(text: str) -> set[str]:
    """Characters that a terminal acts on; line ends and the documents' emoji selector are not among them."""
    return {char for char in text if unicodedata.category(char) in _FORBIDDEN and char != "\n"}


def test_no_command_lets_a_control_character_out_or_breaks(
    poisoned: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(poisoned.root)
    for command in COMMANDS:
        code, out, err = ran(monkeypatch, "utf-8", command)
        assert not harmful(out) and not harmful(err), command
        assert code in (0, 1, 2, 10, 20), command
        assert "unforeseen" not in err and "Traceback" not in err, f"{command}: {err}"
        assert out.strip() or err.strip(), command


def test_in_a_locale_without_utf_8_commands_answer_in_ascii_and_their_json_is_the_same(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(workspace.root)
    for command in (
        "status",
        "preflight",
        "checklist",
        "standup",
        "timeline",
        "runbook crash",
        "alerts rules",
    ):
        _code, out, err = ran(monkeypatch, "ascii", command)
        _code, fine, _err = ran(monkeypatch, "utf-8", command)
        unknown = fine.count("?") + fine.count("○") + fine.count("❔")  # its sign is a question mark
        assert out.count("?") == unknown, f"{command}: {out}"
        assert "unforeseen" not in err
    _code, plain, _err = ran(monkeypatch, "ascii", "checklist preflight --json")
    _code, fine, _err = ran(monkeypatch, "utf-8", "checklist preflight --json")
    limits = what_does_not_move(fine)
    assert what_does_not_move(plain) == limits and any(not limit.isascii() for _, limit in limits)


def what_does_not_move(document: str) -> list[tuple[str, str]]:
    """Each item's limit: its value and age are the moment's."""
    return [(item["key"], item["limit"] or "") for item in json.loads(document)["items"]]


def test_nothing_that_a_terminal_acts_on_stands_raw_in_json(
    poisoned: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And its value is what the file holds."""
    monkeypatch.chdir(poisoned.root)
    _code, out, _err = ran(monkeypatch, "utf-8", "alerts rules --json")
    assert not harmful(out)
    assert "\\u202e" in out and json.loads(out)["rules"]
