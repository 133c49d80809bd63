"""Keys that arrive together are dealt with one after the other, once what the one before asked for stands.

A stalled line hands over a whole sentence at once. Traps avoided: Textual sends each key to what has the
focus when it arrives: of `/red` the slash alone would reach the field, and the rest act as commands on the
screen; a key that arrives while the next of the kept ones is on its way, and overtakes them; a long text
whose end is missing, and nobody is told.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from textual import events
from textual.message_pump import MessagePump

if TYPE_CHECKING:
    from textual.app import App

    from widgets.tone import Tone

    _App = App[int]
else:
    _App = object

_ROUNDS = 3
"""Through the queues from the focus up to the app: the key, what its action sends, a new box's focus."""
_PATIENCE = 0.5
"""Seconds after which the next key is dealt with whatever became of the one before."""
_STALLS = 20
"""How often patience begins anew because the loop itself stood still, as over a stalled terminal."""
_MOST = 1000
"""Keys that are kept; how many more came is said once those are dealt with."""


class TypedAheadMixin(_App):
    """Mixed into `ConsoleApp`."""

    if TYPE_CHECKING:

        def say(self, words: str, tone: Tone = "good") -> None: ...

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self._typed: deque[events.Key | events.Paste] = deque()
        self._keys_seen = 0
        self._left_out = 0
        self._dealing: asyncio.TimerHandle | None = None

    async def on_event(self, event: events.Event) -> None:
        if not isinstance(event, events.Key | events.Paste) or event.is_forwarded:
            await super().on_event(event)
            return
        if len(self._typed) < _MOST:
            self._typed.append(event)
        else:
            self._left_out += 1
        await self._next()

    def deal_again(self, event: events.Key) -> None:
        """Once more, before all that was typed behind it: for a box that it closed and was not meant for."""
        self._typed.appendleft(events.Key(event.key, event.character))
        if self._dealing is None:
            self.call_later(self._next)

    async def _next(self) -> None:
        if self._typed and self._dealing is None:
            await self._deal_with(self._typed.popleft())

    async def _deal_with(self, event: events.Event) -> None:
        self._keys_seen += 1
        self._wait(self._keys_seen, _STALLS)
        await super().on_event(event)
        self._go_round(self._keys_seen, _ROUNDS)

    def _wait(self, key: int, stalls: int) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + _PATIENCE
        self._dealing = loop.call_at(until, self._waited, key, stalls, until)

    def _waited(self, key: int, stalls: int, until: float) -> None:
        """Time in which nothing could run is no time in which the key could be dealt with."""
        if stalls and asyncio.get_running_loop().time() > until + _PATIENCE / 2:
            self._wait(key, stalls - 1)
        else:
            self._dealt_with(key)

    def _go_round(self, key: int, rounds: int) -> None:
        """Behind the key through the queues that it bubbles through; the app's own is the last."""
        if rounds == 0:
            self._dealt_with(key)
            return
        at = self.focused or self.screen
        above = [node for node in at.ancestors_with_self if node is not self]
        self._go_up(above, key, rounds)

    def _go_up(self, above: Sequence[MessagePump], key: int, rounds: int) -> None:
        while above:
            node, above = above[0], above[1:]
            if node.call_later(self._go_up, above, key, rounds):
                return
        self.call_later(self._go_round, key, rounds - 1)

    def _dealt_with(self, key: int) -> None:
        if key != self._keys_seen or self._dealing is None:
            return
        self._dealing.cancel()
        self._dealing = None
        if self._typed:
            self.call_later(self._next)
        elif self._left_out:
            left, self._left_out = self._left_out, 0
            keys = "key is" if left == 1 else "keys are"
            self.say(f"{left:,} {keys} left out: more than {_MOST:,} waited at once", "warning")
