"""Over a slow line only what changed is sent, and the terminal still shows what a whole redraw would."""

from __future__ import annotations

import time
from typing import Any

from benchmarks.screen import Screen
from core.workspace import Workspace

WALK = {
    "? esc 3 j O esc 1 i esc 2": "Nothing needs you",
    "tab j tab d esc 4": "No log line yet",
    "/ a enter esc 5 7 d esc 8": "Scenarios of the checklist",
    "enter j esc : esc p": "the display holds still",
}
"""Over screens, boxes and fields to what stands still; and its words."""
KEYS = {"esc": "\x1b", "enter": "\r", "tab": "\t"}
REDRAW = "\x0c"


def test_after_any_walk_a_whole_redraw_finds_nothing_else(opened: Any, workspace: Workspace) -> None:
    with opened(workspace) as terminal:
        shown = Screen(80, 24)
        shown.feed(terminal.read(60, b"quit"))

        def press(key: str, until: str = "") -> bytes:
            terminal.output = b""
            terminal.press(KEYS.get(key, key))
            terminal.settle(0.15, 3.0)
            end = time.monotonic() + 60
            while until not in shown.text() and time.monotonic() < end:
                shown.feed(terminal.output)
                terminal.output = b""
                terminal.read(0.1)
            shown.feed(terminal.output)
            return terminal.output

        for keys, words in WALK.items():
            *walk, last = keys.split()
            for key in walk:
                press(key)
            press(last, words)
            before = shown.below(1)  # the clock stands above
            assert b"\x1b[1;1H" in press(REDRAW)
            assert shown.below(1) == before, keys


def test_a_note_and_a_closed_box_send_no_line_that_stands(opened: Any, workspace: Workspace) -> None:
    with opened(workspace) as terminal:
        terminal.read(60, b"quit")
        terminal.settle(0.4, 5.0)
        terminal.output = b""
        terminal.press("p")
        assert b"holds still" in terminal.read(20, b"holds still")
        terminal.settle(0.2)
        assert b"Dash" not in terminal.output and len(terminal.output) < 2_000
