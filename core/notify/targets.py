"""Where a notification goes: an apprise URL whose secrets come from the environment.

A target is known by its name; its URL is put together at the moment of delivery and stands in no file, log,
report or error. Trap avoided: a token in `config.toml`, or in the message of a failed request.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote, quote_plus

from core.config.settings import Notify
from core.errors import UsageError
from core.text import visible

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_PASSWORD = re.compile(r"://[^/?#@]*:([^/?#@]+)@")
_OPEN = frozenset({"json", "jsons", "xml", "xmls", "form", "forms", "syslog", "dbus", "gnome"})
"""Kinds of target that need no secret."""
_PARTS = re.compile(r"[/:@?&=#,+\s]")
_SHORTEST = 4
_MASK = "***"


@dataclass(frozen=True, slots=True)
class Target:
    """A target ready for one delivery. Never shown: use `name` and `scheme`."""

    name: str
    scheme: str
    url: str
    secrets: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Target({self.name}, {self.scheme}://{_MASK})"


def check_targets(notify: Notify) -> list[str]:
    """One sentence per target that cannot be used or that holds its secret in the configuration."""
    problems = [target_problem(name, template) for name, template in notify.targets.items()]
    if notify.enabled and not notify.targets:
        problems.append("notify.targets: expected at least one target while notify.enabled is true, got none")
    return [problem for problem in problems if problem]


def target_problem(name: str, template: str) -> str:
    """What is wrong with a target, in one sentence; empty when it can be used."""
    key = f"notify.targets.{visible(name, 80)}"
    bad = [variable for variable in _VARIABLE.findall(template) if not _NAME.fullmatch(variable)]
    scheme = _SCHEME.match(template)
    password = _PASSWORD.search(template)
    if bad:
        return f"{key}: expected ${{NAME}} with a variable's name, got ${{{visible(bad[0], 40)}}}"
    if scheme is None and not _VARIABLE.match(template):
        return f"{key}: expected an apprise URL (kind://…), got a text without ://"
    if password is not None and not _VARIABLE.fullmatch(password[1]):
        return f"{key}: expected its password as ${{NAME}} from the environment, got a literal one"
    if scheme is not None and scheme[1].lower() not in _OPEN and not _VARIABLE.search(template):
        return f"{key}: expected the secret of {scheme[1]}:// as ${{NAME}} from the environment, got none"
    return ""


def resolve(name: str, template: str, environment: Mapping[str, str]) -> Target:
    """The target with its secrets. Raises UsageError for a variable that is not set or is empty."""
    missing = [variable for variable in _VARIABLE.findall(template) if not environment.get(variable)]
    if missing:
        names = ", ".join(visible(variable, 40) for variable in missing)
        raise UsageError(
            f"target {visible(name, 80)}: the environment variable {names} is not set",
            hint="Set it where the console or `ppo-console watch` is started.",
        )
    values = [environment[variable] for variable in _VARIABLE.findall(template)]
    url = _VARIABLE.sub(lambda match: environment[match[1]], template)
    scheme = _SCHEME.match(url)
    return Target(name, scheme[1].lower() if scheme else "", url, (url, *values))


def redact(text: str, secrets: Iterable[str]) -> str:
    """`text` without any of `secrets`, also where they stand quoted or in pieces, as one visible line."""
    pieces: set[str] = set()
    for secret in secrets:
        whole = {secret, quote(secret, safe=""), quote(secret), quote_plus(secret)}
        parts = {part for part in _PARTS.split(secret) if len(part) > _SHORTEST}
        pieces |= {each for each in whole | parts if len(each) >= _SHORTEST}
    for piece in sorted(pieces, key=len, reverse=True):
        text = text.replace(piece, _MASK)
    return visible(text, 300)
