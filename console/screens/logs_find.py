"""The Logs screen's finding: a text in all lines, lines with a text alone, the next error or alert.

Trap avoided: a search on the screen's own thread; the reader looks, and what it found comes with its picture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.widgets import Input

from console.keyboard import key_of

if TYPE_CHECKING:
    from console.log_news import LogPicture
    from console.log_reader import LogReader
    from console.screens.base import ConsoleScreen

    _Screen = ConsoleScreen
else:
    _Screen = object


class FindMixin(_Screen):
    """Mixed into the Logs screen."""

    if TYPE_CHECKING:
        _picture: LogPicture

        def _ask(self) -> LogReader | None: ...

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self._asking = ""
        """What the field was opened for last: `find` or `filter`."""

    def do_log_find(self) -> None:
        self._ask_text("find", f"find in all lines, then enter; {key_of('app.back')} leaves")

    def do_log_filter(self) -> None:
        self._ask_text("filter", "show only lines with this text; enter alone shows all")

    def _ask_text(self, what: str, words: str) -> None:
        self._asking = what
        field = self.query_one("#find", Input)
        field.placeholder = words
        field.display = True
        field.value = ""
        field.focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._close_field()
        text = event.value.strip()
        if reader := self._ask():
            if self._asking == "find":
                reader.find(text)
            else:
                reader.filter(text)

    def do_log_next(self) -> None:
        self._go_on(1)

    def do_log_previous(self) -> None:
        self._go_on(-1)

    def _go_on(self, direction: int) -> None:
        if not self._picture.found.text:
            self.console.say(f"nothing to look for yet: {key_of('log.find')} asks", "warning")
        elif reader := self._ask():
            reader.next_found(direction)

    def do_log_fault_next(self) -> None:
        if reader := self._ask():
            reader.next_fault(1)

    def do_log_fault_previous(self) -> None:
        if reader := self._ask():
            reader.next_fault(-1)

    def on_back(self) -> bool:
        if self.query_one("#find").display:
            self._close_field()
            return True
        for text, drop in ((self._picture.found.text, "find"), (self._picture.filtered.text, "filter")):
            if text and (reader := self._ask()):
                reader.find("") if drop == "find" else reader.filter("")
                return True
        return False

    def _close_field(self) -> None:
        self.query_one("#find", Input).display = False
        self.set_focus(None)
