"""What every screen shares: header, tabs, the answer in words, a body, the footer, and how facts reach it.

Trap avoided: screens that poll. The app calls `show` (and the two other hooks) on the visible screen when a
worker brought something new, and once when a screen becomes visible again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual import events
from textual.app import ComposeResult
from textual.content import Content
from textual.css.query import NoMatches
from textual.geometry import Size
from textual.screen import Screen
from textual.widget import MountError, Widget

from console.keys import Key, bindings_for
from widgets.answer import Answer
from widgets.key_footer import KeyFooter, KeyHint
from widgets.note_line import NoteLine
from widgets.room import BlankLines, Room
from widgets.run_header import RunHeader
from widgets.screen_tabs import ScreenTabs, Tab
from widgets.tone import Tone

if TYPE_CHECKING:
    from console.app import ConsoleApp
    from console.session import ConsoleSession
    from console.snapshot import Snapshot
    from console.states import ChecklistState, RevalidationState, StandupState


_WIDTHS = [(0, "-narrow"), (116, "-wide")]
HEIGHTS = [(0, "-short"), (20, "-tall")]


class ConsoleScreen(BlankLines, Screen[None]):
    """One numbered screen. Subclasses set `number`, `name_shown` and override `compose_body` and `show`.

    Keys: a method `do_<action id with dots as underscores>()` handles that action of `console.keys` while
    the screen is visible, e.g. ``def do_move_down(self)``, ``def do_chart_zoom_in(self)``; the app handles
    what no screen does. No widget needs the focus; `AUTO_FOCUS` is off.
    """

    AUTO_FOCUS = ""
    number: ClassVar[int] = 0
    name_shown: ClassVar[str] = ""
    """The name in the tabs line: `Dashboard`."""

    def __init__(self) -> None:
        super().__init__()
        self._is_styled = False
        self._guide: Answer | None = None
        self._composed_with: frozenset[str] = frozenset()
        self._is_complete = False
        self._completing = asyncio.Lock()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        # Before Textual merges bindings: each screen binds exactly its rows of the key table.
        cls.BINDINGS = [*bindings_for(cls.number)]
        super().__init_subclass__(**kwargs)

    @property
    def console(self) -> ConsoleApp:
        """The app, typed."""
        return cast("ConsoleApp", self.app)

    @property
    def session(self) -> ConsoleSession:
        """Store, reader, workers; nothing here blocks."""
        return self.console.session

    HORIZONTAL_BREAKPOINTS = _WIDTHS
    VERTICAL_BREAKPOINTS = HEIGHTS

    def on_mount(self) -> None:
        self.console.screen_resumed(self)

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        """Bring it up to date and paint it once, at once: no style depends on whether it is seen."""
        if self.is_mounted:
            self.console.screen_resumed(self)
            event.refresh_styles = event.refresh_styles and not self._is_styled
            self._is_styled = True
            self.call_later(self._paint_whole)

    def _paint_whole(self) -> None:
        """All that changed and all that did not: another screen stands on the terminal."""
        if not self.is_current or self.app._batch_count:
            return
        self.refresh()
        self._dirty_widgets.clear()
        self._compositor.update_widgets({self})
        self._repaint_required = False
        if self._layout_required or self._scroll_required:
            self._layout_required = self._scroll_required = False
            self._refresh_layout()
        else:
            self._compositor_refresh()
        for widget in self.walk_children(Widget):  # what they ask to be painted stands there now
            widget._exchange_repaint_regions()

    def _screen_resized(self, size: Size) -> None:
        """Textual's layout, asked for with each switch: a screen that is laid out for this size keeps it."""
        if self._compositor.size != size or not self._is_styled:
            super()._screen_resized(size)

    def update_node_styles(self, animate: bool = True) -> None:
        """Before the first paint the widgets are styled as they are mounted, and not once more."""
        if self.console.painting or self._classes != self._composed_with:
            super().update_node_styles(animate)

    def _compositor_refresh(self) -> None:
        """Textual's paint; held back until the first screen stands as a whole; by cells under a question."""
        if not self.console.painting:
            return
        if self is self.app.screen:
            super()._compositor_refresh()
        else:
            from console.behind import paint_behind

            paint_behind(self, self.app.screen_stack[1:])

    def compose(self) -> ComposeResult:
        # At once what Textual's first resize would set: a class changed later styles the whole screen again.
        width, height = self.app.size
        sizes = ((width, _WIDTHS), (height, HEIGHTS))
        classes = {max(point for point in points if point[0] <= size)[1]: True for size, points in sizes}
        self.update_classes({**classes, **self.size_classes(width)}, update=False)
        self._composed_with = frozenset(self._classes)
        yield RunHeader(id="run-header")
        yield ScreenTabs(id="screen-tabs")
        yield Answer(id="answer")
        with Room(id="body"):
            yield from self.compose_body()
            if self.console.painting:
                self._is_complete = True
                yield from self.compose_later()
        yield KeyFooter(id="key-footer")
        yield NoteLine(id="note")

    def compose_body(self) -> ComposeResult:
        """The widgets between the answer line and the footer."""
        yield from ()

    def compose_later(self) -> Sequence[Widget]:
        """The panes that a key opens: on the first screen they join the body after the first paint."""
        return ()

    async def complete(self) -> None:
        """Mount what the first paint did without, unless it is there."""
        async with self._completing:
            if self._is_complete or not self.is_mounted:
                return
            self._is_complete = True
            later = self.compose_later()
            with contextlib.suppress(NoMatches, MountError):  # the program is leaving
                if later:
                    await self.query_one("#body").mount(*later)

    def size_classes(self, width: int) -> Mapping[str, bool]:
        """Classes that follow from the screen's width."""
        return {}

    # Facts, brought by the app.

    def show(self, snapshot: Snapshot) -> None:
        """A new picture of the run, or the newest one when the screen becomes visible."""

    def show_revalidation(self, state: RevalidationState) -> None:
        """The revalidation moved, or the screen became visible."""

    def show_checklists(self, state: ChecklistState) -> None:
        """The checklists were evaluated again, or the screen became visible."""

    def show_standup(self, state: StandupState) -> None:
        """The standup was filled or saved, or the screen became visible."""

    def show_desks(self) -> None:
        """The alert desk or the runbook desk has news, or the screen became visible."""

    def tick(self, now: datetime) -> None:
        """Once a second while visible, for ages. Change only what reads differently."""

    # What a screen may override.

    def waits_for(self) -> str:
        """What the screen's keys have nothing to act on without, in words, while that is not there yet."""
        return "" if self.console.picture is not None else "the run has not been read yet"

    def on_back(self) -> bool:
        """`esc` and the first `q`: close what is open, say True; False leaves it to the app."""
        return False

    def hint_words(self, key: Key) -> str:
        """What the footer says of a key of this screen; empty where it does nothing just now."""
        return key.words

    def copy_text(self) -> str:
        """What `y` copies: the screen's content as text. Default: what the screen shows now."""
        return self.console.screen_text()

    # Helpers.

    def answer(self, text: str | Content, tone: Tone = "plain") -> None:
        """Write the screen's first line: its answer in words, with the tone's glyph before it."""
        self.query_one("#answer", Answer).say(text, tone)

    def set_chrome(self, tabs: tuple[Tab, ...], hints: tuple[KeyHint, ...], guide: str) -> None:
        """Called by the app: tabs with their badges, footer hints, the demo's guide line."""
        self.query_one(ScreenTabs).show(tabs, self.number)
        self.query_one(KeyFooter).show(hints, "paused" if self.console.paused else "")
        self._say_guide(guide)

    def _say_guide(self, guide: str) -> None:
        """Mounted when first needed: a widget costs a millisecond of the first screen."""
        if self._guide is None:
            if not guide:
                return
            self._guide = Answer(id="guide")
            self.mount(self._guide, before="#key-footer")
        self._guide.display = bool(guide)
        if guide:
            self._guide.say(guide, "accent")

    def say_note(self, words: str, tone: Tone = "plain") -> None:
        """Called by the app: words about what was just done; empty takes them away."""
        guide = self._guide.size.height if self._guide is not None and self._guide.display else 0
        note = self.query_one(NoteLine)
        note.styles.margin = (0, 0, 1 + guide, 0)
        note.say(words, tone)
