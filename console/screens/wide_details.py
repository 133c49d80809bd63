"""Many facts in a wide box: label and words, each status with its glyph, long ones below themselves.

Trap avoided: words that wrap under their labels, so that a list of files reads as one text.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from console.screens.modals import box_title, close_key, key_line, scroll_keys
from console.screens.reading import FollowingBox
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


Fact = tuple[str, str, Tone]


class WideDetails(FollowingBox[Fact]):
    CSS_PATH: ClassVar[list[str]] = ["modals.tcss", "wide_details.tcss"]  # type: ignore[assignment]
    BOX = "a run's sources"

    def __init__(
        self, title: str, facts: Sequence[Fact] | Callable[[datetime], Sequence[Fact] | None]
    ) -> None:
        super().__init__(facts, lambda words: ("", words, "warning"))
        self._title = title

    def compose(self) -> ComposeResult:
        with Vertical(classes="question") as box:
            box.border_title = box_title(self._title)
            with VerticalScroll(can_focus=False):
                yield Static(id="facts")
            yield Static(key_line(scroll_keys(), close_key()), classes="keys")

    def on_mount(self) -> None:
        self.show_facts()

    def on_resize(self) -> None:
        self.show_facts()

    def show_facts(self) -> None:
        for box in self.query("#facts").results(Static):
            box.update(fact_lines(self._facts, self.app.size.width, _WIDE))
