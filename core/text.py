"""Hostile text made harmless at ingest.

Owns `visible`, which every string from a file, a model, a configuration or another operator passes before
it reaches a widget, a report or a terminal. Trap avoided: Textual widgets hand raw control characters to
the terminal even with ``markup=False``, so a log line could set the clipboard.
"""

from __future__ import annotations

import functools
import re
import unicodedata

_PLAIN = re.compile(r"[\x20-\x7e]*")
_MARKUP = re.compile(r"([`*_\[\]|#!])")
_MAX_MARKS = 3

# Blank or width-changing characters outside the classes below: Hangul fillers and variation selectors.
_BLANK = {0x115F, 0x1160, 0x3164, 0xFFA0, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)}


def visible(text: str, limit: int = 2000) -> str:
    """`text` as one printable line of at most `limit` source characters, `…` at the end when cut.

    C0 controls become control pictures, C1 and format characters ``<U+…>``, surrogates U+FFFD, tabs four
    spaces; more than three combining marks in a row are dropped. The result holds no character of the
    Unicode classes Cc, Cf, Cs, Zl or Zp, and `visible` leaves its own output (within `limit`) unchanged.
    """
    cut = len(text) > limit
    text = text[:limit]
    if not _PLAIN.fullmatch(text):
        text = _printable_line(text)
    return text + "…" if cut else text


def markdown(text: str, limit: int = 2000) -> str:
    """`text` as one line of at most `limit` characters that Markdown and HTML show as it is."""
    plain = visible(text, limit).replace("\\", "\\\\")
    plain = plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MARKUP.sub(r"\\\1", plain)


def _printable_line(text: str) -> str:
    out: list[str] = []
    marks = 0
    for char in text:
        shown, is_mark = _printable(char)
        marks = marks + 1 if is_mark else 0
        if marks <= _MAX_MARKS:
            out.append(shown)
    return "".join(out)


@functools.lru_cache(maxsize=4096)
def _printable(char: str) -> tuple[str, bool]:
    code = ord(char)
    category = unicodedata.category(char)
    if char == "\t":
        return "    ", False
    if code < 0x20:
        return chr(0x2400 + code), False
    if code == 0x7F:
        return "\u2421", False
    if category == "Cs":
        return "\ufffd", False
    if category in ("Cc", "Cf", "Zl", "Zp") or code in _BLANK:
        return f"<U+{code:04X}>", False
    return char, category in ("Mn", "Me")
