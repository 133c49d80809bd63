"""The tabs line: numbered screens, the open one marked, a badge where something waits.

Trap avoided: a name cut in its middle at 80 columns. Each has a short one, whole too; then they stand closer,
then only the open one and those with a badge have a name; numbers always stay.
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
    short: str = ""
    """The name where there is little room; empty: the same."""
    short_badge: str = ""
    """The badge there; empty: the same."""
    key: str = ""
    """What is pressed for it; empty: the number."""


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
        pieces: list[tuple[Tab, Content]] = []
        for draw in (_whole, _short, _close, _badged, _open, _numbers):
            pieces = [(tab, draw(tab, tab.number == self.current)) for tab in self.tabs]
            if sum(piece.cell_length for _tab, piece in pieces) <= room:
                break
        return pieces

    def on_click(self, event: events.Click) -> None:
        left = self.gutter.left
        for tab, piece in self._pieces():
            if left <= event.x < left + piece.cell_length:
                self.post_message(self.Chosen(tab.number))
                return
            left += piece.cell_length


def _whole(tab: Tab, current: bool) -> Content:
    return _piece(tab, tab.word, tab.badge, current, " ")


def _short(tab: Tab, current: bool) -> Content:
    return _piece(tab, tab.short or tab.word, tab.short_badge or tab.badge, current, " ")


def _close(tab: Tab, current: bool) -> Content:
    return _piece(tab, tab.short or tab.word, tab.short_badge or tab.badge, current, "")


def _badged(tab: Tab, current: bool) -> Content:
    named = current or tab.badge
    return _piece(tab, (tab.short or tab.word) if named else "", tab.short_badge or tab.badge, current, "")


def _open(tab: Tab, current: bool) -> Content:
    return _piece(tab, tab.word if current else "", tab.short_badge or tab.badge, current, "")


def _numbers(tab: Tab, current: bool) -> Content:
    return _piece(tab, tab.word if current else "", "", current, "")


def _piece(tab: Tab, word: str, badge: str, current: bool, after: str) -> Content:
    text = f" {tab.key or tab.number} {word}".rstrip()
    shown = (f" {badge}", f"{STYLE[tab.tone]} bold") if badge else ""
    if current:
        return Content.assemble((text, "bold $accent"), shown, " ").stylize("on $surface-active")
    return Content.assemble((text, DIM), shown, after)
