"""What terminal this is: whether a console can be drawn on it at all, in which characters and colours.

Trap avoided: escape codes in a log file, because only one of the three streams was looked at.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, MutableMapping
from typing import Literal

from core.errors import UsageError

Depth = Literal["none", "16", "256", "all"]
_MONOCHROME = ("vt52", "vt100", "vt102", "vt220", "vt320", "vt420")


def require_terminal() -> None:
    """Raises UsageError where no console can be drawn: a stream that is no terminal, or `TERM=dumb`."""
    streams = (("standard input", sys.__stdin__), ("standard output", sys.__stdout__))
    for name, stream in (*streams, ("standard error", sys.__stderr__)):
        if stream is None or stream.closed or not stream.isatty():
            raise UsageError(
                f"the console needs a terminal; {name} is none",
                hint="Use `ppo-console status`, `check` or another command; each has --json where useful.",
            )
    term = os.environ.get("TERM", "")
    if term in ("", "dumb", "unknown"):
        raise UsageError(
            f"the console needs a terminal that can place text; TERM is {term or 'not set'}",
            hint="Use `ppo-console status` or `check`, or set TERM (for example TERM=xterm-256color).",
        )


def follow_size(environ: MutableMapping[str, str]) -> None:
    """The terminal's own word on its size counts, where it has one: an exported `COLUMNS` or `LINES` is
    what it once was (Python and Textual would draw by it for good, deaf to every resize).

    Raises OSError where standard output is no terminal.
    """
    if all(os.get_terminal_size()):
        environ.pop("COLUMNS", None)
        environ.pop("LINES", None)


def uses_ascii() -> bool:
    """True where the locale says explicitly that the terminal is not UTF-8."""
    environ = os.environ
    ctype, lang = environ.get("LC_CTYPE", ""), environ.get("LANG", "")
    if lang and ctype in ("C.UTF-8", "C.utf8", "UTF-8"):
        ctype = ""  # Python sets these itself where LANG names no usable locale: LANG is the person's word
    locale = environ.get("LC_ALL") or ctype or lang
    return bool(locale) and "utf-8" not in locale.lower() and "utf8" not in locale.lower()


def depth(environ: Mapping[str, str]) -> Depth:
    """How many colours may be drawn. `NO_COLOR` counts where it is not empty (no-color.org)."""
    term = environ.get("TERM", "").lower()
    if environ.get("NO_COLOR") or term in _MONOCHROME or term.endswith(("-m", "-mono")):
        return "none"
    if environ.get("COLORTERM", "").strip().lower() in ("truecolor", "24bit"):
        return "all"
    return "256" if term.rpartition("-")[2] in ("256color", "kitty") else "16"


def in_gnu_screen(environ: Mapping[str, str]) -> bool:
    """GNU screen stands between the console and the person's terminal, as a whole or around tmux.

    With the mouse on it keeps a lone escape back until the next key, and both then arrive as one.
    """
    return bool(environ.get("STY"))


def leave_line(environ: Mapping[str, str]) -> None:
    """The shell goes on below the last picture: GNU screen seldom gives back the first one."""
    if in_gnu_screen(environ) and sys.__stderr__ is not None:
        sys.__stderr__.write("\x1b[999;1H\r\n")
        sys.__stderr__.flush()
