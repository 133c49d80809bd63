"""What commands print: data to stdout, words about it to stderr, one JSON object with ``--json``.

Trap avoided: a warning inside the JSON, or a traceback where a sentence belongs.
"""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Any, NoReturn

import msgspec
import typer

from core.clock import iso
from core.errors import ConsoleError

GOOD, ATTENTION, BAD = 0, 10, 20

JSON_SCHEMA_VERSION = 1


def say(text: str) -> None:
    """Words about the work: stderr."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def put(text: str) -> None:
    """The answer itself: stdout."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def put_json(value: Any, now: datetime) -> None:
    """One JSON document on stdout. Objects get `schema_version` and `generated_at` unless they hold them."""
    plain = msgspec.to_builtins(value)
    if isinstance(plain, dict):
        plain.setdefault("schema_version", JSON_SCHEMA_VERSION)
        plain.setdefault("generated_at", iso(now))
    put(msgspec.json.format(msgspec.json.encode(plain), indent=2).decode())


def finish(code: int) -> NoReturn:
    """Leave with `code`."""
    raise typer.Exit(code)


def report_error(error: ConsoleError) -> None:
    """The error's line and, below it, what to do."""
    say(f"error: {error.title}")
    if error.hint:
        say(f"  {error.hint}")
