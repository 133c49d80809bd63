"""Words with a tone's glyph before them: a screen's answer or the demo's guide, one line, two where narrow.

Trap avoided: markup in text that came from a file. Strings are drawn as they are. A second line, once needed,
stays until the width changes, so that nothing below jumps.
"""

from __future__ import annotations

from textual import events
from textual.content import Content

from widgets.content_lines import ContentLines
from widgets.tone import STYLE, Tone, glyph, safe


class Answer(ContentLines):
    """`lines`: how many it may take at most."""

    DEFAULT_CSS = """
    Answer { height: 1; width: 1fr; padding: 0 1; }
    """

    def __init__(self, *, lines: int = 2, id: str | None = None) -> None:
        super().__init__(id=id)
        self.text = Content("")
        self.lines = lines

    def say(self, text: str | Content, tone: Tone = "plain") -> None:
        """Show `text`; nothing is sent to the terminal when it reads the same."""
        words = text if isinstance(text, Content) else Content(safe(text))
        mark = glyph(tone)
        line = words if mark == " " else Content.assemble((f"{mark} ", f"{STYLE[tone]} bold"), words)
        if tone == "accent":
            line = line.stylize_before(STYLE[tone])
        if not line.is_same(self.text):
            self.text = line
            self._grow()
            self.redraw()

    def content(self, width: int, height: int) -> Content:
        if height <= 1 or self.text.cell_length <= width:
            return self.text.truncate(max(0, width), ellipsis=True)
        wrapped = self.text.wrap(width)
        if len(wrapped) <= height:
            return Content("\n").join([line.rstrip() for line in wrapped])
        rest = Content(" ").join([line.rstrip() for line in wrapped[height - 1 :]])
        last = rest.truncate(max(0, width), ellipsis=True)
        return Content("\n").join([*(line.rstrip() for line in wrapped[: height - 1]), last])

    def on_resize(self, event: events.Resize) -> None:
        if event.size.width != event.virtual_size.width or self._width != event.size.width:
            self._width = event.size.width
            self.styles.height = 1
            self._grow()

    _width = 0

    def _grow(self) -> None:
        width = self.content_size.width
        if width <= 0 or self.lines < 2 or self.app.size.height < 18:
            return
        needed = min(self.lines, len(self.text.wrap(width)))
        height = self.styles.height
        if height is None or height.value < needed:
            self.styles.height = needed
