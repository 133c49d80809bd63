"""Each kind of terminal gets what it can show: none, dumb, without UTF-8, without colour, GNU screen."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import Any

import pytest

from core.workspace import Workspace


@pytest.mark.parametrize("dumb", ["dumb", ""])
def test_a_terminal_that_cannot_place_text_is_refused_in_words(
    opened: Any, workspace: Workspace, dumb: str
) -> None:
    with opened(workspace, TERM=dumb) as terminal:
        assert terminal.wait() == 2
        assert b"UsageError: the console needs a terminal" in terminal.output
        assert b"\x1b" not in terminal.output


@pytest.mark.parametrize("stream", ["stdin", "stdout", "stderr"])
def test_without_a_terminal_it_says_so_without_escape_codes(
    workspace: Workspace, script: str, stream: str
) -> None:
    """Each of the three streams counts: Textual draws on standard error."""
    master, slave = os.openpty()
    streams = {"stdin": slave, "stdout": slave, "stderr": slave}
    streams[stream] = subprocess.DEVNULL if stream == "stdin" else subprocess.PIPE
    command = [sys.executable, "-c", script, str(workspace.root)]
    done = subprocess.run(command, **streams, timeout=60, check=False, env={**os.environ, "TERM": "xterm"})
    shown = (done.stdout or b"") + (done.stderr or b"")
    if stream != "stdout":
        shown += os.read(master, 65536)
    os.close(slave)
    os.close(master)
    assert done.returncode == 2
    assert b"the console needs a terminal" in shown and b"\x1b" not in shown


def test_in_a_locale_without_utf_8_only_ascii_is_drawn(opened: Any, workspace: Workspace) -> None:
    with opened(workspace, LANG="en_US.ISO-8859-1") as terminal:
        assert b"Dash" in terminal.read(60, b"quit")
        terminal.press("2")
        terminal.settle(0.3)
        text = terminal.output
        terminal.press("\x03")
        terminal.wait()
    assert all(byte < 0x80 for byte in text)
    assert b"+" in text and b"|" in text


def colour_codes(text: bytes) -> list[bytes]:
    """The parameters of every SGR sequence that names a colour."""
    found = re.findall(rb"\x1b\[([0-9;:]*)m", text)
    return [codes for codes in found if re.search(rb"(?:^|;)(?:3[0-9]|4[0-9]|9[0-7]|10[0-7])(?:;|$)", codes)]


def test_no_color_sends_no_colour_code_and_leaves_words_glyphs_and_a_cursor(
    opened: Any, workspace: Workspace
) -> None:
    with opened(workspace, NO_COLOR="1", COLORTERM="truecolor") as terminal:
        assert b"ABSENT" in terminal.read(60, b"quit")
        terminal.press("2")
        terminal.settle(0.3)
        text = terminal.output
        terminal.press("\x03")
        terminal.wait()
    assert "○".encode() in text
    assert colour_codes(terminal.output) == []
    assert b"\x1b[7m" in text or b"\x1b[1;7m" in text, "the open tab or a cursor is reversed"


def test_in_gnu_screen_sixteen_colours_are_the_terminals_own_esc_comes_at_once_and_the_shell_goes_on_below(
    opened: Any,
    workspace: Workspace,
) -> None:
    """With the mouse on GNU screen keeps esc until the next key; it seldom gives back the first screen."""
    with opened(workspace, TERM="screen", STY="1.pts-0", COLORTERM="") as terminal:
        text = terminal.read(60, b"quit")
        terminal.press("\x03")
        terminal.wait()
    assert b"\x1b[?1000h" not in text and b"\x1b[?1003h" not in text
    assert terminal.output.rstrip(b"\r\n").endswith(b"\x1b[999;1H")
    assert colour_codes(text) and b"38;2;" not in text and b"38;5;" not in text
    assert b";44m" in text, "the open tab stands on another ground"
