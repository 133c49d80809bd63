"""Glyphs as ASCII, for a terminal or a pipe whose locale is not UTF-8.

Trap avoided: a command that dies of an arrow in its answer, or prints a question mark for each.
"""

from __future__ import annotations

import codecs
import unicodedata

_ASCII = {
    **dict.fromkeys("─━╌┄┈═▔", "-"),
    **dict.fromkeys("│┃╎┆┊║▏▕", "|"),
    **dict.fromkeys("┌┐└┘├┤┬┴┼╭╮╰╯╔╗╚╝", "+"),
    **dict.fromkeys("█▉▊▋", "#"),
    **dict.fromkeys("▌▍▎", "="),
    **dict(zip("▁▂▃▄▅▆▇", "__..--=", strict=True)),
    "●": "o",
    "▲": "!",
    "■": "#",
    "○": "?",
    "✓": "v",
    "✗": "x",
    "▸": ">",
    "·": ".",
    "–": "-",
    "—": "-",
    "…": "~",
    "→": ">",
    "←": "<",
    "↑": "^",
    "↓": "v",
    "▼": "v",
    "△": "^",
    "▽": "v",
    "−": "-",
    "×": "x",
    "≥": ">=",
    "≤": "<=",
    "±": "+-",
    "⠀": " ",
    **dict.fromkeys("✅✔", "v"),
    **dict.fromkeys("❌🔴", "x"),
    **dict.fromkeys("⚠🟡", "!"),
    **dict.fromkeys("\ufe0e\ufe0f", ""),
    **dict.fromkeys("“”", '"'),
    **dict.fromkeys("‘’", "'"),
    **dict.fromkeys("❔", "?"),
    "•": "*",
    "➖": "-",
    "🔔": "!",
    "📈": "^",
    "💾": "*",
    "≠": "!=",
    "√": "sqrt",
    "Σ": "sum",
    "⏳": "~",
    "░": ".",
    "µ": "u",
    "\u00a0": " ",
    "§": "S",
    "∞": "inf",
    "Δ": "d",
    "σ": "s",
    "λ": "l",
    "γ": "g",
    "º": "o",
    "ª": "a",
}
ERRORS = "glyphs-as-ascii"
"""The name of the codec error handler that `register` makes known."""


def as_ascii(char: str) -> str:
    """What stands for `char`: its glyph's sign, a letter without its accent, a picture's `^[`, else `?`."""
    shown = _ASCII.get(char)
    if shown is not None:
        return shown
    code = ord(char)
    if 0x2800 <= code <= 0x28FF:
        return "*"
    if 0x2400 <= code <= 0x2421:
        return "^" + chr(code - 0x2400 + 0x40) if code < 0x2421 else "^?"
    plain = unicodedata.normalize("NFKD", char).encode("ascii", "ignore").decode()
    return plain or ("" if unicodedata.combining(char) else "?")


def register() -> None:
    """Make `ERRORS` known to `str.encode` and to streams."""
    codecs.register_error(ERRORS, _unencodable)


def _unencodable(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(as_ascii, error.object[error.start : error.end])), error.end
