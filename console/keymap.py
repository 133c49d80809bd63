"""Checks `[keys]` of config.toml against the key table: all problems at once, before the terminal is touched.

Trap avoided: a key that is taken without a word from another action, or that no terminal ever sends.
"""

from __future__ import annotations

import difflib
import re
import string
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
from textual.keys import _character_to_key

from console.box_keys import BOXES
from console.chrome import SCREEN_NAMES
from console.keys import KEYS, Key
from core.config.loader import ConfigError, Problem
from core.text import visible

_LETTERS = string.ascii_lowercase
_MOVES = ("up", "down", "left", "right", "home", "end", "pageup", "pagedown")
_PRINTED = {
    _character_to_key(char): char for char in string.digits + string.ascii_letters + string.punctuation
}
_SENT = {
    *_PRINTED,
    *_MOVES,
    *(f"shift+{name}" for name in (*_MOVES, "tab")),
    *(f"ctrl+{name}" for name in (*_MOVES, *_LETTERS)),
    *(f"f{number}" for number in range(1, 13)),
    *("space", "enter", "tab", "escape", "backspace", "insert", "delete"),
}
_NEVER_SENT = re.compile(
    r"(alt|super|meta|hyper|cmd)\+|ctrl\+shift\+|ctrl\+(enter|space|tab|[0-9])$|shift\+enter$"
)
_SWALLOWED = {
    **dict.fromkeys(("ctrl+s", "ctrl+q"), "flow control (XON/XOFF) takes it"),
    **dict.fromkeys(("ctrl+z", "ctrl+backslash"), "the terminal suspends or ends programs with it"),
    "ctrl+c": "it interrupts: only app.leave may have it",
    "ctrl+b": "tmux takes it as its prefix",
    "ctrl+a": "GNU screen takes it as its prefix",
    **dict.fromkeys(("ctrl+w", "ctrl+t", "ctrl+n", "f11"), "a browser or the terminal's window takes it"),
    "ctrl+m": "a terminal sends it as enter",
    "ctrl+j": "a terminal sends it as enter",
    "ctrl+i": "a terminal sends it as tab",
    "ctrl+h": "a terminal sends it as backspace",
}
_SHOWN = {
    "escape": "esc",
    "pagedown": "pgdn",
    "pageup": "pgup",
    "left": "←",
    "right": "→",
    "up": "↑",
    "down": "↓",
}
_LIKENED = 20
"""Unknown ids for which the nearest one is looked for; a message shows no more."""
_NAMED = 4
"""So many boxes are named, more are not."""
_ALSO = re.compile(r" \(also [^)]*\)")


def changed_keys(wanted: Mapping[str, str], path: Path) -> dict[str, Key]:
    """By id, the rows of the table as `wanted` (id → key names, comma separated) changes them.

    `path` is named in errors. Raises ConfigError with every problem.
    """
    problems: list[Problem] = []
    rows = {key.id: key for key in KEYS}
    changed: dict[str, Key] = {}
    for action, names in wanted.items():
        where = f'keys."{visible(action, 80)}"'
        if action not in rows:
            few = len(problems) < _LIKENED
            near = difflib.get_close_matches(action, rows, n=1, cutoff=0.5) if few else []
            problems.append(
                Problem(where, "the id of an action", "an unknown id", f'keys."{near[0]}"' if near else None)
            )
            continue
        keys = list(_key_names(action, names, where, problems))
        if keys:
            changed[action] = _row(rows[action], keys)
    problems += _taken_twice(changed)
    if problems:
        raise ConfigError(path, problems)
    return changed


def _key_names(action: str, names: str, where: str, problems: list[Problem]) -> Iterator[str]:
    """Textual's names of the keys in `names`; a problem for each that cannot be one."""
    for given in names.split(","):
        name = given.strip()
        problem, near = _key_problem(action, name)
        if problem:
            problems.append(
                Problem(where, "a key that every terminal sends, like A, f5 or ctrl+r", problem, near)
            )
        else:
            yield _character_to_key(name) if len(name) == 1 else name.lower()


def _key_problem(action: str, name: str) -> tuple[str, str | None]:
    """Why no action can have the key `name`, and what may be meant; empty where it can."""
    if len(name) == 1 and name.isprintable():
        return "", None
    lower, shown = name.lower(), visible(name, 40)
    if not name:
        return "an empty name", None
    if lower == "ctrl+c" and action == "app.leave":
        return "", None
    if lower in _SWALLOWED:
        return f"{shown}: {_SWALLOWED[lower]}", None
    if _NEVER_SENT.match(lower):
        return f"{shown}, which many terminals do not send", None
    if lower in _SENT:
        return "", None
    if lower[:-1] == "shift+" and lower[-1].isalpha():
        return f"{shown}, which a terminal sends as another key", lower[-1].upper()
    near = difflib.get_close_matches(lower, _SENT, n=1, cutoff=0.6)
    return f"{shown!r}, which is no key's name", near[0] if near else None


def _row(row: Key, keys: list[str]) -> Key:
    """`row` on other keys; its help names the alternatives."""
    names = [_as_shown(key) for key in keys]
    also = f" (also {', '.join(names[1:])})" if names[1:] else ""
    return msgspec.structs.replace(
        row, keys=",".join(keys), shown=names[0], help=_ALSO.sub("", row.help) + also
    )


def _as_shown(key: str) -> str:
    return _PRINTED.get(key) or _SHOWN.get(key, key)


def places(*rows: Key) -> str:
    """Where all of `rows` act: screens, and boxes over them; empty: nowhere together."""
    screens = [name for number, (name, _) in SCREEN_NAMES.items() if all(row.acts_on(number) for row in rows)]
    boxes = [box for box, actions in BOXES.items() if all(row.id in actions for row in rows)]
    shown = ["every screen"] if len(screens) == len(SCREEN_NAMES) else screens
    return ", ".join(shown + (boxes if len(boxes) <= _NAMED else ["boxes over a screen"]))


def _taken_twice(changed: Mapping[str, Key]) -> Iterator[Problem]:
    """Two actions on one screen or in one box with one key; said once for each two, with all such places."""
    table = [changed.get(key.id, key) for key in KEYS]
    for index, row in enumerate(table):
        for other in table[index + 1 :]:
            if row.id not in changed and other.id not in changed:
                continue
            both = set(row.keys.split(",")) & set(other.keys.split(","))
            on = places(row, other) if both else ""
            if not on:
                continue
            mine, its = (row, other) if row.id in changed else (other, row)
            keys = ", ".join(sorted(map(_as_shown, both)))
            yield Problem(
                f'keys."{mine.id}"',
                f"a key that is free on {on}",
                f"{keys}, which is {its.id} there (give that one another key too)",
            )
