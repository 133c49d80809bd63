"""`doctor`: what this terminal, machine and workspace allow, and what to do about each limit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from console.cli.folding import folded
from console.cli.options import JsonOption, WorkspaceOption, named_before
from console.cli.output import ATTENTION, BAD, GOOD, finish, put, put_json
from core.clock import utc_now

if TYPE_CHECKING:
    from core.doctor.finding import Diagnosis

_GLYPHS = {"good": "●", "attention": "▲", "bad": "■", "unknown": "○"}
_CODES = {"good": GOOD, "attention": ATTENTION, "bad": BAD, "unknown": GOOD}
_INDENT = 20


def register(app: typer.Typer) -> None:
    app.command("doctor", short_help="What this terminal, machine and workspace allow.")(doctor)


def doctor(workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """What this terminal, machine and workspace allow, and what to do about each limit. Changes nothing.

    Exit 0 with nothing to do, 10 with a limit, 20 where something does not work here.
    """
    from console.doctor import examine

    found = examine(Path.cwd(), workspace or named_before())
    if as_json:
        put_json(found, utc_now())
    else:
        put(_text(found))
    finish(_CODES[found.state])


def _text(found: Diagnosis) -> str:
    lines, area = [_answer(found)], ""
    for finding in found.findings:
        if finding.area != area:
            area = finding.area
            lines += ["", area]
        lines += folded(f"  {_GLYPHS[finding.state]} {finding.name:<{_INDENT - 4}}", finding.value)
        if finding.do:
            lines += folded(" " * _INDENT + "→ ", finding.do)
    return "\n".join(lines)


def _answer(found: Diagnosis) -> str:
    count = {state: sum(each.state == state for each in found.findings) for state in _GLYPHS}
    words = {"bad": "does not work here", "attention": "limited", "unknown": "worth knowing"}
    told = [f"{count['good']} good"] + [
        f"{count[state]} {word}" for state, word in words.items() if count[state]
    ]
    return f"{_GLYPHS[found.state]} " + ", ".join(told)
