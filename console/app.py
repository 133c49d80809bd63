"""The Textual app: numbered screens, the key table's dispatch, and facts handed to the visible screen.

No domain logic and no I/O here: the session's threads do both. Trap avoided: an app that blocks on a store, a
file or a slow terminal.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.screen import Screen
from textual.widget import AwaitMount

from console import chrome, keyboard
from console.actions import ActionsMixin
from console.keyboard import checked_keys
from console.keys import handler_name
from console.looks import ThemedApp
from console.modes import SCREENS
from console.news import NewsMixin
from console.screens.base import HEIGHTS, ConsoleScreen
from console.session import SLOW_EVERY, ConsoleSession
from console.trail import Trail
from console.typed_ahead import TypedAheadMixin
from core.clock import utc_now
from widgets.run_header import RunHeader
from widgets.tone import Tone

if TYPE_CHECKING:
    from textual.await_complete import AwaitComplete

    from console.countdown import Countdown
    from console.demo_guide import Guide
    from console.palette import KeyCommands
    from console.snapshot import Snapshot

NOTE_SECONDS = 6.0
WRITING = 0.02
"""Seconds in which nothing else runs, so that the thread that writes the first paint is not kept from it."""
LAG_SHOWN = 1.5
"""Seconds the loop may stand (a stalled terminal) before the footer says so."""


def _commands() -> type[KeyCommands]:
    from console.palette import KeyCommands

    return KeyCommands


class ConsoleApp(TypedAheadMixin, ActionsMixin, NewsMixin, ThemedApp, inherit_bindings=False):
    """`session` brings the facts; `guide` is the demo's."""

    TITLE = "ppo-console"
    CSS_PATH: ClassVar[list[str]] = ["app.tcss", "screens/dashboard.tcss"]  # type: ignore[assignment]
    """The first screen's is read at once: one more afterwards would parse all of them again."""
    COMMANDS: ClassVar[set[Callable[[], type[KeyCommands]]]] = {_commands}  # type: ignore[assignment]
    MODES: ClassVar[dict[str, str | Callable[[], Screen[None]]]] = {**SCREENS}
    """Made when first opened, then kept."""
    DEFAULT_MODE = "1"
    VERTICAL_BREAKPOINTS = HEIGHTS
    """Of the questions too."""

    def __init__(self, session: ConsoleSession, guide: Guide | None = None, greeting: str = "") -> None:
        super().__init__(session.settings.display.theme)
        self.session = session
        self.guide = guide
        self.greeting = greeting
        """Said once the first screen stands."""
        self.reopen: Path | None = None
        """The workspace to go on in, once this app has ended."""
        self.trail = Trail()
        self.touched = False
        """A key was pressed."""
        self.paused = False
        """The display holds still; following goes on."""
        self.held: Snapshot | None = None
        """The picture at which it is held."""
        self._countdown: Countdown | None = None
        self._upcoming = ("", "")
        """The week's next event, as the header says it."""
        self._note: tuple[str, Tone] = ("", "plain")
        self._note_clears = 0.0
        self._note_screen = 0
        self._says = 0
        """How often something was said."""
        self._ticked = 0.0
        self._disable_tooltips = self._disable_notifications = True  # two widgets less on each screen
        self._kept = False
        """The screen that is being switched to was made before."""
        self._painting = False
        """Nothing is painted before the first screen stands as a whole; then it is painted once."""
        self._take_keys()

    # Life.

    def on_mount(self) -> None:
        self._limit_colours()
        self.set_class(self.session.slow, "-slow")
        self.session.attach(self.post_message)
        self.set_interval(self._tick_every, self._tick)

    def on_ready(self) -> None:
        """The first screen is laid out: paint it when it has taken its size."""
        self.screen.call_later(self._paint)

    @property
    def painting(self) -> bool:
        return self._painting

    def _paint(self) -> None:
        """The first paint, of a screen laid out and with its values; at once, not with the next frame."""
        self._painting = True
        self.screen_resumed(self.open_screen)
        screen = self.screen
        screen._layout_required = screen._repaint_required = False
        screen._refresh_layout(self.size)
        self.set_timer(WRITING, self._after_first_paint)

    async def _after_first_paint(self) -> None:
        """Begin with all that the first values could do without."""
        self.session.go_on()
        await self.open_screen.complete()
        for path in sorted((Path(__file__).parent / "screens").resolve().glob("*.tcss")):
            if not self.stylesheet.has_source(str(path), ""):
                self.stylesheet.read(path)
        # What lives now lives as long as the program: later collections need not look at it.
        gc.collect()
        gc.freeze()
        gc.enable()
        if self.greeting:
            self.say(self.greeting)

    def on_unmount(self) -> None:
        self.leave_handover()
        self.session.close()

    def _fatal_error(self) -> None:
        """End without Textual's traceback on the terminal; `run_console` raises the error to its caller."""
        self._close_messages_no_wait()

    # The open screen.

    @property
    def open_screen(self) -> ConsoleScreen:
        """The numbered screen that is open, also under a question."""
        screen = self.screen_stack[0]
        if not isinstance(screen, ConsoleScreen):
            raise TypeError(f"{screen!r} is no numbered screen")
        return screen

    @property
    def _drawn(self) -> ConsoleScreen | None:
        """The open screen, also under a question, where it goes on telling the truth; None before its first
        paint and while leaving."""
        # While the app leaves, a screen's children are gone before it is: nothing is drawn any more.
        live = self._painting and self.is_running
        stack = self._screen_stacks.get(self._current_mode, []) if live else []
        if stack and isinstance(stack[0], ConsoleScreen) and stack[0].is_mounted:
            return stack[0]
        return None

    @property
    def picture(self) -> Snapshot | None:
        """What the screens show: the newest picture of the run, or the one at which the display was held."""
        return self.held if self.paused else self.session.snapshot

    def switch_mode(self, mode: str) -> AwaitMount:
        """A screen that was made before is painted at once; Textual would wait for 50 ms."""
        self._kept = mode in self._screen_stacks
        try:
            return super().switch_mode(mode)
        finally:
            self._kept = False

    def pop_screen(self) -> AwaitComplete:
        """Close the question on top, and keep nothing of it."""
        from console.retained import let_go

        let_go()
        return super().pop_screen()

    def delay_update(self, delay: float = 0.05) -> None:
        if not self._kept:
            super().delay_update(delay)

    def screen_resumed(self, screen: ConsoleScreen) -> None:
        """A numbered screen became visible: bring it all that is known."""
        if not self._painting:
            if self.picture is not None:
                screen.show(self.picture)
            return
        if self._note_screen != screen.number:
            self._note = ("", "plain")
        self.update_chrome()
        screen.query_one(RunHeader).tick(utc_now())
        if self.picture is not None:
            screen.show(self.picture)
        screen.show_revalidation(self.session.revalidation)
        screen.show_checklists(self.session.checklists)
        screen.show_standup(self.session.standup)
        screen.show_desks()

    def update_chrome(self) -> None:
        """Header, tabs, footer and guide of the open screen, from what is known now."""
        screen = self._drawn
        if screen is None:
            return
        session, picture = self.session, self.picture
        if picture is not None:
            screen.query_one(RunHeader).show(chrome.header_facts(picture, self._upcoming))
        guide = ""
        if self.guide is not None:
            from console.demo_guide import AppState

            state = AppState(screen.number, picture, session.checklists, session.revalidation)
            guide = self.guide.hint(state)
        tabs = chrome.tabs(picture, session.revalidation)
        hints = chrome.hints(screen.number, screen.hint_words, paused=self.paused)
        screen.set_chrome(tabs, hints, guide)
        screen.say_note(*self._note)

    @property
    def says_something(self) -> bool:
        """Words about what was just done stand above the footer."""
        return bool(self._note[0])

    def say(self, words: str, tone: Tone = "good") -> None:
        """Words about what was just done, above the footer for some seconds."""
        self._note = (words, tone)
        self._says += 1
        stack = self._screen_stacks.get(self._current_mode, [])
        self._note_screen = getattr(stack[0], "number", 0) if stack else 0
        self._note_clears = self._loop_time() + NOTE_SECONDS
        self.update_chrome()

    def _tick(self) -> None:
        now = utc_now()
        lag = self._loop_time() - self._ticked - self._tick_every
        lags, self._ticked = bool(self._ticked) and lag > LAG_SHOWN, self._loop_time()
        screen = self._drawn
        if screen is None:
            return
        screen.query_one(RunHeader).tick(now)
        self._count_down(now)
        if self.screen is screen:
            self.offer_handover()
        else:
            self._note_clears = self._loop_time() + NOTE_SECONDS  # it may lie under the question
        if lags:
            self.say(f"the terminal lags {lag:.1f} s", "warning")
        if self._note[0] and self._loop_time() > self._note_clears:
            self._note = ("", "plain")
            self.update_chrome()
        if not self.paused:
            screen.tick(now)
        for over in self.screen_stack[1:]:
            if (tick := getattr(over, "tick", None)) is not None:
                tick(now)

    @property
    def _tick_every(self) -> float:
        """Seconds."""
        return SLOW_EVERY if self.session.slow else 1.0

    @property
    def countdown_runs(self) -> bool:
        """The last two minutes before an event of the week: its words change with the second."""
        return self._upcoming[1].endswith("s")

    def _count_down(self, now: datetime) -> None:
        """The header says how long until the week's next event."""
        if self._countdown is None:
            from console.countdown import Countdown

            self._countdown = Countdown()
        settled = self.session.settled_ahead
        settings = self.session.settings if settled is not None else None
        if (words := self._countdown.words(settings, now, settled or ())) != self._upcoming:
            self._upcoming = words
            self.update_chrome()

    @staticmethod
    def _loop_time() -> float:
        return time.monotonic()

    # Keys.

    def _take_keys(self) -> None:
        """The keys of `[keys]`, for dispatch and for all words that name one. Raises ConfigError."""
        changed = checked_keys(self.session.workspace)
        keyboard.use(changed)
        if changed:
            self.set_keymap({action: key.keys for action, key in changed.items()})

    async def action_do(self, action_id: str) -> None:
        """Dispatch one row of the key table: the open screen handles it, else the app."""
        self.touched = True
        await self.open_screen.complete()
        name = handler_name(action_id)
        screen, says = self.open_screen, self._says
        own = getattr(screen, name, None)
        handler = own or getattr(self, name, None)
        if handler is None:
            return
        waits_for = screen.waits_for() if own is not None else ""
        handler()
        if waits_for and says == self._says and self.screen is screen:
            self.say(waits_for, "plain")
        self.update_chrome()
