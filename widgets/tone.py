"""The four status tones, each with a glyph, a word and a colour, and the small styles all widgets share.

Trap avoided: colour as the only carrier of meaning, and each widget picking its own red. Styles are theme
variables that every Textual theme defines, so a widget also works in a bare test app.
"""

from __future__ import annotations

from typing import Literal

from textual.content import Content

from core.text import visible

Tone = Literal["good", "warning", "critical", "unknown", "accent", "plain", "dim"]

STYLE: dict[Tone, str] = {
    "good": "$success",
    "warning": "$warning",
    "critical": "$error",
    "unknown": "$foreground-muted",
    "accent": "$accent",
    "plain": "$foreground",
    "dim": "$foreground-muted",
}
DIM = STYLE["dim"]
BRIGHT = "$foreground bold"
RULE = "$border-blurred"
"""Borders, axes and other lines that frame without being read."""

_GLYPHS: dict[Tone, str] = {"good": "●", "warning": "▲", "critical": "■", "unknown": "○"}
_ASCII_GLYPHS: dict[Tone, str] = {"good": "o", "warning": "!", "critical": "#", "unknown": "?"}
_ascii = False


def use_ascii(enabled: bool) -> None:
    """Draw with ASCII only (a locale that is not UTF-8). Set once, before the first widget is drawn."""
    global _ascii
    _ascii = enabled


def ascii_only() -> bool:
    """True where only ASCII may be drawn."""
    return _ascii


def glyph(tone: Tone) -> str:
    """The one-cell glyph of a status tone; a space for the others."""
    return (_ASCII_GLYPHS if _ascii else _GLYPHS).get(tone, " ")


def status(tone: Tone, word: str) -> Content:
    """`● RUNNING`: the glyph and the word, in the tone's colour."""
    return Content.styled(f"{glyph(tone)} {visible(word)}", f"{STYLE[tone]} bold")


def safe(text: str, limit: int = 2000) -> str:
    """Text from a file made printable, again, at the widget's boundary."""
    return visible(text, limit)
