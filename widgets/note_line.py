"""Words about what was just done, for some seconds over the last line above the footer.

Trap avoided: a message that pushes keys out of the footer, is cut, or moves the whole screen for a moment.
"""

from __future__ import annotations

from textual.content import Content
from textual.geometry import Size

from widgets.content_lines import ContentLines
from widgets.tone import STYLE, Tone, glyph, safe

_LINES = 3


class NoteLine(ContentLines):
    """Lies over the screen in a layer of its own; `say("")` takes it away."""

    DEFAULT_CSS = """
    NoteLine {
        layer: note; dock: bottom; width: 1fr; height: auto; margin: 0 0 1 0; padding: 0 1;
        background: $surface-active;
    }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.note = ""
        self._tone: Tone = "plain"

    def say(self, words: str, tone: Tone = "plain") -> None:
        if (words, tone) == (self.note, self._tone):
            return
        self.note, self._tone = words, tone
        self.refresh(layout=True)
        self.redraw()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """0 without words: `display` would have the whole screen sent again, twice for each message."""
        return 0 if not self.note else max(1, min(_LINES, len(self._words().wrap(max(1, width)))))

    def content(self, width: int, height: int) -> Content:
        lines = [line.rstrip() for line in self._words().wrap(width)]
        if len(lines) > height:
            lines = [
                *lines[: height - 1],
                Content(" ").join(lines[height - 1 :]).truncate(width, ellipsis=True),
            ]
        return Content("\n").join(lines)

    def _words(self) -> Content:
        mark = glyph(self._tone).strip()
        return Content.styled(safe(f"{mark} {self.note}".strip(), 400), f"{STYLE[self._tone]} bold")
