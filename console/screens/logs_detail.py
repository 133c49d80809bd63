"""A log line in full, over the Logs screen: all its text, the lines that belong to it, where it stands.

Trap avoided: a line cut at the window's edge with no way to read, or copy, the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from core import units
from core.logs.whole import Whole
from widgets.text_pane import TextPane
from widgets.tone import DIM, safe

if TYPE_CHECKING:
    from console.app import ConsoleApp


class LogDetail(ModalScreen[None]):
    CSS_PATH = "logs_detail.tcss"
    BINDINGS = [
        Binding("escape,q,enter,ctrl+c", "leave", show=False),
        Binding("down,j", "scroll(1)", show=False),
        Binding("up,k", "scroll(-1)", show=False),
        Binding("pagedown,space,ctrl+d", "page(1)", show=False),
        Binding("pageup,ctrl+u", "page(-1)", show=False),
        Binding("home,g", "scroll(-10000000)", show=False),
        Binding("end,G", "scroll(10000000)", show=False),
        Binding("y", "copy", show=False),
    ]

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
            yield Static(_keys(("j k", "scroll"), ("y", "copy all of it"), ("esc", "close")), id="keys")

    @property
    def _text(self) -> TextPane:
        return self.query_one(TextPane)

    def action_leave(self) -> None:
        self.dismiss(None)

    def action_scroll(self, by: int) -> None:
        self._text.move(by)

    def action_page(self, by: int) -> None:
        self._text.move(by * self._text.page_size)

    def action_copy(self) -> None:
        cast("ConsoleApp", self.app).copy_out("log-line", "\n".join(self._whole.lines) + "\n")
        self.dismiss(None)


def _keys(*keys: tuple[str, str]) -> Content:
    return Content("   ").join(
        [Content.assemble((key, "$accent bold"), " ", (words, DIM)) for key, words in keys]
    )
