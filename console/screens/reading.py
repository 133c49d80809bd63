"""A box over a screen that is read: closed and scrolled by the same keys, whatever it holds.

Traps avoided: a page that scrolls with other keys than the list beneath it; a box that goes on showing the
values of the moment it was opened.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Generic, TypeVar

from textual.containers import VerticalScroll

from console.screens.box import Box
from core.clock import utc_now

Fact = TypeVar("Fact")


class Reading(Box[None]):
    """Scrolls its first `VerticalScroll`; a subclass that holds something else overrides the two actions."""

    BOX = "details"

    def action_move(self, by: int) -> None:
        self.query_one(VerticalScroll).scroll_relative(y=by, animate=False)

    def action_page(self, by: int) -> None:
        box = self.query_one(VerticalScroll)
        box.scroll_relative(y=by * max(1, box.size.height - 1), animate=False)


class FollowingBox(Reading, Generic[Fact]):
    """Facts that are asked for again each second, unless the display is held. A subclass shows `_facts`."""

    def __init__(
        self, facts: Sequence[Fact] | Callable[[datetime], Sequence[Fact] | None], gone: Callable[[str], Fact]
    ) -> None:
        """`facts`: fixed ones, or what tells them, None once there are none any more. `gone` makes the fact
        that then says from when the ones above are."""
        super().__init__()
        self._ask = facts if callable(facts) else None
        self._of = utc_now()
        self._facts: tuple[Fact, ...] = tuple((facts(self._of) or ()) if callable(facts) else facts)
        self._gone, self._is_gone = gone, False

    def tick(self, now: datetime) -> None:
        if self._ask is None or getattr(self.app, "paused", False):
            return
        found = self._ask(now)
        before = self._facts
        if found is not None:
            self._facts, self._of, self._is_gone = tuple(found), now, False
        elif not self._is_gone:
            self._is_gone = True
            words = f"As of {self._of:%H:%M:%SZ}: it does not stand in the list any more."
            self._facts = (*before, self._gone(words))
        if self._facts != before:
            self.show_facts()

    def show_facts(self) -> None:
        """Show what `_facts` holds by now."""
        raise NotImplementedError
