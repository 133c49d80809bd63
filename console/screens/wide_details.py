"""Many facts in a wide box: label and words, each status with its glyph, long ones below themselves.

Trap avoided: words that wrap under their labels, so that a list of files reads as one text.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from widgets.tone import DIM, STYLE, Tone, glyph, safe

_WIDE = 112
"""Cells of the box, as in its style sheet."""
_AROUND = 6
"""Cells of border, padding and scroll bar."""


def fact_lines(facts: Sequence[tuple[str, str, Tone]], screen_width: int, box: int) -> Content:
    """Label and words of each fact, in a box of at most `box` cells on the screen."""
    labels = max((len(label) for label, _, _ in facts), default=0) + 2
    room = max(16, min(box, int(screen_width * 0.96)) - _AROUND - labels)
    rows = []
    for label, words, tone in facts:
        mark = f"{glyph(tone)} " if glyph(tone).strip() else ""
        for place, part in enumerate(textwrap.wrap(mark + safe(words, 1000), room) or [""]):
            shown = label if place == 0 else ""
            rows.append(Content.assemble((shown.ljust(labels), DIM), (part, STYLE[tone])))
    return Content("\n").join(rows)


class WideDetails(ModalScreen[None]):
    """Scrolled facts; closed by esc, q and enter."""

    CSS_PATH = ["modals.tcss", "wide_details.tcss"]
    BINDINGS = [
        Binding("escape,q,enter,ctrl+c", "leave", show=False),
        Binding("i", "leave", show=False, id="run.sources"),
        Binding("down,j", "scroll(1)", show=False),
        Binding("up,k", "scroll(-1)", show=False),
        Binding("pagedown,space,ctrl+d", "scroll(8)", show=False),
        Binding("pageup,ctrl+u", "scroll(-8)", show=False),
        Binding("g,home", "scroll(-10000)", show=False),
        Binding("G,end", "scroll(10000)", show=False),
    ]

    def __init__(self, title: str, facts: Sequence[tuple[str, str, Tone]]) -> None:
        super().__init__()
        self._title, self._facts = title, facts

    def compose(self) -> ComposeResult:
        with Vertical(classes="question") as box:
            box.border_title = Content.styled(safe(self._title, 80), "$accent bold")
            with VerticalScroll(can_focus=False):
                yield Static(id="facts")
            keys = [("j k", "scroll"), ("esc", "close")]
            row = [Content.assemble((key, "$accent bold"), " ", (words, DIM)) for key, words in keys]
            yield Static(Content("   ").join(row), classes="keys")

    def on_mount(self) -> None:
        self._fill()

    def on_resize(self) -> None:
        self._fill()

    def _fill(self) -> None:
        self.query_one("#facts", Static).update(fact_lines(self._facts, self.app.size.width, _WIDE))

    def action_leave(self) -> None:
        self.dismiss(None)

    def action_scroll(self, by: int) -> None:
        self.query_one(VerticalScroll).scroll_relative(y=by, animate=False)
