"""A sentence of a sensor or a check, said in the language of the lists.

Every sentence is made in English, so that what is stored and compared has one spelling; here it is put into
the workspace's language by its template. Trap avoided: half a sentence translated; what no template fits
stays as it is, and a test fails where a sensor has a sentence without one.
"""

from __future__ import annotations

import functools
import re
from typing import NamedTuple

_HOLE = re.compile(r"\{[a-z]*\}")
_EDGES = " ,;"
_ABOUT = re.compile(r"(\S+: )(.*)", re.DOTALL)
"""What a sentence is about before it: `OGNUSDT: 3 gaps`."""


class _Form(NamedTuple):
    pattern: re.Pattern[str]
    raw: tuple[bool, ...]
    """Of each hole, whether what stands there is nobody's to translate."""
    said: str


def say(text: str, language: str) -> str:
    """`text` in `language`, `en` or `pt`; as it is where no template of `core.wording` fits it."""
    return text if language == "en" or not text else _portuguese(text)


@functools.lru_cache(maxsize=4096)
def _portuguese(text: str) -> str:
    core = text.strip(_EDGES)
    if not core:
        return text
    start = text.index(core)
    said = _whole(core)
    if said is None and "; " in core:
        said = _in_turn(core.split("; "))
    elif said is None and (about := _ABOUT.fullmatch(core)):
        said = about[1] + _portuguese(about[2])
    return text[:start] + (core if said is None else said) + text[start + len(core) :]


def _in_turn(parts: list[str]) -> str:
    """Sentences after one another; some of them hold a `; ` of their own."""
    said: list[str] = []
    while parts:
        for end in range(len(parts), 0, -1):
            whole = _whole("; ".join(parts[:end]))
            if whole is not None or end == 1:
                said.append(_portuguese(parts[0]) if whole is None else whole)
                parts = parts[end:]
                break
    return "; ".join(said)


def _whole(text: str) -> str | None:
    fixed, forms = _forms()
    if text in fixed:
        return fixed[text]
    for form in forms:
        if match := form.pattern.fullmatch(text):
            parts = (
                part if raw else _portuguese(part) for raw, part in zip(form.raw, match.groups(), strict=True)
            )
            return form.said.format(*parts)
    return None


@functools.cache
def _forms() -> tuple[dict[str, str], tuple[_Form, ...]]:
    """Sentences without a hole, and the others, those with the most words of their own first."""
    from core.wording.portuguese import LISTS
    from core.wording.portuguese_run import RUN

    table = {**LISTS, **RUN}
    fixed = {english: said for english, said in table.items() if "{" not in english}
    forms = [
        _Form(_pattern(english), tuple(hole == "{raw}" for hole in _HOLE.findall(english)), said)
        for english, said in sorted(table.items(), key=lambda pair: -len(_HOLE.sub("", pair[0])))
        if "{" in english
    ]
    return fixed, tuple(forms)


def _pattern(english: str) -> re.Pattern[str]:
    """`{}` and `{raw}` any words, `{n}` one word."""
    parts = zip(_HOLE.split(english), [*_HOLE.findall(english), ""], strict=True)
    holes = {"{n}": r"(\S+)", "{}": "(.*?)", "{raw}": "(.*?)", "": ""}
    return re.compile("".join(re.escape(words) + holes[hole] for words, hole in parts), re.DOTALL)
