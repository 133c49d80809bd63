"""What the Logs screen's thread tells it: one picture of a moment, and words.

Trap avoided: a screen that reads half of a change; a picture is replaced whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from textual.message import Message

from core.logs.facts import Hunt, Scan, SourceFacts
from core.logs.whole import Whole
from core.logs.window import Window
from widgets.tone import Tone

_NO_WINDOW, _NO_SCAN, _NO_HUNT = Window(), Scan(), Hunt()


@dataclass(frozen=True, slots=True)
class LogPicture:
    """All that the screen shows, of one moment."""

    window: Window = _NO_WINDOW
    sources: tuple[SourceFacts, ...] = ()
    scan: Scan = _NO_SCAN
    found: Hunt = _NO_HUNT
    filtered: Hunt = _NO_HUNT
    chosen: str | None = None
    following: bool = True
    searching: bool = False
    """A jump waits for the search."""
    looked: bool = False


class At(NamedTuple):
    """Where the screen is: the window it drew last, its cursor's line, whether it follows the newest."""

    epoch: int = 0
    jump: int = 0
    number: int = 0
    following: bool = True


class LogNews(Message):
    """`LogReader.picture` changed."""


class LogSaid(Message):
    """Words about what was asked for."""

    def __init__(self, words: str, tone: Tone = "good") -> None:
        super().__init__()
        self.words = words
        self.tone = tone


class LogOpened(Message):
    """A line in full."""

    def __init__(self, whole: Whole) -> None:
        super().__init__()
        self.whole = whole
