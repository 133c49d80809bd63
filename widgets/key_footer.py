"""The footer: the keys that do something here, the most important first, dropped from the end when narrow.

Trap avoided: a footer that wraps or hides its own help key. The last hints given as `sticky` always stay.
"""

from __future__ import annotations

from dataclasses import dataclass

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from widgets.tone import DIM, STYLE, Tone, glyph, safe


@dataclass(frozen=True, slots=True)
class KeyHint:
    key: str
    """As shown: `space`, `a`, `?`."""
    words: str
    sticky: bool = False
    """Stays when there is no room for all."""


class KeyFooter(Widget):
    DEFAULT_CSS = """
    KeyFooter { height: 1; width: 1fr; padding: 0 1; }
    """

    hints: reactive[tuple[KeyHint, ...]] = reactive((), init=False)
    note: reactive[str] = reactive("", init=False)
    """A word about what was just done, or about the data's age; replaces the hints' tail."""
    note_tone: reactive[Tone] = reactive("plain", init=False)

    def show(self, hints: tuple[KeyHint, ...]) -> None:
        self.hints = hints

    def say(self, words: str, tone: Tone = "plain") -> None:
        """Put `words` at the right end; empty clears them."""
        self.note_tone = tone
        self.note = words

    def render(self) -> Content:
        width = self.content_size.width
        note = Content("")
        if self.note:
            mark = glyph(self.note_tone).strip()
            note = Content.styled(
                safe(f"{mark} {self.note}".strip(), 400), f"{STYLE[self.note_tone]} bold"
            ).truncate(width, ellipsis=True)
        room = width - (note.cell_length + 2 if note else 0)
        shown = _fitting(self.hints, room)
        line = Content("  ").join([_hint(hint) for hint in shown])
        if not note:
            return line
        gap = max(0, width - line.cell_length - note.cell_length)
        return Content.assemble(line, " " * gap, note)


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
