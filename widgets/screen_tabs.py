"""The tabs line: numbered screens, the open one marked, a badge where something waits.

Trap avoided: a tab cut in the middle at 80 columns. Words shorten, then leave; numbers always stay.
"""

from __future__ import annotations

import msgspec
from textual import events
from textual.content import Content
from textual.message import Message

from widgets.content_lines import ContentLines
from widgets.tone import DIM, STYLE, Tone


class Tab(msgspec.Struct, frozen=True):
    number: int
    word: str
    badge: str = ""
    """`2!`, short."""
    tone: Tone = "plain"
    """Of the badge."""


class ScreenTabs(ContentLines):
    DEFAULT_CSS = "ScreenTabs { height: 1; width: 1fr; padding: 0 1; background: $panel; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.tabs: tuple[Tab, ...] = ()
        self.current = 0

    class Chosen(Message):
        """A tab was clicked."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def show(self, tabs: tuple[Tab, ...], current: int) -> None:
        if (tabs, current) != (self.tabs, self.current):
            self.tabs, self.current = tabs, current
            self.redraw()

    def content(self, width: int, height: int) -> Content:
        return Content("").join([piece for _tab, piece in self._pieces()])

    def _pieces(self) -> list[tuple[Tab, Content]]:
        room = self.content_size.width
        for letters in (99, 6, 4, 0):
            pieces = [(tab, self._piece(tab, letters)) for tab in self.tabs]
            if sum(piece.cell_length for _tab, piece in pieces) <= room:
                break
        return pieces if self.tabs else []

    def _piece(self, tab: Tab, letters: int) -> Content:
        word = tab.word if tab.number == self.current else tab.word[:letters]
        text = f" {tab.number} {word}".rstrip()
        badge = (f" {tab.badge}", f"{STYLE[tab.tone]} bold") if tab.badge else ""
        if tab.number == self.current:
            return Content.assemble((text, "bold $accent"), badge, " ").stylize("on $surface-active")
        return Content.assemble((text, DIM), badge, " ")

    def on_click(self, event: events.Click) -> None:
        left = self.gutter.left
        for tab, piece in self._pieces():
            if left <= event.x < left + piece.cell_length:
                self.post_message(self.Chosen(tab.number))
                return
            left += piece.cell_length
