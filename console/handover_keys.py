"""The handover: told once after opening, when something happened, and again by its key.

Traps avoided: a first paint that waits for it, a panel over what a person is already doing, and a mark moved
by a console that told nobody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from console.keyboard import key_of
from widgets.tone import Tone

if TYPE_CHECKING:
    from textual.app import App

    from console.demo_guide import Guide
    from console.screens.base import ConsoleScreen
    from console.session import ConsoleSession
    from console.snapshot import Snapshot
    from core.week.handover import Handover, Happened

    _App = App[int]
else:
    _App = object

DASHBOARD = 1


class HandoverMixin(_App):
    """Mixed into `ConsoleApp` through `ActionsMixin`; `offer_handover` is called each second."""

    if TYPE_CHECKING:
        session: ConsoleSession
        touched: bool
        guide: Guide | None

        @property
        def open_screen(self) -> ConsoleScreen: ...
        @property
        def picture(self) -> Snapshot | None: ...
        @property
        def says_something(self) -> bool: ...
        def say(self, words: str, tone: Tone = "good") -> None: ...

    _handover: Literal["", "asked", "held", "told"] = ""
    """`held`: it was only announced, and is told again next time unless it is opened."""
    _handover_wanted = False
    """Its key was pressed before it was there."""

    def offer_handover(self) -> None:
        """Ask for it once the run was judged; tell it once it is there and nothing else is being said."""
        if self._handover in ("held", "told") and not self._handover_wanted:
            return
        if not self._handover:
            judged = self.picture is not None and self.picture.judged
            if judged and self.session.workspace is not None and self.guide is None:
                self._handover = "asked"
                self.session.week_desk.look("handover")
            return
        state = self.session.week_desk.state
        found = state.handover
        if found is None and self._handover_wanted and state.problem:
            self._handover_wanted = False
            self.say(state.problem, "critical")
        if found is None or (self.says_something and not self._handover_wanted):
            return
        if self._handover_wanted:
            self._handover_wanted = False
            self._open_handover(asked=True)
        elif not (news := news_of(found)):
            self._handover = "told"
        elif found.since is None:
            self._handover = "told"
            entries = "1 entry is" if len(news) == 1 else f"{len(news):,} entries are"
            self._announce(f"{entries} on record from before: {key_of('handover.open')} shows it")
        elif self.touched or len(self.screen_stack) > 1 or self.open_screen.number != DASHBOARD:
            self._handover = "held"
            things = "1 thing" if len(news) == 1 else f"{len(news):,} things"
            self._announce(f"{things} happened since you last looked: {key_of('handover.open')} shows it")
        else:
            self._open_handover()

    def _announce(self, words: str) -> None:
        self.say(words, "plain")

    def do_handover_open(self) -> None:
        """All since the last look before this console was opened, up to now."""
        desk = self.session.week_desk
        if self.session.workspace is None:
            self.say(
                f"nothing is recorded without a workspace: {key_of('workspace.save')} makes one", "warning"
            )
            return
        desk.forget_handover()
        self._handover_wanted = True
        self._handover = self._handover or "asked"
        desk.look("handover")
        self.say("what happened is being looked up", "plain")

    def _open_handover(self, *, asked: bool = False) -> None:
        found = self.session.week_desk.state.handover
        if found is None:
            return
        if not found.happened:
            self.say(found.headline, "good")
            return
        from console.screens.handover import HandoverPanel

        self._handover = "told"
        self.say("", "plain")
        self.push_screen(HandoverPanel(found, asked=asked))

    def leave_handover(self) -> None:
        """The console ends: what it showed was seen, unless the handover was only announced."""
        if self._handover == "told" and self.session.workspace is not None:
            self.session.week_desk.saw_all()


def news_of(found: Handover) -> list[Happened]:
    """What is new: without what was due before the last look and is due still."""
    since = found.since or ""
    return [each for each in found.happened if each.group != "due" or each.at > since]
