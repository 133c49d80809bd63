"""Resident memory, and rows parsed a second."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping

from benchmarks import causes
from benchmarks.measure import PATIENCE, SETTLE
from benchmarks.programs import ROOT, Program
from benchmarks.screen import Screen
from benchmarks.subjects import BARE, CONSOLE, LEET, TOOLONG, WIDE, Subjects, history_is_whole
from benchmarks.table import Line

_RESIDENT = 80.0
"""Megabytes."""


def measure_memory(subjects: Subjects) -> list[Line]:
    small = {
        CONSOLE: subjects.console_empty,
        BARE: subjects.bare,
        TOOLONG: subjects.toolong(subjects.live),
        LEET: subjects.leet,
    }
    large = {CONSOLE: subjects.console_million, TOOLONG: subjects.toolong(subjects.million)}
    return [
        _line("resident after start", small),
        _line("resident with 1,000,000 rows", large, history_is_whole),
    ]


def _line(
    label: str, opened: Mapping[str, Program | None], whole: Callable[[Screen], bool] | None = None
) -> Line:
    found = {
        name: _resident(program, whole if name == CONSOLE else None)
        for name, program in opened.items()
        if program is not None
    }
    values = {name: size for name, (size, _) in found.items()}
    return Line(label, "MB", values, _RESIDENT, (CONSOLE,), cause=lambda: found[CONSOLE][1])


def _resident(program: Program, whole: Callable[[Screen], bool] | None) -> tuple[float | None, str]:
    """Megabytes a few seconds after the first values (or the whole history), and what they are."""
    with program.open(WIDE) as terminal:
        if terminal.wait_text(program.marker, PATIENCE) is None:
            return None, "it did not start."
        if whole is not None and not whole(terminal.screen):
            terminal.wait(whole, PATIENCE)
        terminal.run(2 * SETTLE)
        return terminal.resident() / 1e6, causes.held(terminal.pid)


def measure_parsing(subjects: Subjects) -> list[Line]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.parsing", str(subjects.million.folder)],
        cwd=ROOT,
        capture_output=True,
        check=True,
        timeout=120,
    )
    rates: dict[str, float] = json.loads(done.stdout)
    subjects.notes.append(f"parsing: csv.reader with float() makes {rates['csv']:,.0f} rows/s here.")
    return [
        Line("parsing", "rows/s", {CONSOLE: rates["reader"]}),
        Line("parsing", "× csv.reader", {CONSOLE: rates["reader"] / rates["csv"]}),
        Line("alert rules", "rows/s", {CONSOLE: rates["rules"]}),
    ]
