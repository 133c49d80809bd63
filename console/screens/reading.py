"""A box over a screen that is read: closed and scrolled by the same keys, whatever it holds.

Trap avoided: a page that scrolls with other keys than the list beneath it.
"""

from __future__ import annotations

from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.screen import ModalScreen

_FAR = 10_000_000


class Reading(ModalScreen[None]):
    """Scrolls its first `VerticalScroll`; a subclass that holds something else overrides the two actions."""

    BINDINGS = [
        Binding("escape,q,enter,ctrl+c", "leave", show=False),
        Binding("down,j", "scroll(1)", show=False),
        Binding("up,k", "scroll(-1)", show=False),
        Binding("pagedown,space,ctrl+d", "page(1)", show=False),
        Binding("pageup,ctrl+u", "page(-1)", show=False),
        Binding("home,g", f"scroll(-{_FAR})", show=False),
        Binding("end,G", f"scroll({_FAR})", show=False),
    ]

    def action_leave(self) -> None:
        self.dismiss(None)

    def action_scroll(self, by: int) -> None:
        self.query_one(VerticalScroll).scroll_relative(y=by, animate=False)

    def action_page(self, by: int) -> None:
        box = self.query_one(VerticalScroll)
        box.scroll_relative(y=by * max(1, box.size.height - 1), animate=False)
