"""A log line in full, over the Logs screen: all its text, the lines that belong to it, where it stands.

Trap avoided: a line cut at the window's edge with no way to read, or copy, the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from console.keyboard import key_of
from console.screens.modals import close_key, key_line, scroll_keys
from console.screens.reading import Reading
from core import units
from core.logs.whole import Whole
from widgets.text_pane import TextPane
from widgets.tone import safe

if TYPE_CHECKING:
    from console.app import ConsoleApp


class LogDetail(Reading):
    CSS_PATH = "logs_detail.tcss"
    BOX = "a log line"

    def __init__(self, whole: Whole) -> None:
        super().__init__()
        self._whole = whole

    def compose(self) -> ComposeResult:
        whole = self._whole
        name = whole.path.rsplit("/", 1)[-1]
        count = len(whole.lines)
        title = f"{name}, byte {units.number(whole.start)}, {count} line{'s' if count != 1 else ''}"
        with Vertical(id="detail"):
            yield TextPane(title, whole.lines, id="text")
            if whole.cut:
                rest = f"{units.number(whole.cut)} more bytes: tail -c +{whole.start + 1} {whole.path}"
                yield Static(Content.styled(safe(rest, 500), "$warning"), id="rest")
            keys = (scroll_keys(), (key_of("text.copy"), "copy all of it"), close_key())
            yield Static(key_line(*keys), id="keys")

    @property
    def _text(self) -> TextPane:
        return self.query_one(TextPane)

    def action_move(self, by: int) -> None:
        self._text.move(by)

    def action_page(self, by: int) -> None:
        self._text.move(by * self._text.page_size)

    def action_copy(self) -> None:
        cast("ConsoleApp", self.app).copy_out("log-line", "\n".join(self._whole.lines) + "\n")
        self.dismiss(None)
