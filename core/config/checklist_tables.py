"""`[checklist.items]` and `[checklist.checks]`: by a line's id, or by a name of the user's.

Loaded only where a configuration has them. Trap avoided: a change of a line that does not exist, which would
silently change nothing.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import Any

import msgspec

from core.config.settings import ItemChange, OwnCheck
from core.text import visible

Tell = Callable[[str, str, str, str | None], None]
"""key, expected, got, nearest key."""
Read = Callable[[Any, dict[str, Any], str], Any]
"""A struct from a table: class, table, prefix of its keys."""


def item_changes(table: dict[str, Any], read: Read, tell: Tell) -> dict[str, ItemChange]:
    """By line id. `[checklist.items.preflight.disk_free]` and a quoted key mean the same."""
    from core.checklist.catalogue import LINE_IDS

    changes: dict[str, ItemChange] = {}

    def walk(inner: dict[str, Any], path: str) -> None:
        for key, value in inner.items():
            name = f"{path}.{key}" if path else key
            shown = f"checklist.items.{visible(name, 120)}"
            if name in LINE_IDS:
                if isinstance(value, dict):
                    changes[name] = read(ItemChange, value, f"{shown}.")
                else:
                    tell(shown, "a table", visible(repr(value), 80), None)
            elif isinstance(value, dict) and any(each.startswith(f"{name}.") for each in LINE_IDS):
                walk(value, name)
            else:
                near = difflib.get_close_matches(name, LINE_IDS, n=1, cutoff=0.6)
                tell(
                    shown,
                    "the id of a checklist's line",
                    "an unknown one",
                    f"checklist.items.{near[0]}" if near else None,
                )

    walk(table, "")
    return changes


def own_checks(table: dict[str, Any], read: Read, tell: Tell) -> dict[str, OwnCheck]:
    """By name; each with exactly one thing to look at."""
    checks: dict[str, OwnCheck] = {}
    for key, value in table.items():
        shown = f"checklist.checks.{visible(key, 80)}"
        if not key.replace("_", "a").replace("-", "a").isalnum() or not key.isascii() or len(key) > 60:
            tell(shown, "a name of letters, digits, - and _", visible(repr(key), 80), None)
            continue
        if not isinstance(value, dict):
            tell(shown, "a table", visible(repr(value), 80), None)
            continue
        check: OwnCheck = read(OwnCheck, value, f"{shown}.")
        given = [name for name in ("imports", "file", "command") if getattr(check, name)]
        if len(given) != 1:
            tell(shown, "one of imports, file and command", " and ".join(given) or "none of them", None)
            continue
        if check.expect and check.imports:
            tell(f"{shown}.expect", "none for an import", visible(repr(check.expect), 80), None)
        if check.imports and not all(
            part.isidentifier() for part in check.imports.replace(":", ".", 1).split(".")
        ):
            got = visible(repr(check.imports), 80)
            tell(f"{shown}.imports", "package.module or package.module:Name", got, None)
        if not all(check.command[:1]):
            tell(f"{shown}.command", "a program's name first", "an empty text", None)
        checks[key] = check if check.text else msgspec.structs.replace(check, text=key.replace("_", " "))
    return checks
