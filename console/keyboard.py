"""The key table as this person has it: that of `console.keys`, with the keys `[keys]` of config.toml changed.

Set when a console opens; footer, help, palette, tabs and every hint ask here. Trap avoided: words that name a
key which was given another action.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from console.keys import GROUPS, KEYS, Key

if TYPE_CHECKING:
    from core.config.loader import ConfigError
    from core.workspace import Workspace

_table: tuple[Key, ...] = KEYS
_shown: dict[str, str] = {key.id: key.shown for key in KEYS}


def use(changed: Mapping[str, Key]) -> None:
    """`changed`: by id, the rows that differ from the table's; all others are as the table has them."""
    global _table, _shown
    _table = tuple(changed.get(key.id, key) for key in KEYS)
    _shown = {key.id: key.shown for key in _table}


def checked_keys(workspace: Workspace | None) -> dict[str, Key]:
    """By id, the rows that the workspace's `[keys]` changes. Raises ConfigError with all that is wrong."""
    if workspace is None or not workspace.settings.keys:
        return {}
    from console.keymap import changed_keys

    return changed_keys(workspace.settings.keys, workspace.config)


def with_key_problems(error: ConfigError) -> ConfigError:
    """`error` about the rest of a configuration, with all that is wrong with its `[keys]` too."""
    from console.keymap import changed_keys
    from core.config.loader import ConfigError

    try:
        changed_keys(error.keys, error.path)
    except ConfigError as more:
        return ConfigError(error.path, [*error.problems, *more.problems])
    return error


def table() -> tuple[Key, ...]:
    """Every row, in the table's order."""
    return _table


def key_of(action_id: str) -> str:
    """The key of an action, as words name it: `a`, `space`, `esc`."""
    return _shown[action_id]


def footer_keys(screen: int) -> list[Key]:
    """The keys that the footer of `screen` shows, in order."""
    return sorted((key for key in _table if key.footer and key.acts_on(screen)), key=lambda key: key.footer)


def help_keys(screen: int) -> list[tuple[str, list[Key]]]:
    """For the help of `screen`: its keys under their headings."""
    grouped = [
        (group, [key for key in _table if key.group == group and key.acts_on(screen)]) for group in GROUPS
    ]
    return [(group, keys) for group, keys in grouped if keys]
