"""The help: the keys that act on this screen, from the one table.

Trap avoided: a help text that was right once.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from datetime import datetime

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from console.keyboard import help_keys, table
from console.screens.modals import close_key, scroll_keys
from console.screens.reading import Reading
from widgets.tone import DIM, STYLE, Tone, glyph

_WIDTH, _AROUND = 70, 6
"""Of the box, as in help.tcss, and what border, padding and scrollbar take of it; cells."""
_LABEL = 12

_BADGES = (
    ("2!", "Alerts: two fire, not acknowledged or silenced"),
    ("judging", "Revalidate: a judgement is under way, or it failed"),
    ("NO-GO", "Revalidate: decided since the console opened"),
)
_HEADER = (
    ("pace", "Steps a second over the newest rows; mean steps/s is since the trainer's start"),
    ("ETA", "The rest of the steps at that pace"),
)
_QUESTIONS = ("answer.yes", "answer.default", "answer.no")


class HelpScreen(Reading):
    CSS_PATH = "help.tcss"
    BOX = "the help"

    def __init__(self, screen_number: int, screen_name: str, says: Callable[[], Content] = Content) -> None:
        """`says`: the screen's answer, which a narrow terminal cuts; it stands here in full."""
        super().__init__()
        self._number, self._screen_name, self._says = screen_number, screen_name, says
        self._said: Content | None = None

    def compose(self) -> ComposeResult:
        with Vertical(id="help") as box:
            box.border_title = Content.styled(f"Keys on {self._screen_name}", "$accent bold")
            box.border_subtitle = Content.styled(
                "   ".join(" ".join(key) for key in (scroll_keys(), close_key("closes"))), DIM
            )
            with VerticalScroll(can_focus=False):
                yield Static(id="says")
                yield Static(help_text(self._number, _room(self.app.size.width)), id="keys")

    def on_mount(self) -> None:
        self._say()

    def on_resize(self, event: events.Resize) -> None:
        for shown in self.query("#keys").results(Static):
            shown.update(help_text(self._number, _room(event.size.width)))

    def tick(self, _now: datetime) -> None:
        """Once a second: the answer is the newest one."""
        self._say()

    def _say(self) -> None:
        said = self._says()
        if said != self._said:
            self._said = said
            for shown in self.query("#says").results(Static):
                shown.update(Content.assemble(said, "\n"))
                shown.display = bool(said)


def _room(columns: int) -> int:
    """Cells for a line of the help in a terminal that wide."""
    return min(_WIDTH, columns * 96 // 100) - _AROUND


def help_text(screen: int, room: int = 500) -> Content:
    """Groups with their keys, then the status glyphs, in lines of at most `room` cells."""

    def line(label: str, words: str) -> Content:
        folded = textwrap.wrap(words, max(20, room - _LABEL)) or [""]
        below = f"\n{' ' * _LABEL}"
        shown = "  " + label.ljust(_LABEL - 2)
        return Content.assemble((shown, "$accent bold"), (below.join(folded), "$foreground"))

    blocks: list[Content] = []
    for group, keys in help_keys(screen):
        rows = [line(key.shown, key.help) for key in keys]
        blocks.append(Content("\n").join([Content.styled(group, "$foreground bold"), *rows]))
    tones: tuple[Tone, ...] = ("good", "warning", "critical", "unknown")
    legend = Content("   ").join([Content.styled(f"{glyph(tone)} {tone}", STYLE[tone]) for tone in tones])
    badges = [line(badge, words) for badge, words in _BADGES]
    blocks.append(Content("\n").join([Content.styled("Beside a tab", "$foreground bold"), *badges]))
    header = [line(name, words) for name, words in _HEADER]
    blocks.append(Content("\n").join([Content.styled("In the header", "$foreground bold"), *header]))
    questions = [line(key.shown, key.help) for key in table() if key.id in _QUESTIONS]
    blocks.append(Content("\n").join([Content.styled("In a question", "$foreground bold"), *questions]))
    blocks.append(Content.assemble(("Status\n", "$foreground bold"), "  ", legend))
    return Content("\n\n").join(blocks)
