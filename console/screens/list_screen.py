"""A screen whose keys move through a list, the same on every such screen."""

from __future__ import annotations

from console.screens.base import ConsoleScreen
from widgets.row_list import RowList


class ListScreen(ConsoleScreen):
    """Subclasses say which list the keys act on just now."""

    @property
    def acted_on(self) -> RowList:
        raise NotImplementedError

    def do_move_down(self) -> None:
        self.acted_on.move(1)

    def do_move_up(self) -> None:
        self.acted_on.move(-1)

    def do_move_top(self) -> None:
        self.acted_on.to(0)

    def do_move_end(self) -> None:
        self.acted_on.to(self.acted_on.count - 1)

    def do_page_down(self) -> None:
        self.acted_on.page(1)

    def do_page_up(self) -> None:
        self.acted_on.page(-1)
