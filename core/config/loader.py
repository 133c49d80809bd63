"""Reads `config.toml` into `Settings`, all problems at once.

Each problem names the key, what was expected, what was got and, for an unknown key, the nearest name. Trap
avoided: a misspelt key that is swallowed while its default silently rules.
"""

from __future__ import annotations

import difflib
import functools
import math
import posixpath
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin

import msgspec
import tomli

from core.alerts.check import check_rules
from core.alerts.rule import Rule
from core.config.settings import Checklist, Settings
from core.errors import UnreadableError, UsageError
from core.files import read_regular
from core.text import visible

MAX_BYTES = 1_000_000
LARGEST = 1_000_000_000_000
"""Of any number of the configuration: more is a slip, and no clock or memory holds it."""
_SHOWN = 20
_BITS = 10_000
_S = TypeVar("_S", bound=msgspec.Struct)


class Problem(msgspec.Struct, frozen=True):
    key: str
    expected: str
    got: str
    near: str | None = None

    def __str__(self) -> str:
        hint = f" (did you mean {self.near}?)" if self.near else ""
        return f"{self.key}: expected {self.expected}, got {self.got}{hint}"


class ConfigError(UsageError):
    """The configuration cannot be used; `problems` holds every reason. Exit code 2."""

    def __init__(self, path: Path, problems: list[Problem], keys: Mapping[str, str] | None = None) -> None:
        self.path, self.problems = path, problems
        self.keys = keys or {}
        """`[keys]` as far as it could be read: what is wrong with it, the console knows."""
        lines = "".join(f"\n  {problem}" for problem in problems[:_SHOWN])
        if len(problems) > _SHOWN:
            lines += f"\n  … and {len(problems) - _SHOWN:,} more"
        count = f"{len(problems)} problem" + ("s" if len(problems) > 1 else "")
        super().__init__(f"{path}: {count}{lines}", hint="Correct the keys above; nothing was changed.")


def load_settings(path: Path) -> Settings:
    """The settings of `path`. Raises UsageError (unreadable, no TOML) or ConfigError (all wrong keys)."""
    try:
        text = read_regular(path, MAX_BYTES).decode("utf-8")
    except UnreadableError as error:
        raise UsageError(error.title) from error
    except OSError as error:
        raise UsageError(f"{path} could not be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8 at byte {error.start}") from error
    if text.startswith("\ufeff"):
        raise UsageError(
            f"{path} begins with a byte order mark; expected plain UTF-8", hint="Save it without BOM."
        )
    return parse_settings(text, path)


def parse_settings(text: str, path: Path) -> Settings:
    """As `load_settings`, from text; `path` is only named in errors."""
    try:
        table = tomli.loads(text)
        endless = _endless(table)
    except tomli.TOMLDecodeError as error:
        raise UsageError(f"{path} is not valid TOML: {visible(str(error), 200)}") from error
    except RecursionError:
        raise UsageError(f"{path} is not a configuration: its tables are nested too deep") from None
    except ValueError:
        endless = True
    if endless:
        raise UsageError(f"{path} holds a whole number of thousands of digits; no key takes one")
    problems: list[Problem] = []
    settings = _struct(Settings, table, "", problems, Settings())
    _cross_checks(settings, problems)
    if problems:
        raise ConfigError(path, problems, settings.keys)
    return settings


def _endless(value: Any) -> bool:
    """Whether a whole number in it is too long to be printed, as one of hexadecimal digits may be."""
    if isinstance(value, int):
        return value.bit_length() > _BITS
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(map(_endless, inner))


def _near(key: str, known: Iterable[str], problems: list[Problem]) -> str | None:
    """The nearest of `known`; None where more problems stand before it than are shown."""
    found = difflib.get_close_matches(key, known, n=1, cutoff=0.6) if len(problems) < _SHOWN else []
    return found[0] if found else None


def _struct(cls: type[_S], table: dict[str, Any], prefix: str, problems: list[Problem], base: _S) -> _S:
    """`base` changed by the good keys of `table`; every bad one becomes a problem."""
    fields = cls.__struct_fields__
    changes: dict[str, Any] = {}
    for key, value in table.items():
        name = f"{prefix}{visible(key)}"
        if key not in fields:
            near = _near(key, fields, problems)
            expected = f"one of {', '.join(fields)}" if len(fields) < 14 else "a known key"
            problems.append(Problem(name, expected, "an unknown key", f"{prefix}{near}" if near else None))
            continue
        current = getattr(base, key)
        if type(value) is type(current) and value == current:
            continue
        if isinstance(current, msgspec.Struct):
            if isinstance(value, dict):
                changes[key] = _struct(type(current), value, f"{name}.", problems, current)
            else:
                problems.append(Problem(name, "a table", _got(value)))
        elif cls is Settings and key == "alerts":
            changes[key] = _rules(value, problems, current)
        elif cls is Settings and key == "keys":
            changes[key] = dict(_keys(value, "", problems))
        elif cls is Checklist and key in ("items", "checks"):
            changes[key] = _checklist_table(key, value, problems)
        else:
            kind = _types(cls)[key]
            try:
                converted = msgspec.convert(value, kind)
            except msgspec.ValidationError as error:
                problems.append(Problem(name, _expected(str(error), kind), _got(value)))
                continue
            if isinstance(converted, float) and not math.isfinite(converted):
                problems.append(Problem(name, "a finite number", _got(value)))
            elif isinstance(converted, int | float) and abs(converted) > LARGEST:
                problems.append(Problem(name, f"a number of at most {LARGEST:,}", _got(value)))
            elif isinstance(converted, str) and "\0" in converted:
                problems.append(Problem(name, "text without NUL", _got(value)))
            else:
                changes[key] = converted
    return msgspec.structs.replace(base, **changes)


@functools.cache
def _types(cls: type[msgspec.Struct]) -> dict[str, Any]:
    """The fields' types, read from the annotations: a quarter of a millisecond for each class."""
    return {field.name: field.type for field in msgspec.structs.fields(cls)}


def _rules(value: Any, problems: list[Problem], defaults: dict[str, Rule]) -> dict[str, Rule]:
    """The default rules with the workspace's changes and its own new ones."""
    if not isinstance(value, dict):
        problems.append(Problem("alerts", "a table of rules", _got(value)))
        return defaults
    rules = dict(defaults)
    for name, table in value.items():
        key = f"alerts.{visible(name)}"
        if not isinstance(table, dict):
            problems.append(Problem(key, "a table", _got(table)))
            continue
        base = defaults.get(name)
        if base is None:
            missing = [need for need in ("condition", "severity") if need not in table]
            if missing:
                near = _near(name, defaults, problems)
                problems.append(
                    Problem(
                        key,
                        f"a new rule with {' and '.join(missing)}",
                        "a rule without",
                        f"alerts.{near}" if near else None,
                    )
                )
                continue
            base = Rule(condition="above", severity="info")
        rules[name] = _struct(Rule, table, f"{key}.", problems, base)
    return rules


def _keys(value: Any, prefix: str, problems: list[Problem]) -> Iterator[tuple[str, str]]:
    """Action id → key names; `alert.acknowledge` without quotes is a table in a table, and means the same."""
    if not isinstance(value, dict):
        name = f'keys."{visible(prefix[:-1], 80)}"' if prefix else "keys"
        expected = 'names of keys in quotes, like "A" or "f5,ctrl+r"' if prefix else "a table of keys"
        problems.append(Problem(name, expected, _got(value)))
        return
    for name, inner in value.items():
        if isinstance(inner, str):
            yield f"{prefix}{name}", inner
        else:
            yield from _keys(inner, f"{prefix}{name}.", problems)


def _checklist_table(key: str, value: Any, problems: list[Problem]) -> Any:
    """The changed lines, or the user's own checks."""
    from core.config.checklist_tables import item_changes, own_checks

    if not isinstance(value, dict):
        problems.append(Problem(f"checklist.{key}", "a table", _got(value)))
        return {}

    def read(cls: type[_S], table: dict[str, Any], prefix: str) -> _S:
        return _struct(cls, table, prefix, problems, cls())

    def tell(name: str, expected: str, got: str, near: str | None) -> None:
        problems.append(Problem(name, expected, got, near))

    return (item_changes if key == "items" else own_checks)(value, read, tell)


def _cross_checks(settings: Settings, problems: list[Problem]) -> None:
    """What one key alone cannot tell."""
    if not 2000 <= settings.week.start.year <= 2999:
        problems.append(Problem("week.start", "a date of the years 2000 to 2999", str(settings.week.start)))
    rollout, lanes, batch = settings.ppo.n_steps, settings.training.lanes, settings.ppo.batch_size
    if rollout % lanes:
        problems.append(Problem("training.lanes", f"a divisor of ppo.n_steps = {rollout}", str(lanes)))
    if rollout % batch:
        problems.append(Problem("ppo.batch_size", f"a divisor of ppo.n_steps = {rollout}", str(batch)))
    _paths(settings, problems)
    sentences = check_rules(settings.alerts)
    if settings.notify.targets or settings.notify.enabled:
        from core.notify.targets import check_targets

        sentences += check_targets(settings.notify)
    problems += [_rule_problem(sentence) for sentence in sentences]


def _paths(settings: Settings, problems: list[Problem]) -> None:
    """Each path is a place of its own: one that is empty or taken would mix what must stay apart."""
    taken: dict[str, str] = {"config.toml": "the configuration itself"}
    for key, path in msgspec.structs.asdict(settings.paths).items():
        name = f"paths.{key}"
        place = posixpath.normpath(path)
        if not path or place == "." or len(path) > 1000:
            problems.append(Problem(name, "a path of 1 to 1,000 characters", _got(path)))
        elif place in taken:
            problems.append(Problem(name, "a place of its own", f"{_got(path)}, which is {taken[place]}"))
        taken.setdefault(place, name)


def _rule_problem(sentence: str) -> Problem:
    """`core.alerts.check` speaks in sentences of one form: key: expected …, got …."""
    key, _, rest = sentence.partition(": expected ")
    expected, _, got = rest.partition(", got ")
    return Problem(key, expected, got)


def _expected(message: str, wanted: object) -> str:
    """msgspec's message (`Expected `int` >= 1`, `Expected `float`, got `str``) as a phrase."""
    if get_origin(wanted) is Literal:
        return " or ".join(map(str, get_args(wanted)))
    if wanted is date:
        return "a date like 2026-02-23"
    if "matching regex" in message:
        return "a time of day like 09:30"
    text = message.removeprefix("Expected ").replace("`", "")
    for separator in (", got ", " - at "):
        text = text.split(separator)[0]
    return text


def _got(value: object) -> str:
    return visible(repr(value), 80)
