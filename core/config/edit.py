"""Changes keys of a `config.toml` and keeps its comments and order.

Traps avoided: writing a configuration that the loader then refuses (the new text is checked before it
replaces the old one); two consoles that edit at once, of which one takes back what the other wrote.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

import tomlkit
from tomlkit.items import Table

from core.config.loader import parse_settings
from core.errors import UsageError
from core.files import atomic_write

TomlValue = bool | int | float | str | date | list[str]


def changed_text(text: str, changes: Mapping[str, TomlValue], path: Path) -> str:
    """`text` with `changes` (keys like `ppo.learning_rate`). Raises ConfigError for values it refuses."""
    document = tomlkit.parse(text)
    for key, value in changes.items():
        *tables, name = key.split(".")
        node: tomlkit.TOMLDocument | Table = document
        for table in tables:
            inner = node.setdefault(table, tomlkit.table())
            if not isinstance(inner, Table):
                raise UsageError(f"{path}: {table} is not a table, so {key} cannot be set")
            node = inner
        node[name] = value
    result = tomlkit.dumps(document)
    parse_settings(result, path)
    return result


def edit_config(path: Path, changes: Mapping[str, TomlValue]) -> None:
    """Change keys of the file, atomically, one edit after another.

    Raises ConfigError, UsageError (it cannot be read, or is no TOML) and UnreadableError (it cannot be
    written); the old file then stays.
    """
    with _one_at_a_time(path.parent):
        atomic_write(path, changed_text(_text_of(path), changes, path))


def _text_of(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} could not be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8 at byte {error.start}") from error
    parse_settings(text, path)
    return text


@contextlib.contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    """Locks the folder, not the file, which each edit replaces. Where no lock is to be had, without one."""
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            stack.callback(os.close, handle)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
