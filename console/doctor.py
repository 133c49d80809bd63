"""What this terminal and locale allow: size, colours, characters, clipboard, and how the line reaches us.

Joins it with what the machine and the workspace allow. Trap avoided: judging a pipe as if it were the
terminal the console will be opened on; what cannot be seen from here is unknown.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from console.terminal import depth, uses_ascii
from core.config.loader import ConfigError
from core.doctor import machine, program
from core.doctor import workspace as in_workspace
from core.doctor.finding import Diagnosis, Finding, diagnose, good, limit
from core.errors import ConsoleError, UsageError
from core.text import visible
from core.workspace import find_workspace, open_workspace

AREA = "terminal"
COMFORTABLE = (80, 24)
"""Columns and lines that the screens are made for."""
_TMUX_SECONDS = 2.0
_PASSTHROUGH = {"0": "off", "1": "on", "2": "all"}
"""tmux tells the place of this option's word, not the word."""

Ask = Callable[[str], str | None]
"""The value of a tmux option; None where tmux does not answer."""


def examine(start: Path, explicit: Path | None) -> Diagnosis:
    """Everything that can be seen from here. Never raises for what it finds."""
    size = os.get_terminal_size() if _is_terminal() else None
    found = [*terminal(os.environ, None if size is None else (size.columns, size.lines), _tmux_option)]
    found += program.look()
    found += machine.look()
    found += _workspace(start, explicit)
    return diagnose(found)


def _is_terminal() -> bool:
    streams = (sys.__stdin__, sys.__stdout__, sys.__stderr__)
    return all(stream is not None and not stream.closed and stream.isatty() for stream in streams)


def _workspace(start: Path, explicit: Path | None) -> Iterator[Finding]:
    try:
        find_workspace(start, explicit)
    except UsageError as error:
        yield limit(
            in_workspace.AREA, "folder", error.title, error.hint, "unknown" if explicit is None else "bad"
        )
        return
    try:
        opened = open_workspace(start, explicit)
    except ConsoleError as error:
        if isinstance(error, ConfigError):
            from console.keyboard import with_key_problems

            error = with_key_problems(error)
        yield limit(in_workspace.AREA, "config.toml", error.title, error.hint, "bad")
        return
    try:
        if opened.settings.keys:
            from console.keyboard import checked_keys

            checked_keys(opened)
    except ConsoleError as error:
        yield limit(in_workspace.AREA, "[keys]", error.title, error.hint, "bad")
    yield from in_workspace.look(opened, os.environ)


def terminal(environ: Mapping[str, str], size: tuple[int, int] | None, ask: Ask) -> Iterator[Finding]:
    """`size`: columns and lines; None where the streams are no terminal."""
    term = environ.get("TERM", "")
    if size is None:
        do = "Run it in the terminal that the console is to be opened in."
        yield limit(AREA, "kind", "no terminal here: input, output or errors go elsewhere", do, "unknown")
    elif term in ("", "dumb", "unknown"):
        do = "Set TERM (for example xterm-256color); commands work without."
        yield limit(AREA, "kind", f"TERM is {term or 'not set'}: the console cannot place text", do, "bad")
    else:
        yield good(AREA, "kind", f"{visible(term, 40)}{_inside(environ)}")
        yield _size(size)
        yield _colours(environ)
        yield _clipboard(environ, ask)
    yield _characters(environ)


def _inside(environ: Mapping[str, str]) -> str:
    around = "tmux" if environ.get("TMUX") else "GNU screen" if environ.get("STY") else ""
    line = "over SSH" if environ.get("SSH_CONNECTION") else ""
    words = " ".join(filter(None, (f"in {around}" if around else "", line)))
    return f", {words}" if words else ""


def _size(size: tuple[int, int]) -> Finding:
    shown = f"{size[0]}x{size[1]}"
    if 0 in size:
        do = "Resize the window once, or set it: stty cols 120 rows 40."
        return limit(AREA, "size", f"{shown}: the terminal does not tell its size", do)
    if size[0] < COMFORTABLE[0] or size[1] < COMFORTABLE[1]:
        do = "Make it 80x24 or larger; smaller, charts and lists show less at a time and nothing is lost."
        return limit(AREA, "size", shown, do)
    return good(AREA, "size", shown)


def _colours(environ: Mapping[str, str]) -> Finding:
    name, term = "colours", environ.get("TERM", "")
    allowed = depth(environ)
    if environ.get("NO_COLOR"):
        return good(AREA, name, "none, as NO_COLOR asks: glyphs and words say the same")
    if allowed == "none":
        return good(AREA, name, f"none: TERM is {visible(term, 40)}; glyphs and words say the same")
    if allowed == "all":
        return good(AREA, name, "16 million (COLORTERM)")
    if allowed == "256":
        do = "Nothing, or set COLORTERM=truecolor where the terminal can; over SSH it is often not passed on."
        return limit(AREA, name, "256", do, "unknown")
    wanted = "xterm-256color"
    if environ.get("TMUX"):
        wanted = "tmux-256color"
    elif environ.get("STY"):
        wanted = "screen-256color"
    do = f"Set TERM={wanted} where the terminal can; status never rests on colour alone."
    return limit(AREA, name, "16, the terminal's own", do)


def _characters(environ: Mapping[str, str]) -> Finding:
    name, encoding = "characters", (sys.stdout.encoding or "").lower() if sys.stdout is not None else ""
    if uses_ascii():
        decides = next((name for name in ("LC_ALL", "LC_CTYPE") if environ.get(name)), "LANG")
        do = f"Set {decides}=C.UTF-8 where the terminal can show it; charts get finer, nothing else changes."
        return limit(AREA, name, "ASCII: the locale is not UTF-8", do)
    if encoding and "utf" not in encoding:
        do = "Set PYTHONIOENCODING=utf-8, or LANG=C.UTF-8."
        return limit(AREA, name, f"output is written as {visible(encoding, 20)}", do)
    return good(AREA, name, "UTF-8")


def _clipboard(environ: Mapping[str, str], ask: Ask) -> Finding:
    name, always = "clipboard", "`y` always writes a file too"
    if environ.get("TMUX"):
        setting, through = ask("set-clipboard"), ask("allow-passthrough")
        if setting is None:
            return limit(AREA, name, "tmux did not answer", f"Nothing: {always}.", "unknown")
        through = _PASSTHROUGH.get(through or "off", through)
        told = f"set-clipboard {visible(setting, 20)}, allow-passthrough {visible(through or 'off', 20)}"
        if setting != "on" and through not in ("on", "all"):
            return limit(
                AREA, name, f"tmux passes no copy on ({told})", f"tmux set -s set-clipboard on; {always}."
            )
        return good(AREA, name, f"OSC 52 through tmux ({told})")
    do = f"Nothing: a terminal does not tell whether it takes copies (OSC 52); {always}."
    return limit(AREA, name, "OSC 52, if the terminal allows it", do, "unknown")


def _tmux_option(name: str) -> str | None:
    """Asks the tmux around us, for at most two seconds."""
    program_path = shutil.which("tmux")
    if program_path is None:
        return None
    try:
        asked = subprocess.run(
            [program_path, "display-message", "-p", f"#{{{name}}}"],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_TMUX_SECONDS,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return asked.stdout.strip() or None if asked.returncode == 0 else None
