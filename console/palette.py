"""The command palette: every action of the key table that acts on the open screen, by name.

Trap avoided: Textual's own system commands (themes, screenshots), which bypass the key table.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider

from console.keys import KEYS, Key

if TYPE_CHECKING:
    from console.app import ConsoleApp


class KeyCommands(Provider):
    """Offers `KEYS`; choosing one does what its key does."""

    @property
    def _console(self) -> ConsoleApp:
        return cast("ConsoleApp", self.app)

    def _offered(self) -> list[Key]:
        screen = self._console.open_screen.number
        return [key for key in KEYS if key.palette and key.acts_on(screen)]

    async def discover(self) -> Hits:
        for key in self._offered():
            yield DiscoveryHit(
                f"{key.help}  ({key.shown})", partial(self._console.action_do, key.id), help=None
            )

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for key in self._offered():
            text = f"{key.help}  ({key.shown})"
            if (score := matcher.match(text)) > 0:
                yield Hit(score, matcher.highlight(text), partial(self._console.action_do, key.id))
