"""The backstop before the terminal: deletes what none may receive, drops links, draws ASCII where need be.

Text is made visible at ingest and at each widget; this filter is there for what slips through both. Trap
avoided: one forgotten label through which a log line sets the clipboard.
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
_WITH_SPACE = {"≥ ": ">=", "≤ ": "<=", "± ": "+-"}
"""Signs that need two cells take the space behind them: a limit that may be met is none to be passed."""


class NeutralFilter(LineFilter):
    """Applied to every line of every widget. `ascii_only`: for a terminal whose locale is not UTF-8."""

    def __init__(self, *, ascii_only: bool = False) -> None:
        super().__init__()
        self._ascii_only = ascii_only

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [self._neutral(segment) for segment in segments]

    def _neutral(self, segment: Segment) -> Segment:
        text, style, _control = segment
        if not text.isprintable():  # none of what is printable is among them
            text = re.sub(_NEVER, "", text)
        if self._ascii_only and not text.isascii():
            for sign, shown in _WITH_SPACE.items():
                text = text.replace(sign, shown)
            text = re.sub(_NOT_ASCII, _ascii, text)
        if style is not None and style.link:
            style = style.update_link(None)
        return Segment(text, style)


def _ascii(match: re.Match[str]) -> str:
    char = match.group()
    shown = as_ascii(char)
    return shown if len(shown) == cell_len(char) else "?" * cell_len(char)
