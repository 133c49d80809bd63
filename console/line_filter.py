"""The backstop before the terminal: deletes what none may receive, drops links, draws ASCII where need be.

Text is made visible at ingest and at each widget; this filter is there for what slips through both. Traps
avoided: one forgotten label through which a log line sets the clipboard; a limit that may be met drawn as one
to be passed, since ASCII has no sign of one cell for it.
"""

from __future__ import annotations

import re

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from core.glyphs import as_ascii

_NEVER = (
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f\ud800-\udfff]"
)
_NOT_ASCII = "[^\x20-\x7e]"
_OF_TWO = {sign: as_ascii(sign) for sign in "≥≤≠±"}
"""Signs that need two cells in ASCII."""


class NeutralFilter(LineFilter):
    """Applied to every line of every widget. `ascii_only`: for a terminal whose locale is not UTF-8."""

    def __init__(self, *, ascii_only: bool = False) -> None:
        super().__init__()
        self._ascii_only = ascii_only

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [
            self._neutral(segment) for segment in (_with_room(segments) if self._ascii_only else segments)
        ]

    def _neutral(self, segment: Segment) -> Segment:
        text, style, _control = segment
        if not text.isprintable():  # none of what is printable is among them
            text = re.sub(_NEVER, "", text)
        if self._ascii_only and not text.isascii():
            text = re.sub(_NOT_ASCII, _ascii, text)
        if style is not None and style.link:
            style = style.update_link(None)
        return Segment(text, style)


def _with_room(segments: list[Segment]) -> list[Segment]:
    """Signs of two cells take the space behind them, else the one before, else one of two further right in
    their segment; all else keeps its cell. Where there is no room they are left, to be drawn as unknown."""
    chars = [char for text, _style, _control in segments for char in text]
    if _OF_TWO.keys().isdisjoint(chars):
        return segments
    end = 0
    for text, _style, _control in segments:
        begin, end = end, end + len(text)
        for at in range(begin, end):
            if (shown := _OF_TWO.get(chars[at])) is None:
                continue
            if chars[at + 1 : at + 2] == [" "]:
                chars[at : at + 2] = shown
            elif at and chars[at - 1] == " ":
                chars[at - 1 : at + 1] = shown
            elif (gap := "".join(chars[at:end]).find("  ")) >= 0:
                del chars[at + gap]
                chars[at : at + 1] = shown
    whole, out, end = "".join(chars), [], 0
    for text, style, control in segments:
        begin, end = end, end + len(text)
        out.append(Segment(whole[begin:end], style, control))
    return out


def _ascii(match: re.Match[str]) -> str:
    char = match.group()
    shown = as_ascii(char)
    return shown if len(shown) == cell_len(char) else "?" * cell_len(char)
