"""A user's own checks: an import path, a file, a command with its expected output.

They come from `[checklist.checks]` alone, run in a process of their own, in the workspace, without a shell
and for a limited time. Trap avoided: a check that asks for input, starts children that outlive it, or prints
without end.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from pathlib import Path

import msgspec

from core.child import kill
from core.config.settings import Checklist, OwnCheck
from core.errors import ConsoleError
from core.files import read_regular
from core.text import visible

_OUTPUT = 200_000
_FILE = 50_000_000
_IMPORT = (
    "import importlib, sys\n"
    "sys.path[:0] = sys.argv[2:]\n"
    "module, _, name = sys.argv[1].partition(':')\n"
    "found = importlib.import_module(module)\n"
    "for part in filter(None, name.split('.')):\n"
    "    found = getattr(found, part)\n"
)


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What an own check saw."""

    good: bool | None
    """None: nobody knows, with the reason in `message`."""
    value: str
    limit: str
    message: str = ""


def run_own_check(root: Path, settings: Checklist, check: OwnCheck) -> Answer:
    """Look now; takes at most `check.seconds` and a little. Never raises."""
    try:
        if check.file:
            return _file(root / check.file, check)
        if check.imports:
            paths = [str(root / folder) for folder in settings.python_path]
            command = [sys.executable, "-P", "-c", _IMPORT, check.imports, *paths]
            return _run(command, root, check, "imports")
        return _run(list(check.command), root, check, "exit 0" if not check.expect else _quoted(check.expect))
    except OSError as error:
        words = error.strerror or type(error).__name__
        return Answer(good=False, value="refused", limit="runs", message=visible(words, 300))


def _file(path: Path, check: OwnCheck) -> Answer:
    limit = _quoted(check.expect) if check.expect else "there"
    try:
        text = read_regular(path, _FILE).decode("utf-8", "replace")
    except FileNotFoundError:
        return Answer(good=False, value="missing", limit=limit)
    except ConsoleError as error:
        return Answer(good=False, value="refused", limit=limit, message=visible(error.title, 300))
    if not text:
        return Answer(good=False, value="empty", limit=limit)
    if check.expect and check.expect not in text:
        return Answer(good=False, value="there", limit=limit, message="the file does not contain it")
    return Answer(good=True, value="there", limit=limit)


def _run(command: list[str], root: Path, check: OwnCheck, limit: str) -> Answer:
    child = subprocess.Popen(
        command,
        cwd=root,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    printed = _Printed()
    reader = threading.Thread(target=printed.read, args=(child,), daemon=True)
    reader.start()
    try:
        code = child.wait(check.seconds)
    except subprocess.TimeoutExpired:
        message = f"no answer within {check.seconds:g} s; it was ended"
        return Answer(good=None, value="no answer", limit=limit, message=message)
    finally:
        kill(child)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(1.0)
        reader.join(1.0)
    text = printed.text()
    last = visible(next((line for line in reversed(text.splitlines()) if line.strip()), ""), 200)
    if code != 0:
        return Answer(good=False, value=f"exit {code}", limit=limit, message=last)
    if check.expect and check.expect not in text:
        message = f"the output does not contain it; it ends: {last}" if last else "it printed nothing"
        return Answer(good=False, value="exit 0", limit=limit, message=message)
    value = "imports" if check.imports else _quoted(check.expect) if check.expect else "exit 0"
    return Answer(good=True, value=value, limit=limit)


class _Printed:
    """The beginning and the end of what a child prints; what lies between is read and dropped."""

    def __init__(self) -> None:
        self._first = b""
        self._last = b""

    def read(self, child: subprocess.Popen[bytes]) -> None:
        assert child.stdout is not None
        with child.stdout as stream, contextlib.suppress(OSError, ValueError):
            while data := os.read(stream.fileno(), 65_536):
                room = _OUTPUT - len(self._first)
                self._first += data[:room]
                self._last = (self._last + data[room:])[-_OUTPUT:] if len(data) > room else self._last

    def text(self) -> str:
        return (self._first + self._last).decode("utf-8", "replace")


def _quoted(text: str) -> str:
    return f'"{visible(text, 60)}"'
