"""The floor: the least a Textual app can be. A label and a clock; `k` changes the label, `s` the screen.

`--text` stands on the label, so that first values and a paint can be seen from outside.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from textual import events
from textual.app import App, ComposeResult
from textual.screen import Screen
from textual.widgets import Label


class Other(Screen[None]):
    def compose(self) -> ComposeResult:
        yield Label("\n\n\nanother screen")


class Bare(App[None]):
    ENABLE_COMMAND_PALETTE = False
    SCREENS = {"other": Other}

    def __init__(self, text: str, *, clock: bool, follow: Path | None) -> None:
        super().__init__()
        self._text, self._clock, self._follow = text, clock, follow
        self._presses = 0

    def compose(self) -> ComposeResult:
        yield Label("", id="clock")
        yield Label(self._text, id="text")

    def on_mount(self) -> None:
        if self._clock:
            self.set_interval(1.0, self._tell_time)
        if self._follow is not None:
            self.set_interval(1.0, self._tell_last)

    def _tell_time(self) -> None:
        self.query_one("#clock", Label).update(time.strftime("%H:%M:%SZ", time.gmtime()))

    def _tell_last(self) -> None:
        assert self._follow is not None
        with self._follow.open("rb") as stream:
            stream.seek(max(0, stream.seek(0, 2) - 200))
            last = stream.read().decode().splitlines()[-1]
        self.query_one("#text", Label).update(f"{self._text} {last}")

    def on_key(self, event: events.Key) -> None:
        if event.key == "k":
            self._presses += 1
            self.query_one("#text", Label).update(f"{self._text} {self._presses}")
        elif event.key == "s" and len(self.screen_stack) > 1:
            self.pop_screen()
        elif event.key == "s":
            self.push_screen("other")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--text", default="bare")
    parser.add_argument("--clock", action="store_true")
    parser.add_argument("--follow", type=Path)
    chosen = parser.parse_args()
    Bare(chosen.text, clock=chosen.clock, follow=chosen.follow).run()
