"""The footer: the keys that do something here, the most important first, dropped from the end when narrow.

Trap avoided: a footer that wraps or hides its own help key. The last hints given as `sticky` always stay.
"""

from __future__ import annotations

import msgspec
from textual.content import Content

from widgets.content_lines import ContentLines
from widgets.tone import DIM, STYLE, glyph, safe


class KeyHint(msgspec.Struct, frozen=True):
    key: str
    """As shown: `space`, `a`, `?`."""
    words: str
    sticky: bool = False
    """Stays when there is no room for all."""


class KeyFooter(ContentLines):
    DEFAULT_CSS = """
    KeyFooter { height: 1; width: 1fr; padding: 0 1; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.hints: tuple[KeyHint, ...] = ()
        self.note = ""
        """A short word about a state that lasts (paused); stands in the place of the least important keys."""

    def show(self, hints: tuple[KeyHint, ...], note: str = "") -> None:
        if (hints, note) != (self.hints, self.note):
            self.hints, self.note = hints, note
            self.redraw()

    def content(self, width: int, height: int) -> Content:
        note = Content("")
        if self.note:
            mark = glyph("warning")
            note = Content.styled(safe(f"{mark} {self.note}", 100), f"{STYLE['warning']} bold")
        room = width - (note.cell_length + 2 if note else 0)
        line = Content("  ").join([_hint(hint) for hint in _fitting(self.hints, room)])
        if not note:
            return line
        gap = max(0, width - line.cell_length - note.cell_length)
        return Content.assemble(line, " " * gap, note).truncate(width, ellipsis=True)


def _hint(hint: KeyHint) -> Content:
    return Content.assemble((hint.key, "$accent bold"), " ", (hint.words, DIM))


def _fitting(hints: tuple[KeyHint, ...], room: int) -> list[KeyHint]:
    """All hints that fit in `room` cells: the sticky ones first, then the others in order."""
    kept: set[int] = set()
    used = 0
    for sticky in (True, False):
        for index, hint in enumerate(hints):
            if hint.sticky is not sticky:
                continue
            width = len(hint.key) + 1 + len(hint.words) + 2
            if used + width - 2 > room:
                if not sticky:
                    return [hint for position, hint in enumerate(hints) if position in kept]
                continue
            kept.add(index)
            used += width
    return [hint for position, hint in enumerate(hints) if position in kept]
