"""Changes keys of a `config.toml` and keeps its comments and order.

Trap avoided: writing a configuration that the loader then refuses: the new text is checked before it
replaces the old one.
"""

from __future__ import annotations

from collections.abc import Mapping
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
    """Change keys of the file, atomically. Raises ConfigError, UnreadableError; the old file then stays."""
    atomic_write(path, changed_text(path.read_text(encoding="utf-8"), changes, path))
