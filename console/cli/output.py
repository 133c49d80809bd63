"""What commands print: data to stdout, words about it to stderr, one JSON object with ``--json``.

Trap avoided: a warning inside the JSON, or a traceback where a sentence belongs.
"""

from __future__ import annotations

import contextlib
import sys
from datetime import datetime
from typing import Any, NoReturn

import msgspec
import typer

from console.cli.folding import for_stream
from core.clock import iso
from core.errors import UnreadableError
from core.text import visible

GOOD, ATTENTION, BAD = 0, 10, 20

JSON_SCHEMA_VERSION = 1


def say(text: str) -> None:
    """Words about the work: stderr. A stderr that cannot be written loses only words."""
    if sys.stderr is not None:
        with contextlib.suppress(OSError):
            sys.stderr.write(for_stream(_harmless(text), sys.stderr) + "\n")
            sys.stderr.flush()


def put(text: str) -> None:
    """The answer itself: stdout. Raises UnreadableError where it cannot be written."""
    text = _harmless(text)
    _write(text if sys.stdout is None else for_stream(text, sys.stdout))


def _write(text: str) -> None:
    if sys.stdout is None:
        raise UnreadableError("standard output is closed: the answer could not be written")
    try:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise UnreadableError(f"standard output could not be written: {error.strerror}") from error


_WARNING_SIGN = "\u26a0"
_AS_EMOJI = "\ufe0f"


def _harmless(text: str) -> str:
    """Names from files and arguments stand in these lines: no control character reaches the terminal.

    The documents' warning sign keeps the selector that makes it an emoji, as their other signs are.
    """
    shown = "\n".join(visible(line, 20_000) for line in text.split("\n"))
    return shown.replace(_WARNING_SIGN + visible(_AS_EMOJI), _WARNING_SIGN + _AS_EMOJI)


def put_json(value: Any, now: datetime) -> None:
    """One JSON document on stdout. Objects get `schema_version` and `generated_at` unless they hold them."""
    plain = msgspec.to_builtins(value)
    if isinstance(plain, dict):
        plain.setdefault("schema_version", JSON_SCHEMA_VERSION)
        plain.setdefault("generated_at", iso(now))
    _write(_escaped(msgspec.json.format(msgspec.json.encode(plain), indent=2).decode()))


def builtins_of(value: Any) -> dict[str, Any]:
    """A record's fields as JSON says them, its times as everywhere."""
    plain: dict[str, Any] = msgspec.to_builtins(value, enc_hook=str)
    return {
        key: iso(getattr(value, key)) if isinstance(getattr(value, key, None), datetime) else each
        for key, each in plain.items()
    }


def _escaped(document: str) -> str:
    """The same JSON with escapes for what a terminal acts on, or what standard output cannot write."""
    if document.isascii() and "\x7f" not in document:
        return document
    encoding = getattr(sys.stdout, "encoding", None) or ""
    spared = str.isprintable if "utf" in encoding.lower() else str.isascii
    return "".join(
        char if char == "\n" or (spared(char) and char != "\x7f") else _escape(char) for char in document
    )


def _escape(char: str) -> str:
    units = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{high:02x}{low:02x}" for high, low in zip(units[::2], units[1::2], strict=True))


def finish(code: int) -> NoReturn:
    """Leave with `code`."""
    raise typer.Exit(code)
