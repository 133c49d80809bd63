"""The command palette: every action of the key table that acts on the open screen, by name; and the themes.

Trap avoided: Textual's own system commands (themes, screenshots), which bypass the key table.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider

from console.keyboard import table
from console.keys import Key
from console.theme import NAMES

if TYPE_CHECKING:
    from console.app import ConsoleApp


class KeyCommands(Provider):
    """Offers the key table; choosing one does what its key does."""

    @property
    def _console(self) -> ConsoleApp:
        return cast("ConsoleApp", self.app)

    def _offered(self) -> list[Key]:
        screen = self._console.open_screen.number
        return [key for key in table() if key.palette and key.acts_on(screen)]

    async def discover(self) -> Hits:
        for key in self._offered():
            yield DiscoveryHit(
                f"{key.help}  ({key.shown})", partial(self._console.action_do, key.id), help=None
            )

        for name in NAMES:
            if name != self._console.theme:
                yield DiscoveryHit(_theme_words(name), partial(self._console.use_theme, name), help=None)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for key in self._offered():
            text = f"{key.help}  ({key.shown})"
            if (score := matcher.match(text)) > 0:
                yield Hit(score, matcher.highlight(text), partial(self._console.action_do, key.id))
        for name in NAMES:
            text = _theme_words(name)
            if (score := matcher.match(text)) > 0:
                yield Hit(score, matcher.highlight(text), partial(self._console.use_theme, name))


def _theme_words(name: str) -> str:
    return f"Theme {name}: " + {"high-contrast": "7:1 at least"}.get(
        name, "status colours for every colour vision" if name == "colour-blind" else "the calm one"
    )
