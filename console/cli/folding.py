"""Lines as wide as the terminal, broken between words: a terminal itself breaks them within one.

Trap avoided: a break in what a script reads. What goes into a file or a pipe stays as it is.
"""

from __future__ import annotations

import os
import re
import shutil
import textwrap
from typing import TextIO
from unicodedata import east_asian_width

_WIDEST = 100
"""Columns of prose, and of what goes into a file."""
_NARROWEST = 40
_FIELD = re.compile(r"\s*\S+(?: \S+)*?\s{2,}(?=\S)")
"""The first column of a line of columns."""


def folded(first: str, text: str) -> list[str]:
    """`text` after `first`, in lines as wide as the terminal, at most 100, each as far in as the first.

    A break within `text` stays one; a word that is wider than the line is left whole.
    """
    width = max(_NARROWEST, min(_WIDEST, shutil.get_terminal_size((_WIDEST, 24)).columns))
    if len(first) > width // 2:
        width = _WIDEST
    lines: list[str] = []
    for part in text.split("\n"):
        lines += textwrap.wrap(
            part.strip(),
            width,
            initial_indent=" " * len(first) if lines else first,
            subsequent_indent=" " * len(first),
            break_long_words=False,
            break_on_hyphens=False,
        )
    return lines or [first.rstrip()]


def for_stream(text: str, stream: TextIO) -> str:
    """`text` with its long lines folded where `stream` is a terminal, else as it is."""
    try:
        columns = os.get_terminal_size(stream.fileno()).columns if stream.isatty() else 0
    except (OSError, ValueError):
        return text
    if columns < _NARROWEST:
        return text
    return "\n".join(piece for line in text.split("\n") for piece in fold_line(line, columns))


def fold_line(line: str, columns: int) -> list[str]:
    """One line in pieces of at most `columns` cells; what goes on stands below the line's second column.

    Blanks between words stay as many as they were. A word that is wider than a line is left whole.
    """
    if _cells(line) <= columns:
        return [line]
    field = _FIELD.match(line)
    beside = field is not None and _cells(field.group()) <= columns // 3
    indent = " " * (_cells(field.group()) if field and beside else len(line) - len(line.lstrip()) + 2)
    pieces, piece = [], ""
    for word in re.findall(r"\s*\S+", line):
        if piece.strip() and _cells(piece + word) > columns:
            pieces.append(piece)
            piece = indent + word.lstrip()
        else:
            piece += word
    return [*pieces, piece]


def _cells(text: str) -> int:
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)
