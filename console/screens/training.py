"""The training's dialog: what runs, what can be done about it, and how far a deed is.

Opened with `T` on every screen. Trap avoided: a dialog that must stay open; a start or stop goes on without
it and says its end in the footer.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from console.keyboard import key_of
from console.screens.box import Box
from console.screens.modals import close_key, key_line
from console.screens.training_facts import NAMES, deed_words, now_facts, preflight_facts
from console.screens.wide_details import fact_lines
from core import units
from core.clock import utc_now
from widgets.tone import DIM, STYLE, glyph, safe

if TYPE_CHECKING:
    from console.session import ConsoleSession
    from core.training.operate import Deed


WIDTH = 84
"""Cells of the dialog, as in its style sheet."""


class TrainingDialog(Box[None]):
    """`chosen` is called with the deed that was picked; the dialog closes once a deed has succeeded."""

    CSS_PATH = ["modals.tcss", "training.tcss"]
    BOX = "the training"

    def __init__(self, session: ConsoleSession, chosen: Callable[[Deed], None]) -> None:
        super().__init__()
        self._session, self._chosen = session, chosen
        self._deeds = session.training.state.deeds
        self._cursor = 0

    def compose(self) -> ComposeResult:
        with Vertical(classes="question") as box:
            box.border_title = Content.styled("Training", "$accent bold")
            with VerticalScroll(can_focus=False):
                yield Static(id="facts")
            yield Static(id="progress")
            yield Static(id="choices")
            yield Static(id="keys", classes="keys")

    def on_mount(self) -> None:
        self.show_training()
        self.set_interval(1.0, self.show_training)

    def show_training(self) -> None:
        """Something moved, or a second passed."""
        if not self.query("#keys"):
            return
        state = self._session.training.state
        if state.deeds > self._deeds:
            if self.app.screen is self:
                self.dismiss(None)
            return
        offers = self._offers
        facts = now_facts(self._session, state, utc_now())
        if {"start", "resume", "fresh"} & set(offers):
            facts += preflight_facts(state)
        self._put("facts", fact_lines(facts, self.app.size.width, WIDTH))
        self._put("progress", self._progress())
        self._put("choices", self._choices(offers))
        choose = [(key_of("training.choose"), "choose")] if offers else []
        self._put("keys", key_line(*choose, close_key()))

    def _put(self, name: str, content: Content) -> None:
        widget = self.query_one(f"#{name}", Static)
        widget.display = bool(content.plain)
        if widget.content != content:
            widget.update(content)

    @property
    def _offers(self) -> tuple[Deed, ...]:
        """While it is being stopped only force is left, while it is being started nothing."""
        state = self._session.training.state
        if state.situation is None or state.phase == "starting":
            return ()
        return ("force",) if state.phase == "stopping" else state.situation.offers

    def _progress(self) -> Content:
        state = self._session.training.state
        if state.error is not None:
            words = f"{glyph('critical')} {safe(state.error.title, 600)}"
            hint = f"\n{safe(state.error.hint, 600)}" if state.error.hint else ""
            return Content.assemble((words, STYLE["critical"]), (hint, STYLE["plain"]))
        if not state.busy:
            return Content("")
        seconds = (utc_now() - state.since).total_seconds() if state.since is not None else 0.0
        words = f"{state.phase}: {state.words}" if state.words else state.phase
        return Content.styled(f"{words}, {units.duration(seconds)}", "$accent bold")

    def _choices(self, offers: tuple[Deed, ...]) -> Content:
        situation = self._session.training.state.situation
        if situation is None:
            return Content("")
        self._cursor = max(0, min(self._cursor, len(offers) - 1))
        keys = {deed: key_of(f"training.{deed}") for deed in offers}
        key_width = max(map(len, keys.values()), default=0)
        width = max((len(NAMES[deed]) for deed in offers), default=0)
        indent = width + key_width + 6
        room = max(16, min(WIDTH, int(self.app.size.width * 0.96)) - 5 - indent)
        rows = []
        for place, deed in enumerate(offers):
            here = place == self._cursor
            words = safe(deed_words(self._session, deed, situation), 200)
            rows.append(
                Content.assemble(
                    ("> " if here else "  ", "$accent bold"),
                    (keys[deed].ljust(key_width + 2), "$accent bold"),
                    (NAMES[deed].ljust(width + 2), "bold" if here else ""),
                    (("\n" + " " * indent).join(textwrap.wrap(words, room)), DIM),
                )
            )
        return Content("\n").join(rows)

    def action_move(self, by: int) -> None:
        self._cursor += by
        self.show_training()

    def action_pick(self) -> None:
        offers = self._offers
        if offers:
            self._chosen(offers[max(0, min(self._cursor, len(offers) - 1))])

    def action_choose(self, deed: Deed) -> None:
        if deed in self._offers:
            self._chosen(deed)

    def on_screen_suspend(self) -> None:
        """A question stands above: two boxes over each other are hard to read."""
        self._show_box(False)

    def on_screen_resume(self) -> None:
        self._show_box(True)
        self.show_training()

    def _show_box(self, shown: bool) -> None:
        for box in self.query(".question"):
            box.display = shown
