"""From the threads to the app: at most one message of a kind under way.

Trap avoided: a stalled terminal behind which messages pile up. While one waits to be handled, the same news
again is no new message; the handler reads the newest value.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from textual.message import Message

Post = Callable[[Message], object]


class Mailbox:
    def __init__(self) -> None:
        self._post: Post | None = None
        self._under_way: set[type[Message]] = set()
        self._held: list[Message] = []
        self._lock = threading.Lock()

    def attach(self, post: Post) -> None:
        """Deliver from now on, first what came before."""
        with self._lock:
            self._post = post
            held, self._held = self._held, []
        for message in held:
            post(message)

    def detach(self) -> None:
        """The app is leaving: drop everything from now on."""
        with self._lock:
            self._post = lambda _message: None

    def tell(self, kind: type[Message]) -> None:
        """Say that something of `kind` changed."""
        with self._lock:
            if kind in self._under_way:
                return
            self._under_way.add(kind)
        self.send(kind())

    def send(self, message: Message) -> None:
        """Deliver `message` itself; for news that must not be merged."""
        with self._lock:
            post = self._post
            if post is None:
                self._held.append(message)
                return
        post(message)

    def received(self, kind: type[Message]) -> None:
        """The app is handling one of `kind`: the next change is a new message."""
        with self._lock:
            self._under_way.discard(kind)
