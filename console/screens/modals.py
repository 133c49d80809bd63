"""Questions over a screen: confirm, and ask for a line of text. Each returns a typed result.

Trap avoided: a destructive key that acts at once, or one keystroke of habit later: `enter` takes the choice
that loses nothing, so what loses something is answered with `y` alone. `esc` and `q` always mean no.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.geometry import Size
from textual.screen import ScreenResultType
from textual.widget import Widget
from textual.widgets import Input, Static

from console.keyboard import key_of
from console.screens.box import Box, Form
from console.screens.reading import FollowingBox
from widgets.detail_pane import fact_rows
from widgets.tone import DIM, STYLE, Tone, glyph, safe


class FactBox(Widget):
    """Label and text per line; what is longer than a line goes on below its own beginning."""

    DEFAULT_CSS = "FactBox { width: 1fr; height: auto; }"

    def __init__(self, facts: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._facts: tuple[tuple[str, str, str], ...] = ()
        self.show(facts)

    def show(self, facts: Sequence[tuple[str, str]]) -> None:
        """Instead of what stood there."""
        self._facts = tuple((label, safe(text, 600), "") for label, text in facts)
        self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(fact_rows(self._facts, width))

    def render(self) -> Content:
        rows = fact_rows(self._facts, self.content_size.width)
        return Content("\n").join(Content.assemble((row[0][0], DIM), row[1][0]) for row in rows)


def key_line(*keys: tuple[str, str]) -> Content:
    """The keys of a screen over a screen: `esc close`."""
    return Content("   ").join(
        [Content.assemble((key, "$accent bold"), " ", (words, DIM)) for key, words in keys]
    )


def scroll_keys(words: str = "scroll") -> tuple[str, str]:
    """The two that move in a list or text."""
    return f"{key_of('move.down')} {key_of('move.up')}", words


def close_key(words: str = "close") -> tuple[str, str]:
    return key_of("app.back"), words


def box_title(title: str, tone: Tone = "accent", limit: int = 80) -> Content:
    """In the tone's colour, its glyph before it."""
    return Content.styled(f"{glyph(tone)} ".lstrip() + safe(title, limit), f"{STYLE[tone]} bold")


class StandsAlone(Box[ScreenResultType]):
    """A box that is not seen under a question of its own: two boxes over each other are hard to read."""

    def on_screen_suspend(self) -> None:
        self._show_box(False)

    def on_screen_resume(self) -> None:
        self._show_box(True)

    def _show_box(self, shown: bool) -> None:
        for box in self.query(".question"):
            box.display = shown


class Confirm(StandsAlone[bool]):
    """Yes or no. `y` says yes; `enter` too, unless `loses`: yes gives something up, and `enter` says no."""

    BOX = "a question"
    CSS_PATH = "modals.tcss"

    def __init__(
        self, title: str, facts: tuple[tuple[str, str], ...], yes: str, *, no: str = "no", loses: bool = False
    ) -> None:
        super().__init__()
        self._title, self._facts, self._yes, self._no, self._loses = title, facts, yes, no, loses

    def compose(self) -> ComposeResult:
        tone: Tone = "warning" if self._loses else "accent"
        with Vertical(classes="question") as box:
            box.border_title = box_title(self._title, tone)
            with VerticalScroll(can_focus=False):
                yield FactBox(self._facts)
            yield Static(key_line(*self._answers()), classes="keys")

    def _answers(self) -> tuple[tuple[str, str], ...]:
        yes, default, no = key_of("answer.yes"), key_of("answer.default"), key_of("app.back")
        if self._loses:
            return (yes, self._yes), (f"{default} or {no}", self._no)
        return (f"{yes} or {default}", self._yes), (no, self._no)

    def action_answer(self, yes: bool) -> None:
        self.dismiss(yes)

    def action_default(self) -> None:
        self.dismiss(not self._loses)

    def action_leave(self) -> None:
        self.dismiss(False)

    def action_move(self, by: int) -> None:
        self.query_one(VerticalScroll).scroll_relative(y=by, animate=False)


class AskText(Form[str | None]):
    """A line of text; None when left. `required`: an empty line is not taken. `refuse`: why another is not,
    said below the line, which stays."""

    CSS_PATH = "modals.tcss"

    def __init__(
        self,
        title: str,
        facts: tuple[tuple[str, str], ...] = (),
        *,
        ask: str = "note",
        value: str = "",
        required: bool = False,
        done: str = "save",
        tone: Tone = "accent",
        refuse: Callable[[str], str] = lambda text: "",
    ) -> None:
        super().__init__()
        self._title, self._facts, self._ask, self._value = title, facts, ask, value
        self._required, self._done, self._tone, self._refuse = required, done, tone, refuse

    def compose(self) -> ComposeResult:
        with Vertical(classes="question") as box:
            box.border_title = box_title(self._title, self._tone)
            with VerticalScroll(can_focus=False):
                yield FactBox(self._facts)
            need = "required" if self._required else "may stay empty"
            yield Static(Content.assemble((safe(self._ask, 60), "bold"), (f"  {need}", DIM)), classes="ask")
            yield Input(safe(self._value, 500), max_length=500, select_on_focus=False)
            yield Static("", id="complaint")
            yield Static(key_line(("enter", self._done), ("esc", "leave")), classes="keys")

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    @on(Input.Submitted)
    def _submit(self, event: Input.Submitted) -> None:
        text = event.value.strip()
        missing = self._required and not text
        if why := f"a {self._ask} is required" if missing else self._refuse(text):
            words = Content.styled(f"{glyph('warning')} {safe(why, 200)}", STYLE["warning"])
            self.query_one("#complaint", Static).update(words)
            return
        self.dismiss(text)


class Details(FollowingBox[tuple[str, str, str]]):
    """Everything about one row, scrolled; (label, text, tone) per fact."""

    CSS_PATH = "modals.tcss"

    def __init__(
        self,
        title: str,
        facts: Sequence[tuple[str, str, str]] | Callable[[datetime], Sequence[tuple[str, str, str]] | None],
    ) -> None:
        super().__init__(facts, lambda words: ("", words, "warning"))
        self._title = title

    def compose(self) -> ComposeResult:
        with Vertical(classes="question") as box:
            box.border_title = box_title(self._title)
            with VerticalScroll(can_focus=False):
                yield FactBox(self._plain_facts())
            yield Static(key_line(scroll_keys(), close_key()), classes="keys")

    def _plain_facts(self) -> list[tuple[str, str]]:
        return [(label, text) for label, text, _tone in self._facts]

    def show_facts(self) -> None:
        for box in self.query(FactBox):
            box.show(self._plain_facts())
