"""Whatever the size becomes, and whatever the environment says of it, the picture is whole."""

from __future__ import annotations

import re
from typing import Any

from core.workspace import Workspace


def test_after_a_storm_of_sizes_the_picture_is_whole(opened: Any, workspace: Workspace) -> None:
    """From no cell at all to 500x500, and back."""
    sizes = [(0, 0), (500, 500), (15, 60), (1, 1), (5, 20), (50, 200), (0, 80), (24, 0)]
    with opened(workspace) as terminal:
        assert b"Dash" in terminal.read(60, b"quit")
        for size in [*sizes * 4, (24, 80)]:
            terminal.resize(*size)
        terminal.settle(0.4, 5.0)
        terminal.output = b""
        terminal.press("2")
        assert b"quit" in terminal.read(5, b"quit") and b"Alerts" in terminal.output
        terminal.press("\x03")
        assert terminal.wait() == 130


def test_the_terminals_size_counts_not_the_one_that_was_exported(opened: Any, workspace: Workspace) -> None:
    """A shell's exported `COLUMNS` and `LINES` stay as they are when the window does not."""
    exported = {"COLUMNS": "80", "LINES": "24"}
    with opened(workspace, size=(30, 132), **exported) as terminal:
        terminal.read(60, b"quit")
        terminal.settle(0.4, 5.0)
        assert _lines_reached(terminal) == 30
        terminal.output = b""
        terminal.resize(40, 132)
        terminal.settle(0.4, 5.0)
        assert _lines_reached(terminal) == 40


def _lines_reached(terminal: Any) -> int:
    """The lowest line that anything was placed on."""
    return max(int(line) for line in re.findall(rb"\x1b\[(\d+);\d+H", terminal.output))
