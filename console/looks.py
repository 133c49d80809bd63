"""How the app looks: theme, colours that the terminal has, style sheets parsed once.

Trap avoided: style sheets that are parsed again with each screen that opens.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from textual._compositor import CompositorUpdate
from textual.app import App
from textual.filter import LineFilter, Monochrome

from console.changed_cells import ShownCells
from console.line_filter import NeutralFilter
from console.terminal import depth, uses_ascii
from console.theme import theme
from widgets.tone import Tone

if TYPE_CHECKING:
    from rich.terminal_theme import TerminalTheme
    from textual.screen import Screen


class ThemedApp(App[int]):
    """An app in one of the themes."""

    if TYPE_CHECKING:

        def say(self, words: str, tone: Tone = "good") -> None: ...

    def __init__(self, look: str) -> None:
        """`look`: one of the themes' names."""
        super().__init__()
        self._ansi_theme: TerminalTheme | None = None
        self._neutral = NeutralFilter(ascii_only=uses_ascii())
        self._few_colours: list[LineFilter] = []
        self._shown = ShownCells()
        self.register_theme(theme(look))
        self.theme = look
        self._styled_for = look
        self.stylesheet.set_variables(self.get_css_variables())

    def refresh_css(self, animate: bool = True) -> None:
        """Style sheets are parsed once for a theme: none of their variables changes but with it.

        Textual asks for this with each new screen, and would parse every sheet again.
        """
        if self.theme != self._styled_for:
            self._styled_for = self.theme
            super().refresh_css(animate)
            for stack in self._screen_stacks.values():
                for screen in stack:
                    self.stylesheet.update(screen, animate=False)
        for screens in self._screen_stacks.values():
            for screen in screens:
                screen._css_update_count = self._css_update_count

    @property
    def ansi_theme(self) -> TerminalTheme:
        """Asked for with each line that is drawn; every theme is a dark one, so it is looked up once."""
        if self._ansi_theme is None:
            self._ansi_theme = super().ansi_theme
        return self._ansi_theme

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        if isinstance(renderable, CompositorUpdate):
            renderable = self._shown.changes(renderable)
        super()._display(screen, renderable)

    def on_resize(self) -> None:
        """Also said where the terminal comes back after a stop."""
        self.draw_all()

    def draw_all(self) -> None:
        """The whole screen once more, whatever the terminal shows."""
        self._shown.forget()
        self.screen.refresh()

    def get_line_filters(self) -> list[LineFilter]:
        return [*super().get_line_filters(), *self._few_colours, self._neutral]

    def _limit_colours(self) -> None:
        """`NO_COLOR` and the terminal's depth, for the theme that is on."""
        allowed = "all" if self.is_headless else depth(os.environ)
        self.no_color = allowed == "none"
        self._filters = [each for each in self._filters if not isinstance(each, Monochrome)]
        self._few_colours = []
        if allowed != "all":
            from console.colours import FewColours

            self._few_colours = [FewColours(self.current_theme, allowed)]

    def use_theme(self, name: str) -> None:
        """One of the looks, until the console is left; `[display] theme` keeps it."""
        self.register_theme(theme(name))
        self.theme = name
        self._limit_colours()
        self.say(f"theme {name}; to keep it: [display] theme in config.toml")
