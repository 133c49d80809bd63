"""A box over a screen that is read: closed and scrolled by the same keys, whatever it holds.

Trap avoided: a page that scrolls with other keys than the list beneath it.
"""

from __future__ import annotations

from textual.containers import VerticalScroll

from console.screens.box import Box


class Reading(Box[None]):
    """Scrolls its first `VerticalScroll`; a subclass that holds something else overrides the two actions."""

    BOX = "details"

    def action_move(self, by: int) -> None:
        self.query_one(VerticalScroll).scroll_relative(y=by, animate=False)

    def action_page(self, by: int) -> None:
        box = self.query_one(VerticalScroll)
        box.scroll_relative(y=by * max(1, box.size.height - 1), animate=False)
